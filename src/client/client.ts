// A client of the receiver for apps in Node and in browsers. It needs only fetch and WebCrypto.

import { sendBatch } from './batches.ts';
import { type ClientOptions, connectionOf } from './connection.ts';
import { endpointCalls } from './endpoints.ts';
import { type FollowOptions, follow } from './live.ts';
import { notificationCalls } from './notifications.ts';
import {
  type CallOptions,
  harmless,
  noAnswerWithin,
  notInTime,
  type Outgoing,
  once,
  pagesOf,
  pathOf,
  pauseAfter,
  ReceiverError,
  send,
} from './requests.ts';
import type {
  AuditEntry,
  BatchAnswer,
  EndedExecution,
  Execution,
  LiveEvent,
  Readiness,
  ResolvedBy,
  Status,
  Submission,
} from './types.ts';

export interface SubmitOptions extends CallOptions {
  /** Identifies the submission when it is sent again, also by another process. */
  readonly idempotencyKey?: string | undefined;
}

export interface ListFilters extends CallOptions {
  /** `OPEN` selects every execution that has not ended, `AT_CXONE` those of them that were sent to CXone. */
  readonly status?: Status | 'OPEN' | 'AT_CXONE';
  readonly actionId?: string;
  /** For operators; an app sees only its own executions. */
  readonly app?: string;
  /** A prefix of the `correlationId`. */
  readonly id?: string;
  readonly executionId?: string;
  /** For operators: those that the incident with this id affects. */
  readonly incident?: string;
  /** A text in inputs, context, result, error or late result; case is ignored. */
  readonly text?: string;
  /** A text in the error; case is ignored. */
  readonly error?: string;
  readonly resolvedBy?: ResolvedBy;
  /** From submission to outcome. */
  readonly minDurationSeconds?: number;
  readonly maxDurationSeconds?: number;
  /** By submission; default `newest` first. */
  readonly sort?: 'newest' | 'oldest';
  readonly from?: Date | string;
  /** Exclusive. */
  readonly to?: Date | string;
  /** The page size, 1 to 200. The iteration covers all pages. */
  readonly limit?: number;
}

export type Client = ReturnType<typeof createClient>;

const EXECUTIONS = '/v1/executions';
/** Below the 60 s after which many proxies end a request. */
const LONGEST_WAIT_SECONDS = 50;
/** Less than the 5 s that are promised: the connection takes a part of them. */
const READY_WITHIN_MS = 4_500;
/** A response that arrives sooner was not held. */
const HELD_MS = 1000;

/**
 * Creates a client for one receiver and one key.
 * @throws {TypeError} if the base URL or the key is malformed.
 *
 * One function because all calls share one connection and the type of the client is inferred from the list of its calls.
 */
