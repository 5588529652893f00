// One call to the receiver, tried again for as long as that is safe and worth it; and the one error in which it may end.

import type { Connection, Surroundings } from './connection.ts';
import type { Problem, ProblemName } from './types.ts';

/**
 * What the client itself has to say: no answer came (network, time), the time limit of the call is over, the answer is not one
 * of the receiver's, a notification is not genuine.
 */
export type ClientProblem = 'no-answer' | 'not-in-time' | 'unexpected-answer' | 'not-genuine';

type Facts = Pick<ReceiverError, 'status' | 'problem' | 'retryAfterMs' | 'correlationId' | 'idempotencyKey' | 'cause'>;
type AnswerFacts = Partial<Facts> & { readonly status: number };

export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  /** What to switch on. */
  readonly code: ProblemName | ClientProblem;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number = 0;
  /** All that the receiver said, when it was the receiver: every offending field is in its `errors`. */
  readonly problem: Problem | null = null;
  /** How long the receiver wants to be left alone, null when it did not say. */
  readonly retryAfterMs: number | null = null;
  /** Of the execution it is about, when there is one: it may exist, so ask for it. */
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
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written once, so that every attempt sends the same. */
  readonly body?: string | undefined;
  /** How long the receiver is asked to hold its answer. */
  readonly waitSeconds?: number | undefined;
  /** Done twice it is as good as done once, so it may be sent again when no answer came. */
  readonly harmless: boolean;
  /** When to stop trying, instead of after so many attempts and so much time. */
  readonly until?: number;
  readonly signal?: AbortSignal | undefined;
  /** Under which names the receiver knows what this is about: told in errors, so that nothing is lost. */
  readonly about?: Partial<Pick<ReceiverError, 'correlationId' | 'idempotencyKey'>>;
}

const PROBLEM = 'urn:cxone-callback-receiver:problem:';
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const RETRY_FOR_MS = 60_000;

/** Gateways say these when they got no answer. */
const LOST_ANSWERS = [502, 504];
const REFUSALS = [429, 503];

/** Full jitter: whoever failed together does not come back together. `failures` counts from 1. */
export function pauseAfter(failures: number, { random }: Surroundings): number {
  return random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

/** How long to leave the receiver alone, at least. @throws the error when the same again would do harm or no good. */
export function restAfter(error: unknown, harmless: boolean): number {
  if (!(error instanceof ReceiverError)) throw error;
  const { code, status, retryAfterMs } = error;
  // The key is wrong: more of the same only keeps the guard up.
  if (code === 'too-many-failures' || code === 'not-in-time') throw error;
  const isLost = code === 'no-answer' || LOST_ANSWERS.includes(status);
  // promise: client-retries-only-useful
  if (REFUSALS.includes(status) || (harmless && isLost)) return retryAfterMs ?? 0;
  throw error;
}

/** The receiver's answer; retried as far as it may be. @throws {ReceiverError} or the reason of the caller's signal. */
export async function send<T>(connection: Connection, outgoing: Outgoing): Promise<T> {
  const { attempts, surroundings } = connection;
  const { until, signal, harmless } = outgoing;
  let stopAt = until;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await once(connection, outgoing)) as T;
    } catch (error) {
      const pauseMs = restAfter(error, harmless) + pauseAfter(attempt, surroundings);
      const now = surroundings.now();
      stopAt ??= now + RETRY_FOR_MS;
      if ((until === undefined && attempt >= attempts) || now + pauseMs > stopAt) throw error;
      await surroundings.sleep(pauseMs, signal);
    }
  }
}

async function once(connection: Connection, outgoing: Outgoing): Promise<unknown> {
  const { waitSeconds = 0, until = Number.POSITIVE_INFINITY, about } = outgoing;
  const { answerWithinMs, surroundings } = connection;
  const timeMs = Math.min(answerWithinMs + waitSeconds * 1000, until - surroundings.now());
  const tooLate = new AbortController();
  const answering = async () => {
    const response = await open(connection, outgoing, tooLate.signal);
    const text = await heard(outgoing, tooLate.signal, () => response.text());
    return parsed(text, { status: response.status, ...about }, connection.parseJson);
  };
  return await within(timeMs, tooLate, surroundings, answering());
}

