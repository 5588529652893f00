// A client of the receiver for apps, in Node and in browsers: nothing but fetch and WebCrypto behind it.

import { type ClientOptions, connectionOf } from './connection.ts';
import { type FollowOptions, follow } from './live.ts';
import { notInTime, type Outgoing, pauseAfter, send } from './requests.ts';
import type { AuditEntry, BatchAnswer, EndedExecution, Execution, LiveEvent, Status, Submission } from './types.ts';

interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Under which the same submission may be sent again, by another process too. */
  readonly idempotencyKey?: string | undefined;
}

export interface ListFilters extends CallOptions {
  /** `OPEN`: whatever has not ended. */
  readonly status?: Status | 'OPEN';
  readonly actionId?: string;
  /** For operators: an app has its own alone. */
  readonly app?: string;
  /** How the `correlationId` begins. */
  readonly id?: string;
  readonly executionId?: string;
  /** Somewhere in inputs, context, result, error or late result, in any case. */
  readonly text?: string;
  readonly from?: Date | string;
  /** Exclusive. */
  readonly to?: Date | string;
  /** How many are fetched at once, 1 to 200; all are iterated over. */
  readonly limit?: number;
}

export type Client = ReturnType<typeof createClient>;

const EXECUTIONS = '/v1/executions';
/** Below the 60 s after which proxies lose patience. */
const LONGEST_WAIT_SECONDS = 50;
/** An answer that came sooner was not held. */
const HELD_MS = 1000;

/**
 * @throws {TypeError} when the base URL or the key cannot be one.
 *
 * One function because all calls share one connection, and the client's type is inferred from the list of its calls.
 */