export function createClient(options: ClientOptions) {
  const connection = connectionOf(options);
  const { surroundings } = connection;
  const { now, id, sleep } = surroundings;

  /**
   * Adds a correlation id before the first attempt, so that a repeated submission remains one execution. A submission with an
   * idempotency key stays unchanged, because a repetition by another process must have the same body.
   */
  // promise: client-names-submissions
  const identify = (submission: Submission, key: string | undefined): Submission =>
    key === undefined ? { correlationId: id(now()), ...submission } : submission;

  const get = async (correlationId: string, more: Partial<Outgoing>): Promise<Execution> =>
    send(connection, { ...harmless('GET', pathOf(EXECUTIONS, correlationId)), about: { correlationId }, ...more });

  const submit = async (one: Submission, key: string | undefined, more: Partial<Outgoing>): Promise<Execution> => {
    const identified = identify(one, key);
    const about = { correlationId: identified.correlationId ?? null, idempotencyKey: key ?? null };
    return send(connection, { ...harmless('POST', EXECUTIONS, key), body: JSON.stringify(identified), about, ...more });
  };

  return {
    /** Resolves with the execution when it is durable. */
    submit: async (submission: Submission, { idempotencyKey, signal }: SubmitOptions = {}) =>
      submit(submission, idempotencyKey, { signal }),

    /**
     * Submits several executions in one request. Each item has its own result; with `atomic`, all are accepted or none is. Items that
     * the receiver cannot take at the moment are sent again, for as long as any call is.
     */
    submitBatch: async (
      submissions: readonly Submission[],
      { atomic = false, idempotencyKey: key, signal }: SubmitOptions & { readonly atomic?: boolean } = {},
    ): Promise<BatchAnswer> => {
      const identified = submissions.map((one) => identify(one, key));
      return sendBatch(connection, { submissions: identified, atomic, key, signal });
    },

    /**
     * Resolves with the execution when it has ended, whatever its `status`. `timeoutMs` limits this call (default 120,000);
     * the execution continues after it.
     */
    submitAndWait: async (
      submission: Submission,
      { timeoutMs = 120_000, idempotencyKey, signal }: SubmitOptions & { readonly timeoutMs?: number } = {},
    ): Promise<EndedExecution> => {
      const until = now() + timeoutMs;
      const waiting = () => {
        const leftSeconds = Math.max(0, Math.ceil((until - now()) / 1000));
        return { signal, until, waitSeconds: Math.min(LONGEST_WAIT_SECONDS, leftSeconds) };
      };
      let requestedAt = now();
      let execution = await submit(submission, idempotencyKey, waiting());
      for (let quick = 0; !hasEnded(execution); ) {
        const { correlationId } = execution;
        // A receiver that is stopping and some proxies do not hold the response: pause before the next request.
        quick = now() - requestedAt < HELD_MS ? quick + 1 : 0;
        if (quick > 0) await sleep(pauseAfter(quick, surroundings), signal);
        requestedAt = now();
        if (requestedAt >= until) throw notInTime({ correlationId });
        execution = await get(correlationId, waiting());
      }
      return execution;
    },

    /** Reads one execution. With `waitSeconds` (at most 60), the receiver holds its response until the execution has ended. */
    get: async (correlationId: string, more: CallOptions & { readonly waitSeconds?: number } = {}) =>
      get(correlationId, more),

    /** Lists executions page by page, newest first. */
    list: ({ signal, ...filters }: ListFilters = {}) => pagesOf<Execution>(connection, EXECUTIONS, filters, { signal }),

    /** Reads the audit trail of one execution, all pages of it, oldest entry first. */
    audit: async (correlationId: string, { signal }: CallOptions = {}): Promise<readonly AuditEntry[]> => {
      const entries: AuditEntry[] = [];
      const path = `${pathOf(EXECUTIONS, correlationId)}/audit`;
      const more = { about: { correlationId }, signal };
      for await (const entry of pagesOf<AuditEntry>(connection, path, { limit: 200 }, more)) entries.push(entry);
      return entries;
    },

    /** Cancels an execution. One that is already sent is only marked; one that has ended stays unchanged. */
    cancel: async (correlationId: string, { signal }: CallOptions = {}): Promise<Execution> => {
      // A second request finds the execution ended and changes nothing.
      const outgoing = {
        ...harmless('POST', `${pathOf(EXECUTIONS, correlationId)}/cancel`),
        about: { correlationId },
        signal,
      };
      return send(connection, outgoing);
    },

    /** Follows events live. The stream resumes after lost connections and restarts without a gap or a repeated event. */
    events: (following: FollowOptions = {}): AsyncIterable<LiveEvent> => {
      const { correlationId } = following;
      const path = correlationId === undefined ? '/v1/events' : `${pathOf(EXECUTIONS, correlationId)}/events`;
      return follow(connection, path, following);
    },

    ...notificationCalls(connection),
    ...endpointCalls(connection),

    /** Reads whether the receiver is ready. Rejects within 5 s if it does not answer or is not ready, without a repetition. */
    ready: async ({ signal }: CallOptions = {}): Promise<Readiness> => {
      const until = now() + READY_WITHIN_MS;
      try {
        return await once<Readiness>(connection, { ...harmless('GET', '/readyz'), signal, until });
      } catch (error) {
        throw error instanceof ReceiverError && error.code === 'not-in-time' ? noAnswerWithin(READY_WITHIN_MS) : error;
      }
    },

    /** Calls any other operation, for example GET `/v1/activity`. A POST is repeated only if it cannot have run. */
    // promise: client-repeats-only-safe
    request: async <T>(
      method: Outgoing['method'],
      path: `/v1/${string}`,
      { body, signal }: CallOptions & { readonly body?: object } = {},
    ): Promise<T> => send(connection, { method, path, body: JSON.stringify(body), signal, harmless: method === 'GET' }),
  };
}

/** Returns whether the execution has its outcome. */
export function hasEnded(execution: Execution): execution is EndedExecution {
  return execution.resolvedAt !== null;
}

export type { EndpointOrder } from './endpoints.ts';
export type { NotificationFilters, ReplayFilters, ReplayOptions } from './notifications.ts';
export type { Reachability } from './reachability.ts';
export type * from './types.ts';
// biome-ignore lint/performance/noBarrelFile: this is the one entry of the package
export { verifyNotification } from './verify-notification.ts';
export { ReceiverError };
