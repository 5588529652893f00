// Follows executions live: reconnects when the stream ends, and resumes after the last event.

import type { Connection } from './connection.ts';
import { noteFailure, type Outgoing, open, parsed, pauseAfter, ReceiverError, restAfter, within } from './requests.ts';
import type { LiveEvent } from './types.ts';

export interface FollowOptions {
  /** Selects one execution; by default, all executions of the app. */
  readonly correlationId?: string;
  /** Resumes after the event with this id. By default, one execution starts at its first event, and all executions start now. */
  readonly lastEventId?: number | string;
  /** The most connections in a row that bring nothing, after which the iteration throws the last failure. Default: no limit. */
  readonly attempts?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Three missed heartbeats: the connection is dead. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 1000;

/**
 * Yields every event once, in order, until the caller stops.
 * @throws {ReceiverError} after `attempts` failures, and if a new connection cannot help, for example `not-found`,
 * `events-pruned` or `position-lost`. With the last two, the app reads the current state and then resumes with `problem.resumeAfter` as its `lastEventId`.
 */
export async function* follow(
  connection: Connection,
  path: string,
  { lastEventId, attempts = Number.POSITIVE_INFINITY, signal }: FollowOptions,
): AsyncGenerator<LiveEvent, void, undefined> {
  let last = lastEventId === undefined ? undefined : String(lastEventId);
  let hintMs = FIRST_PAUSE_MS;
  for (let failures = 1; ; failures += 1) {
    let restMs = 0;
    let failure: unknown = new ReceiverError('no-answer', 'The stream ended without an event');
    const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
    try {
      for await (const block of streamed(connection, { method: 'GET', path, headers, harmless: true, signal })) {
        failures = 0;
        hintMs = block.retryMs ?? hintMs;
        // Set before the event is yielded: a caller that stops here resumes after it.
        // promise: client-resumes-stream
        last = block.id ?? last;
        if (block.data !== null) yield parsed(block.data, { status: 200 }) as LiveEvent;
      }
    } catch (error) {
      noteFailure(connection, error);
      restMs = restAfter(error, true);
      failure = error;
    }
    if (failures >= attempts) throw failure;
    const pauseMs = Math.max(hintMs, restMs) + pauseAfter(Math.max(failures, 1), connection.surroundings);
    await connection.surroundings.sleep(pauseMs, signal);
  }
}

/** Reads one connection to its end. Silence ends it too. */
async function* streamed(connection: Connection, outgoing: Outgoing): AsyncGenerator<ServerSentEvent> {
  const { answerWithinMs, surroundings, watch } = connection;
  const gone = new AbortController();
  try {
    const { body } = await watch.during(
      within(answerWithinMs, gone, surroundings, open(connection, outgoing, gone.signal)),
    );
    watch.answered();
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const read = createEventReader();
    for (;;) {
      const piece = await watch
        .during(within(SILENCE_MS, gone, surroundings, reader.read()))
        .catch((cause: unknown) => {
          outgoing.signal?.throwIfAborted();
          throw new ReceiverError('no-answer', 'The stream broke and is resumed', { cause });
        });
      if (piece.done) return;
      yield* read(piece.value);
    }
  } finally {
    // Closes the connection however the loop ends, also when the caller leaves it.
    gone.abort();
  }
}

/** One block of the stream. `data` is null if the block has none, for example a heartbeat. */
export interface ServerSentEvent {
  /** Undefined if the block has no id. */
  readonly id: string | undefined;
  readonly data: string | null;
  /** The delay before the next connection, if the block states one. */
  readonly retryMs: number | undefined;
}

/**
 * Creates a reader of server-sent events (WHATWG HTML, section 9.2). The reader takes the next piece of text, cut anywhere, and
 * returns the blocks that it completes.
 */
export function createEventReader(): (piece: string) => ServerSentEvent[] {
  let rest = '';
  let block: string[] = [];
  return (piece) => {
    // A carriage return at the end of a piece may be half of a line end.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line !== '') block.push(line);
      else if (block.length > 0) {
        events.push(eventOf(block));
        block = [];
      }
    }
    return events;
  };
}

/** Each line is `name: value`; a comment is a field without a name. */
function eventOf(lines: readonly string[]): ServerSentEvent {
  const fields = lines.map((line) => /^([^:]*):? ?(.*)$/s.exec(line) ?? []);
  const values = (wanted: string) => fields.filter(([, name]) => name === wanted).map(([, , value = '']) => value);
  const data = values('data');
  const retry = values('retry').at(-1) ?? '';
  return {
    id: values('id').at(-1),
    data: data.length === 0 ? null : data.join('\n'),
    retryMs: /^\d+$/.test(retry) ? Number(retry) : undefined,
  };
}
