// Follows executions as things happen to them: connects again whenever the stream ends, and goes on where it stopped.

import type { Connection } from './connection.ts';
import { type Outgoing, open, parsed, pauseAfter, ReceiverError, restAfter, within } from './requests.ts';
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
 * @throws {ReceiverError} when connecting again cannot help, for example `not-found`, `events-pruned` or `position-lost`. Of the last two,
 * `problem.resumeAfter` is the `lastEventId` to follow from, once the app has read the current state.
 */
export async function* follow(
  connection: Connection,
  path: string,
  { lastEventId, signal }: FollowOptions,
): AsyncGenerator<LiveEvent, void, undefined> {
  let last = lastEventId === undefined ? undefined : String(lastEventId);
  let hintMs = FIRST_PAUSE_MS;
  for (let failures = 1; ; failures += 1) {
    let restMs = 0;
    const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
    try {
      for await (const block of streamed(connection, { method: 'GET', path, headers, harmless: true, signal })) {
        failures = 0;
        hintMs = block.retryMs ?? hintMs;
        // Before it is handed over: whoever stops here goes on after it.
        // promise: client-resumes-stream
        last = block.id ?? last;
        if (block.data !== null) yield parsed(block.data, { status: 200 }) as LiveEvent;
      }
    } catch (error) {
      restMs = restAfter(error, true);
    }
    const pauseMs = Math.max(hintMs, restMs) + pauseAfter(Math.max(failures, 1), connection.surroundings);
    await connection.surroundings.sleep(pauseMs, signal);
  }
}

/** One connection, to its end. Silence ends it as well. */
async function* streamed(connection: Connection, outgoing: Outgoing): AsyncGenerator<ServerSentEvent> {
  const { answerWithinMs, surroundings } = connection;
  const gone = new AbortController();
  try {
    const { body } = await within(answerWithinMs, gone, surroundings, open(connection, outgoing, gone.signal));
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const read = createEventReader();
    for (;;) {
      const piece = await within(SILENCE_MS, gone, surroundings, reader.read()).catch((cause: unknown) => {
        outgoing.signal?.throwIfAborted();
        throw new ReceiverError('no-answer', 'The stream broke: it is resumed', { cause });
      });
      if (piece.done) return;
      yield* read(piece.value);
    }
  } finally {
    // However it ends, also when the caller leaves the loop, the connection is not kept.
    gone.abort();
  }
}

/** One block of the stream; `data` is null when it holds nothing to tell, such as a heartbeat or a hint. */
export interface ServerSentEvent {
  /** Undefined when the block says nothing of it. */
  readonly id: string | undefined;
  readonly data: string | null;
  /** How long to wait before connecting again, if said. */
  readonly retryMs: number | undefined;
}

/**
 * Reads a stream of server-sent events (WHATWG HTML, section 9.2), however it is cut into pieces: a function that takes the
 * next piece of text and gives the blocks which it completes.
 */
export function createEventReader(): (piece: string) => ServerSentEvent[] {
  let rest = '';
  let block: string[] = [];
  return (piece) => {
    // A carriage return at the very end may be half of a line end.
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
