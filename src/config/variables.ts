// The schema of the environment variables: values, defaults and messages.

import * as v from 'valibot';
import { APP_VARIABLES } from './apps.ts';
import { CALLBACK_VARIABLES } from './callbacks.ts';
import { CXONE_VARIABLES } from './cxone.ts';
import { DATABASE_VARIABLES } from './database.ts';
import {
  basePath,
  host,
  keys,
  MIN_KEY_LENGTH,
  MIN_OPERATOR_KEY_LENGTH,
  MIN_SECRET_LENGTH,
  names,
  positiveNumber,
  present,
  secret,
  secrets,
  sharesWith,
  text,
  url,
  wholeNumber,
  withoutTrailingSlash,
} from './fields.ts';
import { INCIDENT_WEBHOOK_VARIABLES } from './incident-webhook.ts';
import { appProblem, NOTIFICATION_VARIABLES, urlProblem } from './notifications.ts';
import { PROXY_VARIABLES, sharedProxyProblem } from './proxies.ts';
import { TRACING_VARIABLES } from './tracing.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Defaults are written as in the environment. */
export const ENVIRONMENT = v.object({
  ...CXONE_VARIABLES,
  CXONE_RECORD_DIR: v.optional(text),
  PUBLIC_URL: v.pipe(present('set the base URL at which CXone reaches this receiver'), url, withoutTrailingSlash),
  BASE_PATH: v.optional(basePath),
  HOST: v.optional(host, '127.0.0.1'),
  PORT: v.optional(wholeNumber(0, 65_535), '8080'),
  CALLBACK_PORT: v.optional(wholeNumber(0, 65_535)),
  TLS_CERT_FILE: v.optional(text),
  TLS_KEY_FILE: v.optional(text),
  CALLBACK_SECRET: secret(v.pipe(present(`set a random secret of ${MIN_SECRET_LENGTH} characters or more`), secrets)),
  ...CALLBACK_VARIABLES,
  ...DATABASE_VARIABLES,
  APP_KEYS: secret(v.pipe(present('set app:key for each app, separated by commas'), keys(MIN_KEY_LENGTH))),
  OPERATOR_KEYS: v.optional(secret(v.pipe(text, keys(MIN_OPERATOR_KEY_LENGTH)))),
  READER_KEYS: v.optional(secret(v.pipe(text, keys(MIN_OPERATOR_KEY_LENGTH)))),
  SENSITIVE_FIELDS: v.optional(v.pipe(text, names)),
  ...NOTIFICATION_VARIABLES,
  ...INCIDENT_WEBHOOK_VARIABLES,
  ...PROXY_VARIABLES,
  GRACE_SECONDS: v.optional(wholeNumber(0, 86_400), '10'),
  POLL_INTERVAL_SECONDS: v.optional(positiveNumber(3600), '2'),
  MAX_CONCURRENT: v.optional(wholeNumber(1, 1000), '10'),
  RATE_LIMIT_PER_SECOND: v.optional(wholeNumber(1, 10_000), '100'),
  MAX_PAUSE_SECONDS: v.optional(wholeNumber(1, 86_400), '300'),
  MAX_RESULT_BYTES: v.optional(wholeNumber(1024, 67_108_864), '10485760'),
  MAX_CONNECTIONS: v.optional(wholeNumber(10, 100_000), '10000'),
  MAX_BODIES_BYTES: v.optional(wholeNumber(10_485_760, 1_073_741_824), '67108864'),
  MAX_BODY_VALUES: v.optional(wholeNumber(1000, 1_000_000), '50000'),
  QUEUE_CAPACITY: v.optional(wholeNumber(1, 10_000_000), '10000'),
  QUEUE_TIMEOUT_SECONDS: v.optional(wholeNumber(1, 86_400), '300'),
  ...APP_VARIABLES,
  AUDIT_RETENTION_DAYS: v.optional(wholeNumber(0, 36_500), '0'),
  PAYLOAD_RETENTION_DAYS: v.optional(wholeNumber(0, 36_500), '0'),
  RETENTION_EXPORT_DIR: v.optional(text),
  LOG_LEVEL: v.optional(v.pipe(text, v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)), 'info'),
  ...TRACING_VARIABLES,
});

export type Environment = v.InferOutput<typeof ENVIRONMENT>;

