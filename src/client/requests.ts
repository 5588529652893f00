// Sends one call to the receiver, repeats it while that is safe and useful, and defines its only error.

import type { Connection, Surroundings } from './connection.ts';
import type { Problem, ProblemName } from './types.ts';

/**
 * Problems that the client itself finds: no response arrived (network, time), the time limit of the call has passed, the response
 * is not from the receiver, or a notification is not genuine.
 */
export type ClientProblem = 'no-answer' | 'not-in-time' | 'unexpected-answer' | 'not-genuine';

type Facts = Pick<ReceiverError, 'status' | 'problem' | 'retryAfterMs' | 'correlationId' | 'idempotencyKey' | 'cause'>;
type ResponseFacts = Partial<Facts> & { readonly status: number };

export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  /** The value that callers switch on. */
  readonly code: ProblemName | ClientProblem;
  /** The HTTP status; 0 if no response arrived. */
  readonly status: number = 0;
  /** The receiver's problem document; its `errors` has every offending field. Null if the response was not from the receiver. */
  readonly problem: Problem | null = null;
  /** The receiver's Retry-After in milliseconds; null if it sent none. */
  readonly retryAfterMs: number | null = null;
  /** The id of the execution that the call concerns. The execution may exist, so query it. */
  readonly correlationId: string | null = null;
  readonly idempotencyKey: string | null = null;

  constructor(code: ProblemName | ClientProblem, message: string, facts: Partial<Facts> = {}) {
    super(message);
    this.code = code;
    Object.assign(this, facts);
  }
}

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialized once, so that every attempt sends the same bytes. */
  readonly body?: string | undefined;
  /** The time for which the receiver may hold its response. */
  readonly waitSeconds?: number | undefined;
  /** Whether the request may be repeated when its response is lost, because a second one has no further effect. */
  readonly harmless: boolean;
  /** The time at which attempts stop. It replaces the limits on their number and duration. */
  readonly until?: number;
  readonly signal?: AbortSignal | undefined;
  /** The ids under which the receiver knows this request. Errors report them, so that the app can find its execution. */
  readonly about?: Partial<Pick<ReceiverError, 'correlationId' | 'idempotencyKey'>>;
}

const PROBLEM = 'urn:cxone-callback-receiver:problem:';
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Statuses of a gateway that received no response. 520 to 524 and 530 are those of Cloudflare. */
const LOST_RESPONSES = [408, 502, 504, 520, 521, 522, 523, 524, 530];
const REFUSALS = [429, 503];

/** Returns a pause with full jitter, so that clients that failed together do not return together. `failures` counts from 1. */
export function pauseAfter(failures: number, { random }: Surroundings): number {
  return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

/** Returns the shortest pause before a repetition, in milliseconds. @throws the error if a repetition is unsafe or useless. */
export function restAfter(error: unknown, harmless: boolean): number {
  if (!(error instanceof ReceiverError)) throw error;
  const { code, status, retryAfterMs } = error;
  // The key is wrong: each repetition prolongs the throttle.
  if (code === 'too-many-failures' || code === 'not-in-time') throw error;
  const isLost = code === 'no-answer' || LOST_RESPONSES.includes(status);
  // promise: client-retries-only-useful
  if (REFUSALS.includes(status) || (harmless && isLost)) return retryAfterMs ?? 0;
  throw error;
}

/** Sends a request, with repetitions, and returns the parsed response. @throws {ReceiverError} or the reason of the caller's signal. */
export async function send<T>(connection: Connection, outgoing: Outgoing): Promise<T> {
  const { attempts, retryForMs, surroundings } = connection;
  const { until, signal, harmless } = outgoing;
  let stopAt = until;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once<T>(connection, outgoing);
    } catch (error) {
      const pauseMs = restAfter(error, harmless) + pauseAfter(attempt, surroundings);
      const now = surroundings.now();
      stopAt ??= now + retryForMs;
      if ((until === undefined && attempt >= attempts) || now + pauseMs > stopAt) throw error;
      await surroundings.sleep(pauseMs, signal);
    }
  }
}

/** Makes one attempt. */
export async function once<T>(connection: Connection, outgoing: Outgoing): Promise<T> {
  const { waitSeconds = 0, until = Number.POSITIVE_INFINITY, about } = outgoing;
  const { answerWithinMs, surroundings, watch } = connection;
  const timeMs = Math.min(answerWithinMs + waitSeconds * 1000, until - surroundings.now());
  const tooLate = new AbortController();
  const respond = async () => {
    const response = await open(connection, outgoing, tooLate.signal);
    const text = await received(outgoing, tooLate.signal, () => response.text());
    return parsed(text, { status: response.status, ...about }, connection.parseJson);
  };
  try {
    const answer = await watch.during(within(timeMs, tooLate, surroundings, respond()));
    watch.answered();
    return answer as T;
  } catch (error) {
    noteFailure(connection, error);
    throw error;
  }
}

/** A problem document is an answer; a lost response and a page of a gateway are not. */
export function noteFailure({ watch }: Connection, error: unknown): void {
  if (!(error instanceof ReceiverError) || error.code === 'not-in-time') return;
  if (error.problem === null) watch.unanswered(error.message);
  else watch.answered();
}

