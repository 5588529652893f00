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
  text,
  url,
  wholeNumber,
  withoutTrailingSlash,
} from './fields.ts';
import { INCIDENT_WEBHOOK_VARIABLES } from './incident-webhook.ts';
import { NOTIFICATION_VARIABLES } from './notifications.ts';
import { PROXY_VARIABLES } from './proxies.ts';
import { TRACING_VARIABLES } from './tracing.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Defaults are written as in the environment. */
export const ENVIRONMENT = v.object({
  ...CXONE_VARIABLES,
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