// Each check compares variables, and runs only if each of them is valid by itself.
const CHECKED_CALLERS = v.pipe(
  ENVIRONMENT,
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['OPERATOR_KEYS']],
      ({ APP_KEYS: apps, OPERATOR_KEYS: operators = [] }) =>
        !operators.some((one) => apps.some((app) => sharesWith(app, one))),
      'an operator has the name or the key of an app; give each a name and a key of its own',
    ),
    ['OPERATOR_KEYS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['OPERATOR_KEYS'], ['READER_KEYS']],
      ({ APP_KEYS: apps, OPERATOR_KEYS: operators = [], READER_KEYS: readers = [] }) =>
        !readers.some((one) => [...apps, ...operators].some((other) => sharesWith(other, one))),
      'a reader has the name or the key of an app or an operator; give each a name and a key of its own',
    ),
    ['READER_KEYS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['NOTIFY_URLS']],
      (found) => appProblem(found.NOTIFY_URLS, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.NOTIFY_URLS, input.APP_KEYS) ?? '',
    ),
    ['NOTIFY_URLS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['NOTIFY_ALLOWED_HOSTS']],
      (found) => appProblem(found.NOTIFY_ALLOWED_HOSTS, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.NOTIFY_ALLOWED_HOSTS, input.APP_KEYS) ?? '',
    ),
    ['NOTIFY_ALLOWED_HOSTS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['NOTIFY_SECRETS']],
      (found) => appProblem(found.NOTIFY_SECRETS, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.NOTIFY_SECRETS, input.APP_KEYS) ?? '',
    ),
    ['NOTIFY_SECRETS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['NOTIFY_LINK_ABOVE_BYTES']],
      (found) => appProblem(found.NOTIFY_LINK_ABOVE_BYTES, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.NOTIFY_LINK_ABOVE_BYTES, input.APP_KEYS) ?? '',
    ),
    ['NOTIFY_LINK_ABOVE_BYTES'],
  ),
  v.forward(
    v.partialCheck(
      [['PORT'], ['CALLBACK_PORT'], ['NOTIFY_LINK_ABOVE_BYTES'], ['NOTIFY_LINK_URL']],
      ({ PORT: port, CALLBACK_PORT: callbacks = port, NOTIFY_LINK_ABOVE_BYTES: sizes, NOTIFY_LINK_URL: base }) =>
        sizes === undefined || base !== undefined || callbacks === port,
      'needs NOTIFY_LINK_URL: with CALLBACK_PORT, PUBLIC_URL serves callbacks, and apps reach the receiver elsewhere',
    ),
    ['NOTIFY_LINK_ABOVE_BYTES'],
  ),
  v.forward(
    v.partialCheck(
      [['NOTIFY_LINK_ABOVE_BYTES'], ['NOTIFY_LINK_URL']],
      (found) => found.NOTIFY_LINK_URL === undefined || found.NOTIFY_LINK_ABOVE_BYTES !== undefined,
      'has no effect without NOTIFY_LINK_ABOVE_BYTES',
    ),
    ['NOTIFY_LINK_URL'],
  ),
  v.forward(
    v.partialCheck(
      [['NOTIFY_URLS'], ['NOTIFY_ALLOWED_HOSTS']],
      (found) => urlProblem(found.NOTIFY_URLS, found.NOTIFY_ALLOWED_HOSTS) === null,
      ({ input }) => urlProblem(input.NOTIFY_URLS, input.NOTIFY_ALLOWED_HOSTS) ?? '',
    ),
    ['NOTIFY_URLS'],
  ),
  v.forward(
    v.partialCheck(
      [['INCIDENT_WEBHOOK_URL'], ['INCIDENT_WEBHOOK_SECRET']],
      (found) => !found.INCIDENT_WEBHOOK_URL === !found.INCIDENT_WEBHOOK_SECRET,
      'goes with INCIDENT_WEBHOOK_SECRET; set both or neither',
    ),
    ['INCIDENT_WEBHOOK_URL'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['APP_WEIGHTS']],
      (found) => appProblem(found.APP_WEIGHTS, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.APP_WEIGHTS, input.APP_KEYS) ?? '',
    ),
    ['APP_WEIGHTS'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['APP_RATES']],
      (found) => appProblem(found.APP_RATES, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.APP_RATES, input.APP_KEYS) ?? '',
    ),
    ['APP_RATES'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['APP_QUEUE_SHARES']],
      (found) => appProblem(found.APP_QUEUE_SHARES, found.APP_KEYS) === null,
      ({ input }) => appProblem(input.APP_QUEUE_SHARES, input.APP_KEYS) ?? '',
    ),
    ['APP_QUEUE_SHARES'],
  ),
);

