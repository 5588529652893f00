// Streams of audit entries as server-sent events (WHATWG HTML, section 9.2): of one execution, or of all that the caller may see.

import type { Context } from 'hono';
import * as v from 'valibot';
import type { AuditEntry } from '../../execution/event.ts';
import { writeJson } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import { representEvent } from '../../execution/representation.ts';
import { longWorkSlice } from '../../lib/event-loop.ts';
import { onOneLine } from '../../lib/lines.ts';
import { reasonOf } from '../../lib/log.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { Stream } from '../../usecases/follow-events/stream.ts';
import type { FollowRefusal, NoRoom } from '../../usecases/follow-events/streams.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Connection } from '../fetch.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { reference } from '../openapi/components.ts';
import { STREAM } from '../openapi/examples.ts';
import { headers } from '../openapi/headers.ts';
import { queryParameters } from '../openapi/json-schema.ts';
import { type ApiOperation, parameter } from '../openapi/operation.ts';
import { onExecution } from '../request/find-execution.ts';
import { readQuery } from '../request/list-parameters.ts';
import { eventStream } from '../response/event-stream.ts';
import { createMaskingFor } from '../response/masking-for.ts';
import { invalidHeader, invalidInput, positionLost, problem } from '../response/problem.ts';
import { STREAM_EVENT } from './execution-schema.ts';

/** The time that a reader waits before it reconnects, in milliseconds. */
const RECONNECT_MS = 2_000;
/** The Retry-After when too many streams are open. A stream may end at any time. */
const RETRY_SECONDS = 30;

const POSITION = /^\d+$/;
const POSITION_RULE = 'must be a whole number: send the id of the last event you received';

const QUERY = v.object({
  lastEventId: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(POSITION, `${POSITION_RULE}, or leave it out`),
      v.metadata({
        description:
          'The same as `Last-Event-ID`, for replacements of EventSource that cannot send the header. If both are present, the header counts: a reader that reconnects keeps its first URL.',
        examples: ['42'],
      }),
    ),
  ),
});

const STREAMING = {
  method: 'get',
  tag: 'Live',
  access: 'anyone',
  stored: true,
  responses: {
    '200': {
      description:
        'Events as they happen, one for each audit entry: `id` is the id of the entry, `event` its kind, `data` the entry as JSON. An `id` alone moves the place from which to resume. Comments keep the connection alive.',
      headers: headers('X-Accel-Buffering', 'Content-Encoding'),
      content: {
        'text/event-stream': {
          schema: { type: 'string', contentMediaType: 'text/event-stream', contentSchema: reference(STREAM_EVENT) },
          examples: { ended: { value: STREAM } },
        },
      },
    },
  },
} as const;

export const followExecution: ApiOperation = {
  ...STREAMING,
  operationId: 'followExecution',
  path: '/v1/executions/{correlationId}/events',
  summary: 'Follow an execution',
  description: 'Server-sent events from the first audit entry, or after `Last-Event-ID`.',
  parameters: [parameter('CorrelationId'), parameter('LastEventId'), ...queryParameters(QUERY)],
  problems: [
    'invalid-header',
    'invalid-input',
    'not-found',
    'events-pruned',
    'position-lost',
    'too-many-streams',
    'draining',
  ],
  create: (deps) => {
    const follow = createFollower(deps);
    return onExecution(deps.store, ({ correlationId }, c, caller) => follow(c, caller, correlationId));
  },
};

export const followExecutions: ApiOperation = {
  ...STREAMING,
  operationId: 'followExecutions',
  path: '/v1/events',
  summary: 'Follow all your executions',
  description: 'Server-sent events from now on, or after `Last-Event-ID`. With an operator key: of all apps.',
  parameters: [parameter('LastEventId'), ...queryParameters(QUERY)],
  problems: ['invalid-header', 'invalid-input', 'events-pruned', 'position-lost', 'too-many-streams', 'draining'],
  create: (deps) => {
    const follow = createFollower(deps);
    return (c, caller) => follow(c, caller);
  },
};

function createFollower({ events, runtime, pages }: Pick<HttpDependencies, 'events' | 'runtime' | 'pages'>) {
  const maskingFor = createMaskingFor(pages.sensitiveFields);
  const broken = createSampledWarning(runtime.log, runtime.world, 'streams of events were broken off');

  return async (c: Context, caller: Identity, correlationId?: string): Promise<Response> => {
    const position = positionOf(c);
    if (position instanceof Response) return position;
    const { connection } = c.env as { readonly connection: Connection | null };
    const followed = await events.streams.open({
      reader: callerName(caller),
      app: caller.kind === 'app' ? caller.name : null,
      ...(correlationId === undefined ? {} : { correlationId }),
      after: position.after,
      cut: (why) => {
        if (why === 'stalled') broken(why, { reader: caller.name });
        connection?.destroy();
      },
    });
    if (followed.outcome !== 'open') return refusal(followed, position);
    const { stream } = followed;
    const failed: Failed = (error, controller) => {
      broken('failed', { reader: caller.name, reason: reasonOf(error) });
      if (connection === null) controller.error(error);
      else connection.destroy();
    };
    return eventStream(c, stream.close, () => body(stream, maskingFor(caller), failed));
  };
}

