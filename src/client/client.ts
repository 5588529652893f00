// A client of the receiver for apps, in Node and in browsers: nothing but fetch and WebCrypto behind it.

import { type ClientOptions, connectionOf } from './connection.ts';
import { type FollowOptions, follow } from './live.ts';
import { createNotifications, type Notifications } from './notifications.ts';
import { EXECUTIONS, pages, pathOf, reading } from './paths.ts';
import { notInTime, type Outgoing, pauseAfter, send } from './requests.ts';
import type { Surroundings } from './surroundings.ts';
import type { AuditEntry, BatchAnswer, EndedExecution, Execution, LiveEvent, Status, Submission } from './types.ts';

interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Under which the same submission may be sent again, by another process too. */
  readonly idempotencyKey?: string | undefined;
}

export interface WaitOptions extends SubmitOptions {
  /** The longest this call takes; 120,000 unless said. The execution goes on without it. */
  readonly timeoutMs?: number;
}

export interface BatchOptions extends SubmitOptions {
  /** All or nothing. */
  readonly atomic?: boolean;
}

export interface ListFilters extends CallOptions {
  readonly status?: Status;
  readonly actionId?: string;
  readonly from?: Date | string;
  /** Exclusive. */
  readonly to?: Date | string;
  /** How many are fetched at once, 1 to 200; all are iterated over. */
  readonly limit?: number;
}

export interface Client {
  /** The execution once it is durable. */
  submit(submission: Submission, options?: SubmitOptions): Promise<Execution>;
  /** Each gets its own answer; none is lost because of another. */
  submitBatch(submissions: readonly Submission[], options?: BatchOptions): Promise<BatchAnswer>;
  /** The execution once it has ended, however that was: look at its `status`. */
  submitAndWait(submission: Submission, options?: WaitOptions): Promise<EndedExecution>;
  /** With `waitSeconds` (at most 60) as soon as it has ended, or as it stands then. */
  get(correlationId: string, options?: CallOptions & { readonly waitSeconds?: number }): Promise<Execution>;
  /** Newest first, page after page. */
  list(filters?: ListFilters): AsyncIterable<Execution>;
  /** Oldest first. */
  audit(correlationId: string, options?: CallOptions): Promise<readonly AuditEntry[]>;
  /** Before it is sent nothing is ever sent; after that it is only marked; what has ended stays as it is. */
  cancel(correlationId: string, options?: CallOptions): Promise<Execution>;
  /** What happens, as it happens, resumed over lost connections and restarts without gap or repeat. */
  events(options?: FollowOptions): AsyncIterable<LiveEvent>;
  readonly notifications: Notifications;
}

/** Below the 60 s after which proxies lose patience. */
const LONGEST_WAIT_SECONDS = 50;
const WAIT_MS = 120_000;
/** An answer that came sooner was not held. */
const HELD_MS = 1000;

/** @throws {TypeError} when the base URL or the key cannot be one. */
export function createClient(options: ClientOptions): Client {
  const connection = connectionOf(options);
  const { surroundings } = connection;

  const submit = async (
    submission: Submission,
    { idempotencyKey, ...more }: SubmitOptions & Partial<Outgoing>,
  ): Promise<Execution> => {
    const named = withName(submission, idempotencyKey, surroundings);
    return send(connection, {
      method: 'POST',
      path: EXECUTIONS,
      headers: keyHeader(idempotencyKey),
      body: JSON.stringify(named),
      about: { correlationId: named.correlationId ?? null, idempotencyKey: idempotencyKey ?? null },
      // The same name or key again brings the first answer again: it can never run twice.
      retry: 'always',
      ...more,
    });
  };

  const get = async (correlationId: string, more: Partial<Outgoing>): Promise<Execution> =>
    send(connection, { ...reading(pathOf(correlationId)), about: { correlationId }, ...more });

  const submitAndWait = async (
    submission: Submission,
    { timeoutMs = WAIT_MS, ...more }: WaitOptions,
  ): Promise<EndedExecution> => {
    const { now, sleep } = surroundings;
    const until = now() + timeoutMs;
    const waiting = () => ({
      until,
      waitSeconds: Math.min(LONGEST_WAIT_SECONDS, Math.max(0, Math.ceil((until - now()) / 1000))),
    });
    let askedAt = now();
    let execution = await submit(submission, { ...more, ...waiting() });
    let quick = 0;
    while (!hasEnded(execution)) {
      const { correlationId } = execution;
      // Whoever does not hold its answer, such as a receiver that stops or a proxy, is not asked again at once.
      quick = now() - askedAt < HELD_MS ? quick + 1 : 0;
      if (quick > 0) await sleep(pauseAfter(quick, surroundings), more.signal);
      askedAt = now();
      if (askedAt >= until) throw notInTime({ correlationId });
      execution = await get(correlationId, { signal: more.signal, ...waiting() });
    }
    return execution;
  };

  return {
    submit: (submission, more = {}) => submit(submission, more),
    submitAndWait: (submission, more = {}) => submitAndWait(submission, more),
    submitBatch: async (submissions, { atomic = false, idempotencyKey, signal } = {}) =>
      send(connection, {
        method: 'POST',
        path: `${EXECUTIONS}/batch`,
        headers: keyHeader(idempotencyKey),
        body: JSON.stringify({
          executions: submissions.map((one) => withName(one, idempotencyKey, surroundings)),
          atomic,
        }),
        about: { idempotencyKey: idempotencyKey ?? null },
        retry: 'always',
        signal,
      }),
    get: (correlationId, more = {}) => get(correlationId, more),
    list: ({ signal, ...filters } = {}) => pages<Execution>(connection, EXECUTIONS, filters, signal),
    audit: async (correlationId, { signal } = {}) => {
      const outgoing = { ...reading(`${pathOf(correlationId)}/audit`), about: { correlationId }, signal };
      return (await send<{ items: AuditEntry[] }>(connection, outgoing)).items;
    },
    cancel: async (correlationId, { signal } = {}) =>
      send(connection, {
        method: 'POST',
        path: `${pathOf(correlationId)}/cancel`,
        about: { correlationId },
        // A second one finds it ended and changes nothing.
        retry: 'always',
        signal,
      }),
    events: (following = {}) => {
      const { correlationId } = following;
      return follow(
        connection,
        correlationId === undefined ? '/v1/events' : `${pathOf(correlationId)}/events`,
        following,
      );
    },
    notifications: createNotifications(connection),
  };
}

/**
 * The submission under a name that is known before the first attempt: sent twice, it is still one. Under an idempotency key it
 * is left as it is, since whoever sends it again must send the same.
 */
function withName(submission: Submission, idempotencyKey: string | undefined, { id, now }: Surroundings): Submission {
  return idempotencyKey === undefined ? { correlationId: id(now()), ...submission } : submission;
}

/** A string of RFC 8941, as the header is defined. */
function keyHeader(idempotencyKey: string | undefined): Record<string, string> {
  if (idempotencyKey === undefined) return {};
  return { 'idempotency-key': `"${idempotencyKey.replaceAll(/["\\]/g, '\\$&')}"` };
}

/** Whether it has its outcome. */
export function hasEnded(execution: Execution): execution is EndedExecution {
  return execution.resolvedAt !== null;
}

// biome-ignore lint/performance/noBarrelFile: this is the one entry of the package
export { ReceiverError } from './errors.ts';
export type * from './types.ts';
export { verifyNotification } from './verify-notification.ts';
