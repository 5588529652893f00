// Lists the secrets of a configuration, which must not appear in logs, and states which of them are weak.

import { withCommandName } from '../lib/command-name.ts';
import { secretsInDatabaseUrl } from '../lib/database-url.ts';
import type { Config } from './config.ts';
import { guessingBits } from './guessability.ts';

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

/** Guesses against a signature need no receiver, so they are as fast as the attacker's computers. */
const MIN_SIGNING_BITS = 80;
/** Guesses against a key are requests. */
const MIN_KEY_BITS = 45;
/** Wrong keys make operators at the same address wait, so that few guesses are possible. */
const MIN_OPERATOR_BITS = 35;

interface Chosen {
  readonly variable: string;
  /** The owner of the secret; null if the variable has one secret. */
  readonly owner: string | null;
  readonly secret: string;
  readonly minBits: number;
}

/** What to do about a weak secret. */
export const STRONGER_SECRETS = withCommandName(
  'npm run keys -- new makes strong ones; list the old one behind the new one until nothing uses it',
);

/** Returns one warning for each variable with weak secrets, with its owners and without its values. */
export function weakSecretsIn(config: Config): string[] {
  const weak = chosenSecrets(config).filter(
    ({ secret, owner, minBits }) => guessingBits(secret, owner === null ? [] : [owner]) < minBits,
  );
  return [...Map.groupBy(weak, ({ variable }) => variable)].map(([variable, found]) => {
    const owners = [...new Set(found.flatMap(({ owner }) => owner ?? []))];
    const whose = owners.length === 0 ? '' : `, of ${owners.join(', ')}`;
    return `${variable} has a secret that is easy to guess${whose}`;
  });
}

function chosenSecrets(config: Config): Chosen[] {
  const { callbackSecrets, callbackSettings, apps, operators, readers, notifications } = config;
  const { header, hmac, credentials, clients } = callbackSettings;
  const unowned = (variable: string, minBits: number, secrets: readonly string[]): Chosen[] =>
    secrets.map((secret) => ({ variable, owner: null, secret, minBits }));
  const owned = (variable: string, minBits: number, keys: Config['apps']): Chosen[] =>
    keys.map(({ name, key }) => ({ variable, owner: name, secret: key, minBits }));
  const withScheme = (scheme: 'basic' | 'bearer') =>
    credentials.filter((one) => one.scheme === scheme).map(({ secret }) => secret);
  const pairs = withScheme('basic').map((pair) => {
    const colon = pair.indexOf(':');
    return { name: pair.slice(0, colon), key: pair.slice(colon + 1) };
  });
  return [
    ...unowned('CALLBACK_SECRET', MIN_SIGNING_BITS, callbackSecrets),
    ...unowned('CALLBACK_HMAC_SECRET', MIN_SIGNING_BITS, hmac.secrets),
    ...unowned('CALLBACK_HEADER_VALUE', MIN_KEY_BITS, header.values),
    ...owned('CALLBACK_BASIC_AUTH', MIN_KEY_BITS, pairs),
    ...unowned('CALLBACK_BEARER_TOKEN', MIN_KEY_BITS, withScheme('bearer')),
    ...owned('CALLBACK_CLIENTS', MIN_KEY_BITS, clients),
    ...owned('APP_KEYS', MIN_KEY_BITS, apps),
    ...owned('OPERATOR_KEYS', MIN_OPERATOR_BITS, operators),
    ...owned('READER_KEYS', MIN_OPERATOR_BITS, readers),
    ...notifications.secrets.map(({ app, secret }) => ({
      variable: 'NOTIFY_SECRETS',
      owner: app,
      secret: secret.replace(/^whsec_/, ''),
      minBits: MIN_SIGNING_BITS,
    })),
  ];
}