/** A step with as many entries is probably not the last of a reader that resumes. */
const MANY_ENTRIES = 50;
/** Characters of a step that quotes large results, after which callbacks come first. */
const MANY_CHARS = 64 * 1024;

type Failed = (error: unknown, controller: ReadableStreamDefaultController) => void;

/** Reads the next entries only when the previous ones have been sent, so that a slow reader costs no memory. */
function body(stream: Stream, masking: Masking, failed: Failed): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let position = stream.startsAfter;
  let cancelled = false;
  /** True while many entries follow: a reader that resumes is in no hurry. The first reading may be of any size. */
  let isBehind = true;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        // The position is sent before any event, so that a reader that disconnects early resumes without a gap.
        // promise: stream-resumes-from-start
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n${place(position)}`));
      },
      pull: async (controller) => {
        try {
          await longWorkSlice(isBehind);
          const step = await stream.next();
          if (cancelled) return;
          if (step.type === 'end') return controller.close();
          const text =
            step.type === 'entries'
              ? step.entries.map((entry) => event(masking.entry(entry))).join('')
              : ': all is well\n\n';
          isBehind = text.length >= MANY_CHARS || (step.type === 'entries' && step.entries.length >= MANY_ENTRIES);
          const behind = (step.type === 'entries' ? step.entries.at(-1)?.id : position) ?? position;
          position = step.through;
          controller.enqueue(encoder.encode(position > behind ? text + place(position) : text));
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

/** One event. Its JSON has no line breaks, which would end the data field. */
function event(entry: AuditEntry): string {
  return `id: ${entry.id}\nevent: ${entry.event}\ndata: ${onOneLine(writeJson(representEvent(entry)))}\n\n`;
}

/** Not an event, because it has no data: sets the id that the reader sends as Last-Event-ID. */
function place(id: number): string {
  return `id: ${id}\n\n`;
}

interface Position {
  /** Null for none. */
  readonly after: number | null;
  readonly source: 'header' | 'query';
}

/** Returns where to resume, or the response to an invalid position. An empty header counts as absent (WHATWG HTML, section 9.2.5). */
function positionOf(c: Context): Position | Response {
  const query = readQuery(QUERY, new URL(c.req.url).searchParams);
  if (!query.valid) return invalidInput(query.errors, 'query parameter');
  const header = c.req.header('last-event-id') ?? '';
  const { lastEventId = null } = query.value;
  // promise: last-event-id-header-wins
  if (header === '') return { after: lastEventId === null ? null : numberIn(lastEventId), source: 'query' };
  return POSITION.test(header)
    ? { after: numberIn(header), source: 'header' }
    : invalidHeader('Last-Event-ID', `${POSITION_RULE}, or leave the header out`);
}

/** A number beyond all ids is from the future, too: PostgreSQL refuses what its bigint does not hold. */
function numberIn(position: string): number {
  return Math.min(Number(position), Number.MAX_SAFE_INTEGER);
}

function refusal(followed: FollowRefusal, { source }: Position): Response {
  switch (followed.outcome) {
    case 'future': {
      const detail = `is from the future, the newest event is ${followed.newest}: send the id of the last event you received here, or leave it out`;
      return source === 'header'
        ? invalidHeader('Last-Event-ID', detail)
        : invalidInput([{ pointer: '#/lastEventId', detail }], 'query parameter');
    }
    case 'lost':
      return positionLost(`Events after ${followed.resumeAfter} were lost`, `Last-Event-ID: ${followed.resumeAfter}`, {
        resumeAfter: followed.resumeAfter,
      });
    case 'pruned':
      return problem(
        'events-pruned',
        `Events up to ${followed.oldest} are no longer kept, so some would be missing. Read GET /v1/executions to learn how things stand, then resume with Last-Event-ID: ${followed.oldest}.`,
        { members: { resumeAfter: followed.oldest } },
      );
    default:
      return noRoom(followed);
  }
}

/** Returns the response to a request for a stream that cannot be opened now. */
export function noRoom(refused: NoRoom): Response {
  if (refused.outcome === 'stopping') {
    return problem('draining', 'No stream begins any more. Resume with the same Last-Event-ID later.', {
      headers: { 'retry-after': '5' },
    });
  }
  const whose = refused.bound === 'perReader' ? 'for you' : 'in all';
  return problem(
    'too-many-streams',
    `${refused.limit} streams are open ${whose}, and that is the limit. Close one, or follow all executions in one stream: GET /v1/events.`,
    { headers: { 'retry-after': String(RETRY_SECONDS), ...limited(refused.limit) } },
  );
}

/** IETF draft-ietf-httpapi-ratelimit-headers. */
function limited(limit: number): { readonly [name: string]: string } {
  return { 'ratelimit-policy': `"streams";q=${limit}`, ratelimit: `"streams";r=0;t=${RETRY_SECONDS}` };
}