export function createClient(options: ClientOptions) {
  const connection = connectionOf(options);
  const { surroundings } = connection;
  const { now, id, sleep } = surroundings;

  /**
   * The submission under a name that is known before the first attempt: sent twice, it is still one. Under an idempotency key
   * it is left as it is, since whoever sends it again must send the same.
   */
  // promise: client-names-submissions
  const named = (submission: Submission, key: string | undefined): Submission =>
    key === undefined ? { correlationId: id(now()), ...submission } : submission;

  const get = async (correlationId: string, more: Partial<Outgoing>): Promise<Execution> =>
    send(connection, { ...harmless('GET', pathOf(correlationId)), about: { correlationId }, ...more });

  const submit = async (one: Submission, key: string | undefined, more: Partial<Outgoing>): Promise<Execution> => {
    const given = named(one, key);
    const about = { correlationId: given.correlationId ?? null, idempotencyKey: key ?? null };
    return send(connection, { ...harmless('POST', EXECUTIONS, key), body: JSON.stringify(given), about, ...more });
  };

  return {
    /** The execution once it is durable. */
    submit: async (submission: Submission, { idempotencyKey, signal }: SubmitOptions = {}) =>
      submit(submission, idempotencyKey, { signal }),

    /** Each gets its own answer, none is lost because of another; `atomic`: all or nothing. */
    submitBatch: async (
      submissions: readonly Submission[],
      { atomic = false, idempotencyKey: key, signal }: SubmitOptions & { readonly atomic?: boolean } = {},
    ): Promise<BatchAnswer> => {
      const body = JSON.stringify({ executions: submissions.map((one) => named(one, key)), atomic });
      return send(connection, { ...harmless('POST', `${EXECUTIONS}/batch`, key), body, signal });
    },

    /**
     * The execution once it has ended, however that was: look at its `status`. `timeoutMs` is the longest this call takes,
     * 120,000 unless said; the execution goes on without it.
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
      let askedAt = now();
      let execution = await submit(submission, idempotencyKey, waiting());
      for (let quick = 0; !hasEnded(execution); ) {
        const { correlationId } = execution;
        // Whoever does not hold its answer, such as a receiver that stops or a proxy, is not asked again at once.
        quick = now() - askedAt < HELD_MS ? quick + 1 : 0;
        if (quick > 0) await sleep(pauseAfter(quick, surroundings), signal);
        askedAt = now();
        if (askedAt >= until) throw notInTime({ correlationId });
        execution = await get(correlationId, waiting());
      }
      return execution;
    },

    /** With `waitSeconds` (at most 60) as soon as it has ended, or as it stands then. */
    get: async (correlationId: string, more: CallOptions & { readonly waitSeconds?: number } = {}) =>
      get(correlationId, more),

    /** Newest first, page after page. */
    list: async function* ({ signal, ...filters }: ListFilters = {}): AsyncGenerator<Execution, void, undefined> {
      type Page = { readonly items: readonly Execution[]; readonly nextCursor: string | null };
      for (let query: object | null = filters; query !== null; ) {
        const page = harmless('GET', EXECUTIONS + queryOf(query));
        const { items, nextCursor }: Page = await send(connection, { ...page, signal });
        yield* items;
        query = nextCursor === null ? null : { ...filters, cursor: nextCursor };
      }
    },

    /** Oldest first. */
    audit: async (correlationId: string, { signal }: CallOptions = {}): Promise<readonly AuditEntry[]> => {
      const outgoing = { ...harmless('GET', `${pathOf(correlationId)}/audit`), about: { correlationId }, signal };
      return (await send<{ items: AuditEntry[] }>(connection, outgoing)).items;
    },

    /** Before it is sent nothing is ever sent; after that it is only marked; what has ended stays as it is. */
    cancel: async (correlationId: string, { signal }: CallOptions = {}): Promise<Execution> => {
      // A second one finds it ended and changes nothing.
      const outgoing = { ...harmless('POST', `${pathOf(correlationId)}/cancel`), about: { correlationId }, signal };
      return send(connection, outgoing);
    },

    /** What happens, as it happens, resumed over lost connections and restarts without gap or repeat. */
    events: (following: FollowOptions = {}): AsyncIterable<LiveEvent> => {
      const { correlationId } = following;
      const path = correlationId === undefined ? '/v1/events' : `${pathOf(correlationId)}/events`;
      return follow(connection, path, following);
    },

    /** Any other operation, such as GET `/v1/notifications/secrets`. A POST is sent again only if it surely was not done. */
    // promise: client-repeats-only-safe
    request: async <T>(
      method: Outgoing['method'],
      path: `/v1/${string}`,
      { body, signal }: CallOptions & { readonly body?: object } = {},
    ): Promise<T> => send(connection, { method, path, body: JSON.stringify(body), signal, harmless: method === 'GET' }),
  };
}

/** @throws {TypeError} for an id that would lead elsewhere. */
function pathOf(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`"${id}" is no id`);
  return `${EXECUTIONS}/${encodeURIComponent(id)}`;
}

/** As JSON has them: dates as text, and nothing of what is undefined. */
function queryOf(filters: object): string {
  const query = new URLSearchParams(JSON.parse(JSON.stringify(filters)));
  return query.size === 0 ? '' : `?${query}`;
}

/** What may be sent again: a GET, and a POST that changes nothing more, as its name or key brings the first answer again. */
function harmless(method: Outgoing['method'], path: string, idempotencyKey?: string): Outgoing {
  if (idempotencyKey === undefined) return { method, path, harmless: true };
  // A string of RFC 8941, as the header is defined.
  const headers = { 'idempotency-key': `"${idempotencyKey.replaceAll(/["\\]/g, '\\$&')}"` };
  return { method, path, headers, harmless: true, about: { idempotencyKey } };
}

/** Whether it has its outcome. */
export function hasEnded(execution: Execution): execution is EndedExecution {
  return execution.resolvedAt !== null;
}

// biome-ignore lint/performance/noBarrelFile: this is the one entry of the package
export { ReceiverError } from './requests.ts';
export type * from './types.ts';
export { verifyNotification } from './verify-notification.ts';
