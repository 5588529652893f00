// Everything in the configuration that nobody may read in a log.

import type { Config } from './config.ts';

export function secretsIn(config: Config): string[] {
  const { cxone, callbackSecrets, callbackRules, apps, operators, readers, notifications, tracing } = config;
  return [
    cxone.clientSecret,
    ...callbackSecrets,
    ...[...apps, ...operators, ...readers].map(({ key }) => key),
    ...(callbackRules.header?.values ?? []),
    ...callbackRules.credentials.map(({ secret }) => secret),
    ...(callbackRules.bodySignature?.secrets ?? []),
    ...notifications.secrets.map(({ secret }) => secret),
    ...Object.values(tracing?.headers ?? {}),
  ];
}
