// One call to the receiver, tried again for as long as that is safe and worth it.

import type { Connection } from './connection.ts';
import { type Handles, ReceiverError } from './errors.ts';
import { unexpected, whatItSaid } from './problems.ts';
import type { Surroundings } from './surroundings.ts';

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written once, so that every attempt sends the same. */
  readonly body?: string;
  /** How long the receiver is asked to hold its answer. */
  readonly waitSeconds?: number;
  /** What may follow a failure: `always` for what does nothing twice, `unless-done` for what may have been done if no answer came. */
  readonly retry: 'always' | 'unless-done';
  /** When to stop trying, instead of after so many attempts and so much time. */
  readonly until?: number;
  readonly signal?: AbortSignal | undefined;
  readonly about?: Handles;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Gateways say these when they got no answer. */
const LOST_ANSWERS = [502, 504];
const REFUSALS = [429, 503];

/** Full jitter: whoever failed together does not come back together. `failures` counts from 1. */
export function pauseAfter(failures: number, { random }: Surroundings, firstMs = FIRST_PAUSE_MS): number {
  return random() * Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** (failures - 1));
}

/** Whether the same again may be answered otherwise, and does no harm. */
export function isWorthRetrying({ code, status }: ReceiverError, retry: Outgoing['retry']): boolean {
  // The key is wrong: more of the same only keeps the guard up.
  if (code === 'too-many-failures' || code === 'not-in-time') return false;
  if (REFUSALS.includes(status)) return true;
  return retry === 'always' && (code === 'no-answer' || LOST_ANSWERS.includes(status));
}

/** The receiver's answer; retried as far as it may be. @throws {ReceiverError} or the reason of the caller's signal. */
export async function send<T>(connection: Connection, outgoing: Outgoing): Promise<T> {
  const { attempts, retryForMs, surroundings } = connection;
  let stopAt = outgoing.until ?? null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await once(connection, outgoing)) as T;
    } catch (error) {
      if (!(error instanceof ReceiverError) || !isWorthRetrying(error, outgoing.retry)) throw error;
      stopAt ??= surroundings.now() + retryForMs;
      const pauseMs = (error.retryAfterMs ?? 0) + pauseAfter(attempt, surroundings);
      const isLast = outgoing.until === undefined && attempt >= attempts;
      if (isLast || surroundings.now() + pauseMs > stopAt) throw error;
      await surroundings.sleep(pauseMs, outgoing.signal);
    }
  }
}

async function once(connection: Connection, outgoing: Outgoing): Promise<unknown> {
  const { now, sleep } = connection.surroundings;
  const timeMs = connection.answerWithinMs + (outgoing.waitSeconds ?? 0) * 1000;
  const leftMs = outgoing.until === undefined ? timeMs : Math.min(timeMs, outgoing.until - now());
  const tooLate = new AbortController();
  const answered = new AbortController();
  void sleep(leftMs, answered.signal).then(() => tooLate.abort());
  try {
    const response = await open(connection, outgoing, tooLate.signal);
    const text = await heard(outgoing, tooLate.signal, () => response.text());
    return understood(connection, response, text, outgoing.about);
  } finally {
    answered.abort();
  }
}

/** An answer whose status is good, its body not yet read; a single attempt. */
export async function open(connection: Connection, outgoing: Outgoing, tooLate: AbortSignal): Promise<Response> {
  const { baseUrl, fetch, surroundings } = connection;
  // Made outside of what is taken for the network's fault.
  const init: RequestInit = { ...requestOf(connection, outgoing), signal: either(outgoing.signal, tooLate) };
  const response = await heard(outgoing, tooLate, () => fetch(`${baseUrl}${outgoing.path}`, init));
  if (response.ok) return response;
  const text = await heard(outgoing, tooLate, () => response.text());
  throw whatItSaid(response, text, surroundings.now(), outgoing.about);
}

function requestOf({ key }: Connection, { method, body, headers, waitSeconds }: Outgoing): RequestInit {
  return {
    method,
    headers: new Headers({
      authorization: `Bearer ${key}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
      ...headers,
    }),
    ...(body === undefined ? {} : { body }),
    // Followed, a redirect would turn a POST into a GET or carry the body elsewhere.
    redirect: 'manual',
  };
}

/** Tells the caller's own end from a limit that was reached and from a network that failed. */
async function heard<T>({ signal, until, about }: Outgoing, tooLate: AbortSignal, step: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await step();
  } catch (cause) {
    signal?.throwIfAborted();
    if (tooLate.aborted && until !== undefined) throw notInTime(about);
    throw new ReceiverError({
      code: 'no-answer',
      title: 'The receiver gave no answer',
      detail: tooLate.aborted ? 'it took too long' : `the connection failed${reasonIn(cause)}`,
      cause,
      ...about,
    });
  }
}

export function notInTime(about: Handles = {}): ReceiverError {
  return new ReceiverError({
    code: 'not-in-time',
    title: 'The time limit of this call is over',
    detail: 'nothing is lost: the execution goes on; ask for it by its correlationId, or submit the same again',
    ...about,
  });
}

function reasonIn(cause: unknown): string {
  const { code } = (cause instanceof Error && cause.cause instanceof Error ? cause.cause : {}) as { code?: unknown };
  return typeof code === 'string' ? ` (${code})` : '';
}

function either(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other]);
}

function understood({ parseJson }: Connection, response: Response, text: string, about?: Handles): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw unexpected(response.status, { cause, ...about });
  }
}
