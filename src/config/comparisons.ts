// What the values of several variables must have in common.

import * as v from 'valibot';
import type { Key } from './fields.ts';
import { appProblem, urlProblem } from './notifications.ts';
import { sharedProxyProblem } from './proxies.ts';
import { ENVIRONMENT, type Environment } from './variables.ts';

type Name = keyof Environment;

interface Comparison {
  /** The variable that a message is about. */
  readonly about: Name;
  readonly names: readonly Name[];
  /** Returns the mistake; null without one. Only the variables in `names` are valid. */
  readonly problem: (found: Environment) => string | null;
}

/** A mistake in the first variable, compared with the others. */
function comparison<const N extends Name>(
  [about, ...others]: readonly [N, ...N[]],
  problem: (found: Pick<Environment, N>) => string | null,
): Comparison {
  return { about, names: [about, ...others], problem };
}

/** A mistake in the first variable if the values do not fit. */
function rule<const N extends Name>(
  names: readonly [N, ...N[]],
  message: string,
  fits: (found: Pick<Environment, N>) => boolean,
): Comparison {
  return comparison(names, (found) => (fits(found) ? null : message));
}

const LISTS_BY_APP = [
  ...(['NOTIFY_URLS', 'NOTIFY_ALLOWED_HOSTS', 'NOTIFY_SECRETS', 'NOTIFY_LINK_ABOVE_BYTES'] as const),
  ...(['APP_WEIGHTS', 'APP_RATES', 'APP_QUEUE_SHARES'] as const),
];

const COMPARISONS: readonly Comparison[] = [
  rule(
    ['OPERATOR_KEYS', 'APP_KEYS'],
    'an operator has the name or the key of an app; give each a name and a key of its own',
    ({ APP_KEYS: apps, OPERATOR_KEYS: operators = [] }) =>
      !operators.some((one) => apps.some((app) => sharesWith(app, one))),
  ),
  rule(
    ['READER_KEYS', 'APP_KEYS', 'OPERATOR_KEYS'],
    'a reader has the name or the key of an app or an operator; give each a name and a key of its own',
    ({ APP_KEYS: apps, OPERATOR_KEYS: operators = [], READER_KEYS: readers = [] }) =>
      !readers.some((one) => [...apps, ...operators].some((other) => sharesWith(other, one))),
  ),
  ...LISTS_BY_APP.map((name) => comparison([name, 'APP_KEYS'], (found) => appProblem(found[name], found.APP_KEYS))),
  rule(
    ['NOTIFY_LINK_ABOVE_BYTES', 'PORT', 'CALLBACK_PORT', 'NOTIFY_LINK_URL'],
    'needs NOTIFY_LINK_URL: with CALLBACK_PORT, PUBLIC_URL serves callbacks, and apps reach the receiver elsewhere',
    ({ PORT: port, CALLBACK_PORT: callbacks = port, NOTIFY_LINK_ABOVE_BYTES: sizes, NOTIFY_LINK_URL: base }) =>
      sizes === undefined || base !== undefined || callbacks === port,
  ),
  rule(
    ['NOTIFY_LINK_URL', 'NOTIFY_LINK_ABOVE_BYTES'],
    'has no effect without NOTIFY_LINK_ABOVE_BYTES',
    (found) => found.NOTIFY_LINK_URL === undefined || found.NOTIFY_LINK_ABOVE_BYTES !== undefined,
  ),
  comparison(['NOTIFY_URLS', 'NOTIFY_ALLOWED_HOSTS'], (found) =>
    urlProblem(found.NOTIFY_URLS, found.NOTIFY_ALLOWED_HOSTS),
  ),
  together('INCIDENT_WEBHOOK_URL', 'INCIDENT_WEBHOOK_SECRET'),
  rule(
    ['PAYLOAD_RETENTION_DAYS', 'AUDIT_RETENTION_DAYS'],
    'must be less than AUDIT_RETENTION_DAYS, which prunes payloads with all the rest; or 0',
    ({ AUDIT_RETENTION_DAYS: all, PAYLOAD_RETENTION_DAYS: payloads }) => all === 0 || payloads < all,
  ),
  rule(
    ['RETENTION_EXPORT_DIR', 'AUDIT_RETENTION_DAYS', 'PAYLOAD_RETENTION_DAYS'],
    'has no effect without AUDIT_RETENTION_DAYS or PAYLOAD_RETENTION_DAYS: nothing is pruned',
    (found) =>
      found.RETENTION_EXPORT_DIR === undefined || found.AUDIT_RETENTION_DAYS + found.PAYLOAD_RETENTION_DAYS > 0,
  ),
  ...(['HTTPS_PROXY', 'HTTP_PROXY'] as const).map((name) =>
    comparison([name, 'CXONE_PROXY'], (found) => sharedProxyProblem(name, found[name], found.CXONE_PROXY)),
  ),
  // A header without its secret would check nothing, without a warning.
  rule(
    ['CALLBACK_HEADER_NAME', 'CALLBACK_HEADER_VALUE'],
    'goes with CALLBACK_HEADER_VALUE; set both or neither',
    ({ CALLBACK_HEADER_NAME: name, CALLBACK_HEADER_VALUE: value }) => name === undefined || value !== undefined,
  ),
  rule(
    ['CALLBACK_HMAC_SECRET', 'CALLBACK_HMAC_HEADER'],
    'goes with CALLBACK_HMAC_HEADER; set both or neither',
    ({ CALLBACK_HMAC_SECRET: secret, CALLBACK_HMAC_HEADER: header }) => header === undefined || secret !== undefined,
  ),
  ...(['CALLBACK_HMAC_PREFIX', 'CALLBACK_HMAC_TIMESTAMP_HEADER'] as const).map((name) =>
    rule(
      [name, 'CALLBACK_HMAC_HEADER'],
      'has no effect without CALLBACK_HMAC_HEADER',
      (found) => found.CALLBACK_HMAC_HEADER !== undefined || found[name] === undefined,
    ),
  ),
  together('TLS_CERT_FILE', 'TLS_KEY_FILE'),
  rule(
    ['PUBLIC_URL', 'TLS_CERT_FILE'],
    'must begin with https://: with TLS_CERT_FILE this receiver accepts only TLS',
    (found) => found.TLS_CERT_FILE === undefined || found.PUBLIC_URL.startsWith('https://'),
  ),
];

/** Variables that are set both or neither. */
function together(one: Name, other: Name): Comparison {
  return rule([one, other], `goes with ${other}; set both or neither`, (found) => !found[one] === !found[other]);
}

/** Returns whether two keys have the same name or the same text. */
function sharesWith(one: Key, other: Key): boolean {
  return one.name === other.name || one.key === other.key;
}

/** The environment; a comparison runs only if each of its variables is valid by itself. */
export const CHECKED_ENVIRONMENT = v.pipe(
  ENVIRONMENT,
  v.rawCheck(({ dataset, addIssue }) => {
    const found = dataset.value as Environment;
    const invalid = new Set(dataset.issues?.map((issue) => v.getDotPath(issue)));
    for (const { about, names, problem } of COMPARISONS) {
      const message = names.some((name) => invalid.has(name)) ? null : problem(found);
      const path = { type: 'object', origin: 'value', input: { ...found }, key: about, value: found[about] } as const;
      if (message !== null) addIssue({ message, path: [path] });
    }
  }),
);
