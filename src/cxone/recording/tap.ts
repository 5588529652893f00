// Looks on at what goes over the wire: each request with its answer, told when the answer is all there.

import { failureReason } from '../../lib/http/failure-reason.ts';
import type { World } from '../../lib/world.ts';
import type { Fetcher } from '../transport.ts';

/** More of an answer is passed on, but not looked at. */
const MAX_SEEN_BYTES = 256 * 1024;

/** One request and what came of it, with everything that is secret in it. */
export interface RecordedExchange {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly answer: RecordedResponse | null;
  /** Why there is no answer; null when there is one. */
  readonly failure: string | null;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: Headers;
  /** As far as somebody read it. */
  readonly body: Uint8Array;
}

/** The same fetcher; `tell` hears of each exchange and must not throw. */
export function withTap(fetcher: Fetcher, world: Pick<World, 'now'>, tell: (seen: RecordedExchange) => void): Fetcher {
  return {
    ...fetcher,
    fetch: async (input, init) => {
      const startedAt = world.now();
      const asked = {
        startedAt,
        method: init?.method ?? 'GET',
        url: input instanceof Request ? input.url : String(input),
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? init.body : null,
      };
      const over = (rest: Pick<RecordedExchange, 'answer' | 'failure'>) =>
        tell({ ...asked, durationMs: Math.max(0, world.now() - startedAt), ...rest });
      try {
        const response = await fetcher.fetch(input, init);
        return looking(response, (body) =>
          over({ answer: { status: response.status, headers: response.headers, body }, failure: null }),
        );
      } catch (error) {
        over({ answer: null, failure: failureReason(error) });
        throw error;
      }
    },
  };
}

/** The same response; what is read of its body is told once nobody reads on. */
function looking({ body, status, statusText, headers }: Response, told: (body: Uint8Array) => void): Response {
  if (body === null) {
    told(new Uint8Array());
    return new Response(null, { status, statusText, headers });
  }
  async function* passing(source: ReadableStream<Uint8Array>) {
    const seen: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of source) {
        if (length < MAX_SEEN_BYTES) seen.push(chunk);
        length += chunk.length;
        yield chunk;
      }
    } finally {
      told(Buffer.concat(seen).subarray(0, MAX_SEEN_BYTES));
    }
  }
  return new Response(ReadableStream.from(passing(body)), { status, statusText, headers });
}
