// Environment variables → one validated configuration with units in its names, or every mistake at once.

import * as v from 'valibot';
import type { CallbackRules } from '../http/checks/callback-checks.ts';
import type { CallbackTrust } from '../resolve.ts';
import type { OtelOptions } from '../tracing/otel.ts';
import { type AppShares, appSharesOf } from './apps.ts';
import { callbackRulesOf } from './callbacks.ts';
import type { Key } from './fields.ts';
import { type NotificationConfig, notificationsOf } from './notifications.ts';
import { tracingOf } from './tracing.ts';
import { CHECKED_ENVIRONMENT, ENVIRONMENT, type Environment, type LogLevel, VARIABLES } from './variables.ts';

export interface Config extends AppShares {
  readonly cxone: {
    /** Without a trailing slash. */
    readonly baseUrl: string;
    /** Null: where the upstream profile says, below the base URL. */
    readonly tokenUrl: string | null;
    readonly clientId: string;
    readonly clientSecret: string;
    /** Null: the built-in profile. */
    readonly profilePath: string | null;
  };
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly host: string;
  /** 0: the system picks one. */
  readonly port: number;
  /** Null: the webhook is served on the same port as everything else. */
  readonly callbackPort: number | null;
  /** The first signs, all verify. */
  readonly callbackSecrets: readonly [string, ...string[]];
  /** What a callback must show besides its signed URL. */
  readonly callbackRules: CallbackRules;
  readonly callbackTrust: CallbackTrust;
  /** How many proxies in front of the receiver add to X-Forwarded-For. */
  readonly trustedProxies: number;
  readonly databasePath: string;
  readonly apps: readonly Key[];
  /** Administrators among the operators. */
  readonly operators: readonly Key[];
  /** Operators who only look. */
  readonly readers: readonly Key[];
  /** Names of members whose values pages for operators do not show. */
  readonly sensitiveFields: readonly string[];
  readonly notifications: NotificationConfig;
  readonly graceSeconds: number;
  readonly pollIntervalMs: number;
  readonly maxConcurrent: number;
  readonly ratePerSecond: number;
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

/** An empty or blank variable counts as unset. @throws {ConfigError} */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const reading = v.safeParse(CHECKED_ENVIRONMENT, givenIn(env));
  if (!reading.success) throw new ConfigError(problemsIn(reading.issues));
  return configOf(reading.output);
}

/** One variable alone, for commands that need no more of the configuration. @throws {ConfigError} */
export function readVariable<Name extends keyof Environment>(
  env: Readonly<Record<string, string | undefined>>,
  name: Name,
): Environment[Name] {
  const reading = v.safeParse(v.pick(ENVIRONMENT, [name]), givenIn(env));
  if (!reading.success) throw new ConfigError(problemsIn(reading.issues));
  return (reading.output as Environment)[name];
}

function givenIn(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(VARIABLES.map(({ name }) => [name, env[name]?.trim() || undefined]));
}

function problemsIn(issues: readonly v.BaseIssue<unknown>[]): string[] {
  return VARIABLES.flatMap(({ name }) =>
    issues.filter((issue) => v.getDotPath(issue) === name).map((issue) => `${name}: ${issue.message}`),
  );
}

function configOf(env: Environment): Config {
  return {
    cxone: {
      baseUrl: env.CXONE_BASE_URL ?? `https://${env.CXONE_ORG_DOMAIN}`,
      tokenUrl: env.CXONE_TOKEN_URL ?? null,
      clientId: env.CXONE_CLIENT_ID,
      clientSecret: env.CXONE_CLIENT_SECRET,
      profilePath: env.CXONE_PROFILE ?? null,
    },
    publicUrl: env.PUBLIC_URL,
    host: env.HOST,
    port: env.PORT,
    callbackPort: ownPort(env.CALLBACK_PORT, env.PORT),
    callbackSecrets: env.CALLBACK_SECRET,
    callbackRules: callbackRulesOf(env),
    callbackTrust: env.CALLBACK_TRUST,
    trustedProxies: env.TRUSTED_PROXIES,
    databasePath: env.DATABASE_PATH,
    apps: env.APP_KEYS,
    operators: env.OPERATOR_KEYS ?? [],
    readers: env.READER_KEYS ?? [],
    sensitiveFields: env.SENSITIVE_FIELDS ?? [],
    notifications: notificationsOf(env),
    graceSeconds: env.GRACE_SECONDS,
    // A thousandth is the finest a timer can do; 0 would poll without a pause.
    pollIntervalMs: Math.max(1, Math.round(env.POLL_INTERVAL_SECONDS * 1000)),
    maxConcurrent: env.MAX_CONCURRENT,
    ratePerSecond: env.RATE_LIMIT_PER_SECOND,
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

/** Port 0 is never the same port: the system picks one for each. */
function ownPort(callbackPort: number | undefined, port: number): number | null {
  return callbackPort === undefined || (callbackPort === port && port !== 0) ? null : callbackPort;
}