/** Aborts `tooLate` if the step takes longer than `ms`. No timer remains. */
export function within<T>(ms: number, tooLate: AbortController, by: Surroundings, step: Promise<T>): Promise<T> {
  const done = new AbortController();
  void by.sleep(ms, done.signal).then(() => done.signal.aborted || tooLate.abort());
  return step.finally(() => done.abort());
}

/** Sends a request. Returns a 2xx response whose body is not yet read. */
export async function open(connection: Connection, outgoing: Outgoing, tooLate: AbortSignal): Promise<Response> {
  const { baseUrl, fetch: send, key, surroundings } = connection;
  const { method, path, body, waitSeconds, signal, about } = outgoing;
  const headers = new Headers({ authorization: `Bearer ${key}`, accept: 'application/json', ...outgoing.headers });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (waitSeconds !== undefined) headers.set('prefer', `wait=${waitSeconds}`);
  const init: RequestInit = {
    method,
    headers,
    // A followed redirect would turn a POST into a GET, or send the body to another host.
    redirect: 'manual',
    signal: signal === undefined ? tooLate : AbortSignal.any([signal, tooLate]),
    body: body ?? null,
  };
  const response = await received(outgoing, tooLate, () => send(`${baseUrl}${path}`, init));
  if (response.ok) return response;
  const text = await received(outgoing, tooLate, () => response.text());
  throw refusal(response, text, surroundings.now(), about);
}

/** Distinguishes an abort by the caller, a time limit and a network failure. */
async function received<T>(
  { signal, until, about }: Outgoing,
  tooLate: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await step();
  } catch (cause) {
    signal?.throwIfAborted();
    if (tooLate.aborted && until !== undefined) throw notInTime(about);
    const { code } = ((cause as Error | undefined)?.cause ?? {}) as { code?: unknown };
    const why = tooLate.aborted ? 'it took too long' : `the connection failed${code === undefined ? '' : ` (${code})`}`;
    throw new ReceiverError('no-answer', `The receiver sent no response: ${why}`, { cause, ...about });
  }
}

export function notInTime(about: Outgoing['about'] = {}): ReceiverError {
  const next = 'Query it by its correlationId, or submit the same again';
  return new ReceiverError(
    'not-in-time',
    `The time limit of this call has passed; the execution continues. ${next}`,
    about,
  );
}

export function noAnswerWithin(ms: number): ReceiverError {
  return new ReceiverError('no-answer', `The receiver sent no response within ${ms / 1000} s`);
}

/** Reads a response that is not 2xx as a problem document (RFC 9457) of the receiver. */
function refusal({ status, headers }: Response, text: string, now: number, about: Outgoing['about']): ReceiverError {
  const after = headers.get('retry-after') ?? '';
  // RFC 9110, section 10.2.3: seconds or a date.
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  const facts = { status, retryAfterMs: Number.isNaN(ms) ? null : Math.max(0, ms), ...about };
  const problem = parsed(text, facts) as Problem | null;
  if (typeof problem?.type !== 'string' || !problem.type.startsWith(PROBLEM)) return unexpected(facts);
  const { type, title, detail, errors = [] } = problem;
  const fields = errors.map((error) => `; ${error.pointer ?? error.header}: ${error.detail}`);
  // A newer receiver may have problem names that this client does not know.
  const code = type.slice(PROBLEM.length) as ProblemName;
  return new ReceiverError(code, `${title}: ${detail}${fields.join('')}`, { ...facts, problem });
}

export function parsed(text: string, facts: ResponseFacts, parse: Connection['parseJson'] = JSON.parse): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw unexpected({ ...facts, cause });
  }
}

/** The error for a response from elsewhere, for example a proxy. Its text is not repeated. */
function unexpected(facts: ResponseFacts): ReceiverError {
  const message = `The response (HTTP status ${facts.status}) is not from the receiver; check the base URL and proxies`;
  return new ReceiverError('unexpected-answer', message, facts);
}

/** Reads a list page by page. */
export async function* pagesOf<T>(
  connection: Connection,
  path: string,
  filters: object,
  more: Pick<Outgoing, 'signal' | 'about'>,
): AsyncGenerator<T, void, undefined> {
  type Page = { readonly items: readonly T[]; readonly nextCursor?: string | null };
  for (let query: object | null = filters; query !== null; ) {
    const { items, nextCursor = null }: Page = await send(connection, {
      ...harmless('GET', path + queryOf(query)),
      ...more,
    });
    yield* items;
    query = nextCursor === null ? null : { ...filters, cursor: nextCursor };
  }
}

export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws {TypeError} for an id that would lead to another path. */
export function pathOf(collection: string, id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`"${id}" is not a valid id`);
  return `${collection}/${encodeURIComponent(id)}`;
}

/** The JSON form of the filters: dates are text, and undefined members are left out. */
function queryOf(filters: object): string {
  const query = new URLSearchParams(JSON.parse(JSON.stringify(filters)));
  return query.size === 0 ? '' : `?${query}`;
}

/** Builds a request that may be repeated: a GET, or a POST whose correlation id or key brings the first response again. */
export function harmless(method: Outgoing['method'], path: string, idempotencyKey?: string): Outgoing {
  if (idempotencyKey === undefined) return { method, path, harmless: true };
  // A string of RFC 8941, as the header is defined.
  const headers = { 'idempotency-key': `"${idempotencyKey.replaceAll(/["\\]/g, '\\$&')}"` };
  return { method, path, headers, harmless: true, about: { idempotencyKey } };
}
