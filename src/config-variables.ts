// The environment variables: what each may hold, its default, and what to do when it is wrong.

import { isIP } from 'node:net';
import * as v from 'valibot';

/** A bearer key and whom it belongs to. Several keys may carry one name, so that they can be rotated. */
export interface Key {
  readonly name: string;
  readonly key: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const MIN_SECRET_LENGTH = 32;
const MIN_KEY_LENGTH = 16;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const KEY_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** Visible ASCII: anything else does not survive an Authorization header. The comma parts the list. */
const KEY_TEXT = /^[!-+\--~]+$/;

// Messages name no value: valibot's own would repeat what was received, and half of these are secrets.

const present = (hint: string) => v.string(`missing; ${hint}`);

const text = v.string();

const host = v.pipe(
  text,
  v.check((value) => isIP(value) !== 0 || HOST_NAME.test(value), 'is no host name or IP address'),
);

const domain = v.pipe(
  text,
  v.regex(HOST_NAME, 'must be a host name alone; for a scheme, a port or a path set CXONE_BASE_URL instead'),
  v.toLowerCase(),
);

const url = v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
  const parsed = /^https?:\/\//i.test(dataset.value) && !/[\s\\]/.test(dataset.value) ? URL.parse(dataset.value) : null;
  if (parsed === null) {
    addIssue({ message: 'must be an absolute URL that begins with http:// or https://' });
    return NEVER;
  }
  if (parsed.username !== '' || parsed.password !== '')
    addIssue({ message: 'must have no user name or password in it' });
  if (/[?#]/.test(dataset.value)) addIssue({ message: 'must have no query and no fragment' });
  return parsed.href;
});

const withoutTrailingSlash = v.transform((value: string) => value.replace(/\/+$/, ''));

const databasePath = v.pipe(
  text,
  v.check((value) => value !== ':memory:', 'must be the path of a file: what is in memory is lost with the process'),
);

function wholeNumber(least: number, most: number) {
  return v.pipe(
    text,
    inRange(/^\d{1,15}$/, (value) => value >= least && value <= most, `a whole number from ${least} to ${most}`),
  );
}

function positiveNumber(most: number) {
  const range = `a number above 0, at most ${most}; fractions are written with a point`;
  return v.pipe(
    text,
    inRange(/^\d{1,15}(\.\d{1,15})?$/, (value) => value > 0 && value <= most, range),
  );
}

function inRange(spelling: RegExp, fits: (value: number) => boolean, range: string) {
  return v.rawTransform<string, number>(({ dataset, addIssue, NEVER }) => {
    const value = Number(dataset.value);
    if (spelling.test(dataset.value) && fits(value)) return value;
    addIssue({ message: `must be ${range}` });
    return NEVER;
  });
}

const secrets = v.rawTransform<string, [string, ...string[]]>(({ dataset, addIssue, NEVER }) => {
  const [first, ...others] = items(dataset.value);
  for (const [index, secret] of [first, ...others].entries()) {
    if (secret.length < MIN_SECRET_LENGTH) {
      addIssue({
        message: `secret ${index + 1} has fewer than ${MIN_SECRET_LENGTH} characters; lengthen it (a comma parts two secrets)`,
      });
    }
  }
  return first.length < MIN_SECRET_LENGTH ? NEVER : [first, ...others];
});

const keys = v.rawTransform<string, Key[]>(({ dataset, addIssue }) => {
  const found: Key[] = [];
  for (const [index, item] of items(dataset.value).entries()) {
    const colon = item.indexOf(':');
    const [name, key] = [item.slice(0, Math.max(colon, 0)), item.slice(colon + 1)];
    const isTaken = found.some((earlier) => earlier.key === key);
    const problem = isTaken ? 'has the key of an earlier entry; give it one of its own' : keyProblem(colon, name, key);
    if (problem === null) found.push({ name, key });
    else addIssue({ message: `entry ${index + 1} ${problem}` });
  }
  return found;
});

function keyProblem(colon: number, name: string, key: string): string | null {
  if (colon < 0) return 'is not written name:key';
  if (!KEY_NAME.test(name))
    return 'needs a name of 1 to 64 letters, digits, dots, underscores or hyphens before the colon';
  if (key.length < MIN_KEY_LENGTH) return `has a key of fewer than ${MIN_KEY_LENGTH} characters; lengthen it`;
  if (!KEY_TEXT.test(key)) return 'has a key with a character that is no visible ASCII; replace it';
  return null;
}

function items(list: string): [string, ...string[]] {
  const [first = '', ...others] = list.split(',').map((item) => item.trim());
  return [first, ...others];
}

/** The default of an optional variable stands here as it would stand in the environment. */
const ENVIRONMENT = v.object({
  CXONE_ORG_DOMAIN: v.optional(domain),
  CXONE_BASE_URL: v.optional(v.pipe(text, url, withoutTrailingSlash)),
  CXONE_TOKEN_URL: v.optional(v.pipe(text, url)),
  CXONE_CLIENT_ID: present('set the client id of the OAuth 2.0 client credentials'),
  CXONE_CLIENT_SECRET: present('set the client secret of the OAuth 2.0 client credentials'),
  CXONE_PROFILE: v.optional(text),
  PUBLIC_URL: v.pipe(present('set the base URL at which CXone reaches this receiver'), url, withoutTrailingSlash),
  HOST: v.optional(host, '127.0.0.1'),
  PORT: v.optional(wholeNumber(0, 65_535), '8080'),
  CALLBACK_PORT: v.optional(wholeNumber(0, 65_535)),
  CALLBACK_SECRET: v.pipe(present(`set a random secret of ${MIN_SECRET_LENGTH} characters or more`), secrets),
  DATABASE_PATH: v.optional(databasePath, 'data/receiver.db'),
  APP_KEYS: v.pipe(present('set app:key for each app, parted by commas'), keys),
  OPERATOR_KEYS: v.optional(v.pipe(text, keys)),
  GRACE_SECONDS: v.optional(wholeNumber(0, 86_400), '10'),
  POLL_INTERVAL_SECONDS: v.optional(positiveNumber(3600), '2'),
  MAX_CONCURRENT: v.optional(wholeNumber(1, 1000), '10'),
  RATE_LIMIT_PER_SECOND: v.optional(wholeNumber(1, 10_000), '100'),
  QUEUE_CAPACITY: v.optional(wholeNumber(1, 10_000_000), '10000'),
  QUEUE_TIMEOUT_SECONDS: v.optional(wholeNumber(1, 86_400), '300'),
  AUDIT_RETENTION_DAYS: v.optional(wholeNumber(0, 36_500), '0'),
  LOG_LEVEL: v.optional(v.pipe(text, v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)), 'info'),
});

