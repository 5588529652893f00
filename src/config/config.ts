// Environment variables → one validated configuration with units in its names, or every mistake at once.

import * as v from 'valibot';
import type { TlsFiles } from '../http/server/tls.ts';
import type { OtelOptions } from '../observability/tracing/otel.ts';
import type { CallbackTrust } from '../usecases/receive-callback.ts';
import { type AppShares, appSharesOf } from './apps.ts';
import { type CallbackSettings, callbackSettingsOf } from './callbacks.ts';
import { CHECKED_ENVIRONMENT } from './comparisons.ts';
import { type CxoneConfig, cxoneOf, missingFor } from './cxone.ts';
import { databaseProblem } from './database.ts';
import type { Key } from './fields.ts';
import { type IncidentWebhookConfig, incidentWebhookOf } from './incident-webhook.ts';
import { type NotificationConfig, notificationsOf } from './notifications.ts';
import { type ProxyConfig, proxiesOf, withLowerCaseProxies } from './proxies.ts';
import { withSecretFiles } from './secret-files.ts';
import { tracingOf } from './tracing.ts';
import { ENVIRONMENT, type Environment, type LogLevel, VARIABLES, type Variable } from './variables.ts';

export interface Config extends AppShares {
  readonly cxone: CxoneConfig & {
    /** Where exchanges are recorded; null for nowhere. */
    readonly recordDir: string | null;
  };
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** The path that a proxy strips from every request; empty if it strips none. */
  readonly basePath: string;
  readonly host: string;
  /** 0: the system picks one. */
  readonly port: number;
  /** Null: the webhook is served on the same port as everything else. */
  readonly callbackPort: number | null;
  /** Null: it speaks plain HTTP, and TLS is a proxy's. */
  readonly tls: TlsFiles | null;
  /** The first signs, all verify. */
  readonly callbackSecrets: readonly [string, ...string[]];
  /** What is said here of what a callback must show besides its signed URL; the profile may say more. */
  readonly callbackSettings: CallbackSettings;
  readonly callbackTrust: CallbackTrust;
  /** How many proxies in front of the receiver add to X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Not used with `databaseUrl`. */
  readonly databasePath: string;
  /** The PostgreSQL database; null: the SQLite file at `databasePath`. */
  readonly databaseUrl: string | null;
  /** Mode of every file with data of executions. */
  readonly databaseMode: number;
  readonly apps: readonly Key[];
  /** Administrators among the operators. */
  readonly operators: readonly Key[];
  /** Operators who only look. */
  readonly readers: readonly Key[];
  /** Names of members whose values pages for operators do not show. */
  readonly sensitiveFields: readonly string[];
  readonly notifications: NotificationConfig;
  /** Null: no webhook receives incidents. */
  readonly incidentWebhook: IncidentWebhookConfig | null;
  readonly proxies: ProxyConfig;
  readonly graceSeconds: number;
  readonly pollIntervalMs: number;
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
  /** Longest pause that a response of CXone may cause. */
  readonly maxPauseMs: number;
  /** Largest result or error that is kept, in bytes of its JSON text. */
  readonly maxResultBytes: number;
  /** Most connections of clients to one listener. */
  readonly maxConnections: number;
  /** Most bytes of request bodies in memory at the same time. */
  readonly maxBodiesBytes: number;
  /** Most JSON values in one submission. */
  readonly maxBodyValues: number;
  readonly queueCapacity: number;
  readonly queueTimeoutMs: number;
  /** 0: everything is kept. */
  readonly auditRetentionDays: number;
  /** 0: payloads are kept as long as their executions. */
  readonly payloadRetentionDays: number;
  /** Where what is pruned is written down before; null for nowhere. */
  readonly retentionExportDir: string | null;
  readonly logLevel: LogLevel;
  /** Null: nothing is traced. */
  readonly tracing: OtelOptions | null;
}

/** The message lists every mistake by the name of its variable, one a line, and repeats no value. */
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
  return configOf(read(CHECKED_ENVIRONMENT, env, VARIABLES, problemsBesides), env);
}

