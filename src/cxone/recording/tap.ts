// Observes fetch: reports each request with its response once the response is complete.

import { failureReason } from '../../lib/http/failure.ts';
import type { World } from '../../lib/world.ts';
import type { Fetcher } from '../transport.ts';

/** The rest of a longer response is passed on, but not recorded. */
const MAX_SEEN_BYTES = 256 * 1024;

/** One request and its response, including secrets. */
export interface RecordedExchange {
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly answer: RecordedResponse | null;
  /** Why there is no response; null if there is one. */
  readonly failure: string | null;
}

export interface RecordedResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The part that the caller read. */
  readonly body: Uint8Array;
}

/** Returns a fetcher that reports each exchange to `report`, which must not throw. */
export function withTap(
  fetcher: Fetcher,
  world: Pick<World, 'now' | 'elapsed'>,
  report: (seen: RecordedExchange) => void,
): Fetcher {
  return {
    ...fetcher,
    fetch: async (input, init) => {
      const startedAt = world.now();
      const begun = world.elapsed();
      const request = {
        startedAt,
        method: init?.method ?? 'GET',
        url: input instanceof Request ? input.url : String(input),
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? init.body : null,
      };
      const finish = (rest: Pick<RecordedExchange, 'answer' | 'failure'>) =>
        report({ ...request, durationMs: Math.round(world.elapsed() - begun), ...rest });
      try {
        const response = await fetcher.fetch(input, init);
        return withBodyTap(response, (body) =>
          finish({ answer: { status: response.status, headers: response.headers, body }, failure: null }),
        );
      } catch (error) {
        finish({ answer: null, failure: failureReason(error) });
        throw error;
      }
    },
  };
}

/**
 * Returns the same response; `onEnd` receives the part of its body that was read, when reading ends. Not as a `Response`, which takes
 * no body with 204 and no status above 599.
 */
function withBodyTap({ body, status, statusText, headers }: Response, onEnd: (body: Uint8Array) => void): Response {
  async function* passing() {
    const seen: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const chunk of body ?? []) {
        if (length < MAX_SEEN_BYTES) seen.push(chunk);
        length += chunk.length;
        yield chunk;
      }
    } finally {
      onEnd(Buffer.concat(seen).subarray(0, MAX_SEEN_BYTES));
    }
  }
  return { status, statusText, headers, body: passing() } as unknown as Response;
}
