// GET /console/signals: signals to an open page that what it shows has changed, as server-sent events.

import * as v from 'valibot';
import { PAGE_TOPICS, type PageStream, type PageSubject } from '../../usecases/follow-events/page-signals.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { noRoom } from '../executions/events.ts';
import { callerName } from '../middleware/identity.ts';
import { identifierFilter, readQuery, wordFilter } from '../request/list-parameters.ts';
import { eventStream } from '../response/event-stream.ts';
import { invalidInput } from '../response/problem.ts';
import type { PageHandler } from './list-page.ts';

const QUERY = v.object({
  topic: v.exactOptional(wordFilter(PAGE_TOPICS, 'A list.')),
  execution: identifierFilter('One execution.'),
});

export function createPageSignals({ events }: Pick<ConsoleDependencies, 'events'>): PageHandler {
  return async (c, caller) => {
    const query = readQuery(QUERY, new URL(c.req.url).searchParams);
    if (!query.valid) return invalidInput(query.errors, 'query parameter');
    const opened = events.streams.openPage(callerName(caller), subjectOf(query.value));
    if (opened.outcome !== 'open') return noRoom(opened);
    return eventStream(c, opened.stream.end, () => body(opened.stream));
  };
}

function subjectOf({ topic = 'executions', execution }: v.InferOutput<typeof QUERY>): PageSubject {
  return execution === undefined ? { topic } : { execution };
}

/** Sends the next signal only when the previous one has been taken, so that a slow page costs no memory. */
function body(stream: PageStream): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      // The first signal shows that no proxy keeps the stream back. The page may be older than the stream, so it reads once.
      start: (controller) => controller.enqueue(encoder.encode(event('changed'))),
      pull: async (controller) => {
        const signal = await stream.next();
        if (signal === 'end') controller.close();
        else controller.enqueue(encoder.encode(event(signal)));
      },
      cancel: stream.end,
    },
    { highWaterMark: 0 },
  );
}

/** An event without data would not be dispatched. */
function event(name: string): string {
  return `event: ${name}\ndata: ${name}\n\n`;
}