/** One variable alone, for commands that need no more of the configuration. @throws {ConfigError} */
export function readVariable<Name extends keyof Environment>(env: Given, name: Name): Environment[Name] {
  const wanted = VARIABLES.filter((variable) => variable.name === name);
  return (read(v.pick(ENVIRONMENT, [name]), env, wanted) as Environment)[name];
}

/** The database alone, for commands. `url` is null for the file at `path`. @throws {ConfigError} also if both are set. */
export function readDatabase(env: Given): { readonly path: string; readonly url: string | null } {
  const names = ['DATABASE_PATH', 'DATABASE_URL'] as const;
  const wanted = VARIABLES.filter(({ name }) => names.some((one) => one === name));
  const problems = (given: Given) => new Map(databaseProblem(given));
  const { DATABASE_PATH: path, DATABASE_URL: url = null } = read(v.pick(ENVIRONMENT, names), env, wanted, problems);
  return { path, url };
}

/** Returns the mistakes that the values alone do not show, by variable. */
function problemsBesides(given: Given): ReadonlyMap<string, string> {
  return new Map([...missingFor(given), ...databaseProblem(given)]);
}

function read<S extends v.GenericSchema>(
  schema: S,
  env: Given,
  variables: readonly Variable[],
  besides: (given: Given) => ReadonlyMap<string, string> = () => new Map(),
): v.InferOutput<S> {
  const { given, unread } = withSecretFiles(withLowerCaseProxies(env), variables);
  const reading = v.safeParse(schema, given);
  const others = besides(given);
  const problemsWith = (name: string) => {
    const invalid = problemsOf(name, reading.issues ?? []);
    const other = others.get(name);
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

function configOf(env: Environment, given: Given): Config {
  return {
    cxone: {
      ...cxoneOf(env, given),
      recordDir: env.CXONE_RECORD_DIR ?? null,
    },
    publicUrl: env.PUBLIC_URL,
    basePath: env.BASE_PATH ?? '',
    host: env.HOST,
    port: env.PORT,
    callbackPort: ownPort(env.CALLBACK_PORT, env.PORT),
    tls: tlsOf(env),
    callbackSecrets: env.CALLBACK_SECRET,
    callbackSettings: callbackSettingsOf(env),
    callbackTrust: env.CALLBACK_TRUST,
    trustedProxies: env.TRUSTED_PROXIES,
    databasePath: env.DATABASE_PATH,
    databaseUrl: env.DATABASE_URL ?? null,
    databaseMode: env.DATABASE_MODE,
    apps: env.APP_KEYS,
    operators: env.OPERATOR_KEYS ?? [],
    readers: env.READER_KEYS ?? [],
    sensitiveFields: env.SENSITIVE_FIELDS ?? [],
    notifications: notificationsOf(env),
    incidentWebhook: incidentWebhookOf(env),
    proxies: proxiesOf(env),
    graceSeconds: env.GRACE_SECONDS,
    // A thousandth is the finest a timer can do; 0 would poll without a pause.
    pollIntervalMs: Math.max(1, Math.round(env.POLL_INTERVAL_SECONDS * 1000)),
    maxConcurrent: env.MAX_CONCURRENT,
    ratePerSecond: env.RATE_LIMIT_PER_SECOND,
    maxPauseMs: env.MAX_PAUSE_SECONDS * 1000,
    maxResultBytes: env.MAX_RESULT_BYTES,
    maxConnections: env.MAX_CONNECTIONS,
    maxBodiesBytes: env.MAX_BODIES_BYTES,
    maxBodyValues: env.MAX_BODY_VALUES,
    queueCapacity: env.QUEUE_CAPACITY,
    queueTimeoutMs: env.QUEUE_TIMEOUT_SECONDS * 1000,
    ...appSharesOf(env, env.QUEUE_CAPACITY),
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    payloadRetentionDays: env.PAYLOAD_RETENTION_DAYS,
    retentionExportDir: env.RETENTION_EXPORT_DIR ?? null,
    logLevel: env.LOG_LEVEL,
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
