// Follows executions as things happen to them: connects again whenever the stream ends, and goes on where it stopped.

import type { Connection } from './connection.ts';
import { ReceiverError } from './errors.ts';
import { unexpected } from './problems.ts';
import { isWorthRetrying, type Outgoing, open, pauseAfter } from './requests.ts';
import { createEventReader, type ServerSentEvent } from './server-sent-events.ts';
import type { LiveEvent } from './types.ts';

export interface FollowOptions {
  /** Only this execution; all of your own unless said. */
  readonly correlationId?: string;
  /** Goes on after the event with this id. Unless said, one execution is told from its beginning, all of them from now on. */
  readonly lastEventId?: number | string;
  readonly signal?: AbortSignal | undefined;
}

/** Three heartbeats that did not come: the connection is dead, although nobody said so. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1000;

/**
 * Every event once, in order, until the caller stops.
 * @throws {ReceiverError} when connecting again cannot help, such as `not-found` or `events-pruned`.
 */
export async function* follow(
  connection: Connection,
  path: string,
  { lastEventId, signal }: FollowOptions,
): AsyncGenerator<LiveEvent, void, undefined> {
  let last = lastEventId === undefined ? undefined : String(lastEventId);
  let hintMs = FIRST_PAUSE_MS;
  for (let failures = 1; ; failures += 1) {
    let floorMs = 0;
    try {
      for await (const { id, data, retryMs } of streamed(connection, streamFrom(path, last, signal))) {
        failures = 0;
        hintMs = retryMs ?? hintMs;
        // Before it is handed over: whoever stops here goes on after it.
        last = id ?? last;
        if (data !== null) yield eventIn(data, connection);
      }
    } catch (error) {
      floorMs = floorAfter(error);
    }
    const pauseMs = Math.max(hintMs, floorMs) + pauseAfter(Math.max(failures, 1), connection.surroundings);
    await connection.surroundings.sleep(pauseMs, signal);
  }
}

/** How long to leave the receiver alone, milliseconds. @throws what connecting again cannot help. */
function floorAfter(error: unknown): number {
  if (error instanceof ReceiverError && isWorthRetrying(error, 'always')) return error.retryAfterMs ?? 0;
  throw error;
}

function streamFrom(path: string, last: string | undefined, signal: AbortSignal | undefined): Outgoing {
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (last !== undefined) headers['last-event-id'] = last;
  return { method: 'GET', path, headers, retry: 'always', signal };
}

/** One connection, to its end. Silence ends it as well. */
async function* streamed(connection: Connection, outgoing: Outgoing): AsyncGenerator<ServerSentEvent> {
  const gone = new AbortController();
  const { sleep } = connection.surroundings;
  const inTime = async <T>(ms: number, step: () => Promise<T>): Promise<T> => {
    const done = new AbortController();
    void sleep(ms, done.signal).then(() => done.signal.aborted || gone.abort());
    try {
      return await step();
    } finally {
      done.abort();
    }
  };
  try {
    const { body } = await inTime(connection.answerWithinMs, () => open(connection, outgoing, gone.signal));
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = createEventReader();
    for (;;) {
      const piece = await inTime(SILENCE_MS, async () => reader?.read()).catch((cause: unknown) => {
        outgoing.signal?.throwIfAborted();
        throw new ReceiverError({ code: 'no-answer', title: 'The stream broke', detail: 'it is resumed', cause });
      });
      if (piece === undefined || piece.done) return;
      yield* read(piece.value);
    }
  } finally {
    // However it ends, also when the caller leaves the loop, the connection is not kept.
    gone.abort();
  }
}

function eventIn(data: string, { parseJson }: Connection): LiveEvent {
  try {
    return parseJson(data) as LiveEvent;
  } catch (cause) {
    throw unexpected(200, { cause });
  }
}
