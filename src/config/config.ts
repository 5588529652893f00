// Environment variables → one validated configuration with units in its names, or every mistake at once.

import * as v from 'valibot';
import type { Profile } from '../cxone/profile/profile.ts';
import type { TlsFiles } from '../http/server/tls.ts';
import { appSharesOf } from './apps.ts';
import { callbackSettingsOf } from './callbacks.ts';
import { CHECKED_ENVIRONMENT } from './comparisons.ts';
import { cxoneOf, profileProblems, readProfile } from './cxone.ts';
import { databaseProblem } from './database.ts';
import { incidentWebhookOf } from './incident-webhook.ts';
import { notificationsOf } from './notifications.ts';
import { proxiesOf, withLowerCaseProxies } from './proxies.ts';
import { withSecretFiles } from './secret-files.ts';
import { tracingOf } from './tracing.ts';
import { ENVIRONMENT, type Environment, VARIABLES, type Variable } from './variables.ts';

export type Config = Readonly<ReturnType<typeof configOf>>;

/** The message lists every mistake by the name of its variable, one a line, and repeats no value but the path of a profile. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
    super([`The configuration has ${count}:`, ...problems].join('\n  '));
    this.problems = problems;
  }
}

type Given = Readonly<Record<string, string | undefined>>;

/** An empty or blank variable counts as unset. @throws {ConfigError} */
export function readConfig(env: Given): Config {
  const source = sourceOf(env, VARIABLES);
  const profile = readProfile(source.given);
  const others = [...profileProblems(source.given, profile), ...databaseProblem(source.given)];
  const values = validated(CHECKED_ENVIRONMENT, source, others);
  // An unusable profile is among the mistakes.
  return configOf(values, env, profile as Profile);
}

/** One variable alone, for commands that need no more of the configuration. @throws {ConfigError} */
export function readVariable<Name extends keyof Environment>(env: Given, name: Name): Environment[Name] {
  const wanted = VARIABLES.filter((variable) => variable.name === name);
  return (validated(v.pick(ENVIRONMENT, [name]), sourceOf(env, wanted)) as Environment)[name];
}

/** The database alone, for commands. `url` is null for the file at `path`. @throws {ConfigError} also if both are set. */
export function readDatabase(env: Given): { readonly path: string; readonly url: string | null } {
  const names = ['DATABASE_PATH', 'DATABASE_URL'] as const;
  const wanted = VARIABLES.filter(({ name }) => names.some((one) => one === name));
  const source = sourceOf(env, wanted);
  const values = validated(v.pick(ENVIRONMENT, names), source, databaseProblem(source.given));
  return { path: values.DATABASE_PATH, url: values.DATABASE_URL ?? null };
}

function sourceOf(env: Given, variables: readonly Variable[]) {
  return { variables, ...withSecretFiles(withLowerCaseProxies(env), variables) };
}

/** `others` are mistakes that the values alone do not show, by variable. @throws {ConfigError} */
function validated<S extends v.GenericSchema>(
  schema: S,
  { variables, given, unread }: ReturnType<typeof sourceOf>,
  others: Iterable<readonly [string, string]> = [],
): v.InferOutput<S> {
  const reading = v.safeParse(schema, given);
  const otherProblems = new Map(others);
  const problemsWith = (name: string) => {
    const invalid = problemsOf(name, reading.issues ?? []);
    const other = otherProblems.get(name);
    return invalid.length > 0 || other === undefined ? invalid : [`${name}: ${other}`];
  };
  // What its file did not give is not also missing.
  const problems = variables.flatMap(({ name }) => unread.get(name) ?? problemsWith(name));
  if (!reading.success || problems.length > 0) throw new ConfigError(problems);
  return reading.output;
}

function problemsOf(name: string, issues: readonly v.BaseIssue<unknown>[]): string[] {
  return issues.filter((issue) => v.getDotPath(issue) === name).map((issue) => `${name}: ${issue.message}`);
}