export type Environment = v.InferOutput<typeof ENVIRONMENT>;

// Each looks at two variables, and only when both are right by themselves.
export const CHECKED_ENVIRONMENT = v.pipe(
  ENVIRONMENT,
  v.forward(
    v.partialCheck(
      [['CXONE_ORG_DOMAIN'], ['CXONE_BASE_URL']],
      (found) => found.CXONE_ORG_DOMAIN !== undefined || found.CXONE_BASE_URL !== undefined,
      'missing; set the host of your tenant, or CXONE_BASE_URL for a proxy or a simulator',
    ),
    ['CXONE_ORG_DOMAIN'],
  ),
  v.forward(
    v.partialCheck(
      [['APP_KEYS'], ['OPERATOR_KEYS']],
      ({ APP_KEYS: apps, OPERATOR_KEYS: operators = [] }) =>
        !operators.some((one) => apps.some((app) => sharesWith(app, one))),
      'an operator has the name or the key of an app; give each a name and a key of its own',
    ),
    ['OPERATOR_KEYS'],
  ),
);

function sharesWith(one: Key, other: Key): boolean {
  return one.name === other.name || one.key === other.key;
}

export interface Variable {
  readonly name: string;
  /** Null: none, or it follows from other variables. */
  readonly fallback: string | null;
  /** Whether a configuration can do without it. CXONE_ORG_DOMAIN and CXONE_BASE_URL can replace each other. */
  readonly required: boolean;
}

/** Every variable that is read, in the order of the documentation. */
export const VARIABLES: readonly Variable[] = Object.entries(ENVIRONMENT.entries).map(([name, schema]) => ({
  name,
  fallback: schema.type === 'optional' ? (schema.default ?? null) : null,
  required: schema.type !== 'optional',
}));