// Valibot's types allow 19 checks in one pipe.
export const CHECKED_ENVIRONMENT = v.pipe(
  CHECKED_CALLERS,
  v.forward(
    v.partialCheck(
      [['AUDIT_RETENTION_DAYS'], ['PAYLOAD_RETENTION_DAYS']],
      ({ AUDIT_RETENTION_DAYS: all, PAYLOAD_RETENTION_DAYS: payloads }) => all === 0 || payloads < all,
      'must be less than AUDIT_RETENTION_DAYS, which prunes payloads with all the rest; or 0',
    ),
    ['PAYLOAD_RETENTION_DAYS'],
  ),
  v.forward(
    v.partialCheck(
      [['AUDIT_RETENTION_DAYS'], ['PAYLOAD_RETENTION_DAYS'], ['RETENTION_EXPORT_DIR']],
      (found) =>
        found.RETENTION_EXPORT_DIR === undefined || found.AUDIT_RETENTION_DAYS + found.PAYLOAD_RETENTION_DAYS > 0,
      'has no effect without AUDIT_RETENTION_DAYS or PAYLOAD_RETENTION_DAYS: nothing is pruned',
    ),
    ['RETENTION_EXPORT_DIR'],
  ),
  v.forward(
    v.partialCheck(
      [['CXONE_PROXY'], ['HTTPS_PROXY']],
      (found) => sharedProxyProblem('HTTPS_PROXY', found.HTTPS_PROXY, found.CXONE_PROXY) === null,
      ({ input }) => sharedProxyProblem('HTTPS_PROXY', input.HTTPS_PROXY, input.CXONE_PROXY) ?? '',
    ),
    ['HTTPS_PROXY'],
  ),
  v.forward(
    v.partialCheck(
      [['CXONE_PROXY'], ['HTTP_PROXY']],
      (found) => sharedProxyProblem('HTTP_PROXY', found.HTTP_PROXY, found.CXONE_PROXY) === null,
      ({ input }) => sharedProxyProblem('HTTP_PROXY', input.HTTP_PROXY, input.CXONE_PROXY) ?? '',
    ),
    ['HTTP_PROXY'],
  ),
  // A header without its secret would check nothing, without a warning.
  v.forward(
    v.partialCheck(
      [['CALLBACK_HEADER_NAME'], ['CALLBACK_HEADER_VALUE'], ['CXONE_PROFILE']],
      ({ CALLBACK_HEADER_NAME: name, CALLBACK_HEADER_VALUE: value, CXONE_PROFILE: profile }) =>
        isWhole(name, value, profile),
      'goes with CALLBACK_HEADER_VALUE; set both or neither',
    ),
    ['CALLBACK_HEADER_NAME'],
  ),
  v.forward(
    v.partialCheck(
      [['CALLBACK_HMAC_SECRET'], ['CALLBACK_HMAC_HEADER'], ['CXONE_PROFILE']],
      ({ CALLBACK_HMAC_SECRET: secret, CALLBACK_HMAC_HEADER: header, CXONE_PROFILE: profile }) =>
        isWhole(header, secret, profile),
      'goes with CALLBACK_HMAC_HEADER; set both or neither',
    ),
    ['CALLBACK_HMAC_SECRET'],
  ),
  v.forward(
    v.partialCheck(
      [['CALLBACK_HMAC_HEADER'], ['CALLBACK_HMAC_PREFIX']],
      (found) => found.CALLBACK_HMAC_HEADER !== undefined || found.CALLBACK_HMAC_PREFIX === undefined,
      'has no effect without CALLBACK_HMAC_HEADER',
    ),
    ['CALLBACK_HMAC_PREFIX'],
  ),
  v.forward(
    v.partialCheck(
      [['CALLBACK_HMAC_HEADER'], ['CALLBACK_HMAC_TIMESTAMP_HEADER']],
      (found) => found.CALLBACK_HMAC_HEADER !== undefined || found.CALLBACK_HMAC_TIMESTAMP_HEADER === undefined,
      'has no effect without CALLBACK_HMAC_HEADER',
    ),
    ['CALLBACK_HMAC_TIMESTAMP_HEADER'],
  ),
  v.forward(
    v.partialCheck(
      [['TLS_CERT_FILE'], ['TLS_KEY_FILE']],
      ({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }) => (cert === undefined) === (key === undefined),
      'goes with TLS_KEY_FILE; set both or neither',
    ),
    ['TLS_CERT_FILE'],
  ),
  v.forward(
    v.partialCheck(
      [['PUBLIC_URL'], ['TLS_CERT_FILE']],
      (found) => found.TLS_CERT_FILE === undefined || found.PUBLIC_URL.startsWith('https://'),
      'must begin with https://: with TLS_CERT_FILE this receiver accepts only TLS',
    ),
    ['PUBLIC_URL'],
  ),
);

/** A header requires its secret, and a secret its header, unless a profile of its own may name it. That is checked later. */
function isWhole(header: unknown, secret: unknown, profile: unknown): boolean {
  return secret === undefined ? header === undefined : header !== undefined || profile !== undefined;
}

export interface Variable {
  readonly name: string;
  /** Null: none, or derived from other variables. */
  readonly fallback: string | null;
  /** Whether every configuration needs it. The upstream profile may require more variables of CXone. */
  readonly required: boolean;
  /** Whether its value must not appear in logs. A secret may come from a file. */
  readonly secret: boolean;
}

/** All variables that are read. */
export const VARIABLES: readonly Variable[] = Object.entries(ENVIRONMENT.entries).map(([name, schema]) => ({
  name,
  fallback: schema.type === 'optional' ? (schema.default ?? null) : null,
  required: schema.type !== 'optional',
  secret: 'secret' in v.getMetadata(schema.type === 'optional' ? schema.wrapped : schema),
}));