function configOf(env: Environment, given: Given, profile: Profile) {
  return {
    cxone: { ...cxoneOf(env, given), profile },
    /** Without a trailing slash. */
    publicUrl: env.PUBLIC_URL,
    /** The path that a proxy strips from every request; empty if it strips none. */
    basePath: env.BASE_PATH ?? '',
    host: env.HOST,
    /** 0: the system picks one. */
    port: env.PORT,
    /** Null: the webhook is served on the same port as everything else. */
    callbackPort: ownPort(env.CALLBACK_PORT, env.PORT),
    /** Null: it speaks plain HTTP, and TLS is a proxy's. */
    tls: tlsOf(env),
    /** The first signs, all verify. */
    callbackSecrets: env.CALLBACK_SECRET,
    /** What is said here of what a callback must show besides its signed URL; the profile may say more. */
    callbackSettings: callbackSettingsOf(env),
    callbackTrust: env.CALLBACK_TRUST,
    /** How many proxies in front of the receiver add to X-Forwarded-For. */
    trustedProxies: env.TRUSTED_PROXIES,
    /** Not used with `databaseUrl`. */
    databasePath: env.DATABASE_PATH,
    /** The PostgreSQL database; null: the SQLite file at `databasePath`. */
    databaseUrl: env.DATABASE_URL ?? null,
    /** Mode of every file with data of executions. */
    databaseMode: env.DATABASE_MODE,
    apps: env.APP_KEYS,
    /** Administrators among the operators. */
    operators: env.OPERATOR_KEYS ?? [],
    /** Operators who only look. */
    readers: env.READER_KEYS ?? [],
    /** Names of members whose values pages for operators do not show. */
    sensitiveFields: env.SENSITIVE_FIELDS ?? [],
    notifications: notificationsOf(env),
    /** Null: no webhook receives incidents. */
    incidentWebhook: incidentWebhookOf(env),
    proxies: proxiesOf(env),
    graceSeconds: env.GRACE_SECONDS,
    // A thousandth is the finest a timer can do; 0 would poll without a pause.
    pollIntervalMs: Math.max(1, Math.round(env.POLL_INTERVAL_SECONDS * 1000)),
    maxConcurrent: env.MAX_CONCURRENT,
    ratePerSecond: env.RATE_LIMIT_PER_SECOND,
    /** Longest pause that a response of CXone may cause. */
    maxPauseMs: env.MAX_PAUSE_SECONDS * 1000,
    /** Largest result or error that is kept, in bytes of its JSON text. */
    maxResultBytes: env.MAX_RESULT_BYTES,
    /** Most connections of clients to one listener. */
    maxConnections: env.MAX_CONNECTIONS,
    /** Most bytes of request bodies in memory at the same time. */
    maxBodiesBytes: env.MAX_BODIES_BYTES,
    /** Most JSON values in one submission. */
    maxBodyValues: env.MAX_BODY_VALUES,
    queueCapacity: env.QUEUE_CAPACITY,
    queueTimeoutMs: env.QUEUE_TIMEOUT_SECONDS * 1000,
    ...appSharesOf(env, env.QUEUE_CAPACITY),
    /** 0: everything is kept. */
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    /** 0: payloads are kept as long as their executions. */
    payloadRetentionDays: env.PAYLOAD_RETENTION_DAYS,
    /** Where what is pruned is written down before; null for nowhere. */
    retentionExportDir: env.RETENTION_EXPORT_DIR ?? null,
    logLevel: env.LOG_LEVEL,
    /** Null: nothing is traced. */
    tracing: tracingOf(env),
  };
}

function tlsOf({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile }: Environment): TlsFiles | null {
  return certFile === undefined || keyFile === undefined ? null : { certFile, keyFile };
}

/** Port 0 is never the same port: the system picks one for each. */
function ownPort(callbackPort: number | undefined, port: number): number | null {
  return callbackPort === undefined || (callbackPort === port && port !== 0) ? null : callbackPort;
}
