// The audit trail as it is written, as server-sent events (WHATWG HTML, section 9.2): of one execution, or of all that the caller may see.

import type { Context } from 'hono';
import type { AuditEntry } from '../../execution/event.ts';
import { representEvent } from '../../execution/representation.ts';
import { reasonOf } from '../../lib/log.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { Stream } from '../../usecases/follow-events/stream.ts';
import type { FollowRefusal } from '../../usecases/follow-events/streams.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Connection } from '../fetch.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { createExecutionFinder, unknownExecution } from '../request/find-execution.ts';
import { respond } from '../response/json.ts';
import { invalidHeader, problem } from '../response/problem.ts';

type Dependencies = Pick<HttpDependencies, 'store' | 'events' | 'runtime'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

interface Events {
  readonly ofOne: Handler;
  readonly ofAll: Handler;
}

type Failed = (error: unknown, controller: ReadableStreamDefaultController) => void;

/** How long a reader waits before it connects again, milliseconds. */
const RECONNECT_MS = 2_000;
/** Streams that are too many may end at any time, or never. */
const RETRY_SECONDS = 30;

const HEADERS = {
  'content-type': 'text/event-stream',
  // nginx gathers an answer before it passes it on, unless it is told not to.
  'x-accel-buffering': 'no',
};

export function createEvents({ store, events, runtime }: Dependencies): Events {
  const find = createExecutionFinder(store);
  const broken = createSampledWarning(runtime.log, runtime.world, 'streams of events were broken off');

  async function follow(c: Context, caller: Identity, correlationId?: string): Promise<Response> {
    const after = lastEventId(c.req.header('last-event-id'));
    if (after === undefined) return notAnId();
    const { connection } = c.env as { readonly connection: Connection | null };
    const followed = await events.streams.open({
      reader: callerName(caller),
      app: caller.kind === 'app' ? caller.name : null,
      ...(correlationId === undefined ? {} : { correlationId }),
      after,
      cut: (why) => {
        if (why === 'stalled') broken(why, { reader: caller.name });
        connection?.destroy();
      },
    });
    if (followed.outcome !== 'open') return refusal(followed);
    const { stream } = followed;
    if (c.req.method === 'HEAD') {
      stream.close();
      return respond(200, null, HEADERS);
    }
    connection?.onClose(stream.close);
    if (c.req.raw.signal.aborted) stream.close();
    return respond(
      200,
      body(stream, (error, controller) => {
        broken('failed', { reader: caller.name, reason: reasonOf(error) });
        if (connection === null) controller.error(error);
        else connection.destroy();
      }),
      HEADERS,
    );
  }

  return {
    ofOne: async (c, caller) => {
      const execution = await find(c, caller);
      return execution === undefined ? unknownExecution() : follow(c, caller, execution.correlationId);
    },
    ofAll: (c, caller) => follow(c, caller),
  };
}

/** Asks the stream for more when, and only when, what it gave before is on its way: a slow reader costs no memory. */
function body(stream: Stream, failed: Failed): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let told = stream.startsAfter;
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        // The place is told before there is any event: who loses the connection now misses nothing either.
        // promise: stream-resumes-from-start
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n${place(told)}`));
      },
      pull: async (controller) => {
        try {
          const step = await stream.next();
          if (cancelled) return;
          if (step.type === 'end') return controller.close();
          const text = step.type === 'entries' ? step.entries.map(event).join('') : ': all is well\n\n';
          const behind = (step.type === 'entries' ? step.entries.at(-1)?.id : told) ?? told;
          told = step.through;
          controller.enqueue(encoder.encode(told > behind ? text + place(told) : text));
        } catch (error) {
          failed(error, controller);
        }
      },
      cancel: () => {
        cancelled = true;
        stream.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** One event. JSON has no line breaks outside of strings, and JSON.stringify escapes those within. */
function event(entry: AuditEntry): string {
  return `id: ${entry.id}\nevent: ${entry.event}\ndata: ${JSON.stringify(representEvent(entry))}\n\n`;
}

/** No event, as it has no data: only moves what the reader will send as Last-Event-ID. */
function place(id: number): string {
  return `id: ${id}\n\n`;
}

/** Null when there is none, as an empty one says (WHATWG HTML, section 9.2.5); undefined when it is no whole number. */
function lastEventId(header: string | undefined): number | null | undefined {
  if (header === undefined || header === '') return null;
  return /^\d+$/.test(header) ? Number(header) : undefined;
}

function notAnId(): Response {
  return invalidHeader(
    'Last-Event-ID',
    'must be a whole number: send the id of the last event you received, or leave the header out',
  );
}

function refusal(followed: FollowRefusal): Response {
  switch (followed.outcome) {
    case 'future':
      return invalidHeader(
        'Last-Event-ID',
        `is from the future, the newest event is ${followed.newest}: send the id of the last event you received here, or leave the header out`,
      );
    case 'pruned':
      return problem(
        'events-pruned',
        `Events up to ${followed.oldest} are no longer kept, so some would be missing. Read GET /v1/executions to learn how things stand, then resume with Last-Event-ID: ${followed.oldest}.`,
        { members: { resumeAfter: followed.oldest } },
      );
    case 'too-many': {
      const whose = followed.bound === 'perReader' ? 'for you' : 'in all';
      return problem(
        'too-many-streams',
        `${followed.limit} streams are open ${whose}, and that is the limit. Close one, or follow all executions in one stream: GET /v1/events.`,
        { headers: { 'retry-after': String(RETRY_SECONDS), ...limited(followed.limit) } },
      );
    }
    case 'stopping':
      return problem('draining', 'No stream begins any more. Resume with the same Last-Event-ID later.', {
        headers: { 'retry-after': '5' },
      });
  }
}

/** IETF draft-ietf-httpapi-ratelimit-headers. */
function limited(limit: number): { readonly [name: string]: string } {
  return { 'ratelimit-policy': `"streams";q=${limit}`, ratelimit: `"streams";r=0;t=${RETRY_SECONDS}` };
}
