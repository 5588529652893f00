// Lists the secrets of a configuration, which must not appear in logs.

import { secretsInDatabaseUrl } from '../lib/database-url.ts';
import type { Config } from './config.ts';

export function secretsIn(config: Config): string[] {
  const { cxone, callbackSecrets, callbackSettings, apps, operators, readers, notifications, proxies, tracing } =
    config;
  const { url, secrets = [] } = config.incidentWebhook ?? {};
  return [
    ...[cxone.clientSecret, cxone.accessKeySecret, cxone.token, cxone.privateKey ?? null].filter(
      (secret) => secret !== null,
    ),
    ...cxone.headerSecrets.map(({ key }) => key),
    ...callbackSecrets,
    ...(config.databaseUrl === null ? [] : secretsInDatabaseUrl(config.databaseUrl)),
    ...[...apps, ...operators, ...readers, ...callbackSettings.clients].map(({ key }) => key),
    ...callbackSettings.header.values,
    ...callbackSettings.credentials.map(({ secret }) => secret),
    ...callbackSettings.hmac.secrets,
    ...notifications.secrets.map(({ secret }) => secret),
    ...(url === undefined ? [] : [url]),
    ...secrets,
    ...[proxies.cxone, proxies.notifications].flatMap(({ https, http }) => [
      ...(https?.secrets ?? []),
      ...(http?.secrets ?? []),
    ]),
    ...Object.values(tracing?.headers ?? {}),
  ];
}