/** Aborts when the step takes longer; leaves no timer behind. */
export function within<T>(ms: number, tooLate: AbortController, by: Surroundings, step: Promise<T>): Promise<T> {
  const done = new AbortController();
  void by.sleep(ms, done.signal).then(() => done.signal.aborted || tooLate.abort());
  return step.finally(() => done.abort());
}

/** An answer whose status is good, its body not yet read; a single attempt. */
export async function open(connection: Connection, outgoing: Outgoing, tooLate: AbortSignal): Promise<Response> {
  const { baseUrl, fetch, key, surroundings } = connection;
  const { method, path, body, waitSeconds, signal, about } = outgoing;
  const headers = new Headers({ authorization: `Bearer ${key}`, accept: 'application/json', ...outgoing.headers });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (waitSeconds !== undefined) headers.set('prefer', `wait=${waitSeconds}`);
  const init: RequestInit = {
    method,
    headers,
    // Followed, a redirect would turn a POST into a GET or carry the body elsewhere.
    redirect: 'manual',
    signal: signal === undefined ? tooLate : AbortSignal.any([signal, tooLate]),
    body: body ?? null,
  };
  const response = await heard(outgoing, tooLate, () => fetch(`${baseUrl}${path}`, init));
  if (response.ok) return response;
  const text = await heard(outgoing, tooLate, () => response.text());
  throw refusal(response, text, surroundings.now(), about);
}

/** Tells the caller's own end from a limit that was reached and from a network that failed. */
async function heard<T>({ signal, until, about }: Outgoing, tooLate: AbortSignal, step: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await step();
  } catch (cause) {
    signal?.throwIfAborted();
    if (tooLate.aborted && until !== undefined) throw notInTime(about);
    const { code } = ((cause as Error | undefined)?.cause ?? {}) as { code?: unknown };
    const why = tooLate.aborted ? 'it took too long' : `the connection failed${code === undefined ? '' : ` (${code})`}`;
    throw new ReceiverError('no-answer', `The receiver gave no answer: ${why}`, { cause, ...about });
  }
}

export function notInTime(about: Outgoing['about'] = {}): ReceiverError {
  const next = 'the execution goes on; ask for it by its correlationId, or submit the same again';
  return new ReceiverError('not-in-time', `The time limit of this call is over: nothing is lost, ${next}`, about);
}

/** What an answer that is no success says (RFC 9457), when it is the receiver that says it. */
function refusal({ status, headers }: Response, text: string, now: number, about: Outgoing['about']): ReceiverError {
  const after = headers.get('retry-after') ?? '';
  // RFC 9110, section 10.2.3: seconds or a date.
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  const facts = { status, retryAfterMs: Number.isNaN(ms) ? null : Math.max(0, ms), ...about };
  const problem = parsed(text, facts) as Problem | null;
  if (typeof problem?.type !== 'string' || !problem.type.startsWith(PROBLEM)) return unexpected(facts);
  const { type, title, detail, errors = [] } = problem;
  const fields = errors.map((error) => `; ${error.pointer ?? error.header}: ${error.detail}`);
  // A newer receiver may have names that this client does not know.
  const code = type.slice(PROBLEM.length) as ProblemName;
  return new ReceiverError(code, `${title}: ${detail}${fields.join('')}`, { ...facts, problem });
}

export function parsed(text: string, facts: AnswerFacts, parse: Connection['parseJson'] = JSON.parse): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw unexpected({ ...facts, cause });
  }
}

/** Something else answered, such as a proxy; its words are not repeated. */
function unexpected(facts: AnswerFacts): ReceiverError {
  const what = `HTTP status ${facts.status} without an answer of the receiver's`;
  const message = `This is not the receiver: ${what}; check the base URL and what stands in front of it`;
  return new ReceiverError('unexpected-answer', message, facts);
}
