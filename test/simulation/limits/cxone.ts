// A CXone that accepts everything, and counts the requests by the time of the simulation.

import type { World } from '../../../src/lib/world.ts';

export interface Arrival {
  /** By `elapsed`, milliseconds. */
  readonly at: number;
  readonly call: 'token' | 'execute' | 'poll';
  /** The receiver that made it. */
  readonly by: string;
  /** Of an execute; null for the others. */
  readonly app: string | null;
  readonly correlationId: string | null;
}

export interface CountingCxone {
  readonly arrivals: readonly Arrival[];
  /** The Retry-After of the token endpoint, which then gives no token; null: it gives one. */
  tokenRetryAfterSeconds: number | null;
  fetch(by: string, url: string, body: unknown): Promise<Response>;
}

const LATENCY_MS = 5;

function callOf(url: string): Arrival['call'] {
  if (url.includes('/token')) return 'token';
  return url.endsWith('/execute') ? 'execute' : 'poll';
}

export function createCountingCxone(world: Pick<World, 'elapsed' | 'sleep'>): CountingCxone {
  const arrivals: Arrival[] = [];
  const json = (body: object) =>
    new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });

  function answer(call: Arrival['call']): Response {
    switch (call) {
      case 'token':
        if (cxone.tokenRetryAfterSeconds !== null) {
          return new Response('', { status: 429, headers: { 'retry-after': String(cxone.tokenRetryAfterSeconds) } });
        }
        return json({ access_token: 'the-token', token_type: 'bearer', expires_in: 3_600 });
      case 'execute':
        return json({ executionId: `cx-${arrivals.length}`, status: 'RUNNING' });
      case 'poll':
        return json({ status: 'RUNNING' });
      default:
        return call satisfies never;
    }
  }

  const cxone: CountingCxone = {
    arrivals,
    tokenRetryAfterSeconds: null,
    fetch: async (by, url, body) => {
      const call = callOf(url);
      const { inputs } = (call === 'execute' ? JSON.parse(String(body)) : {}) as {
        inputs?: { app: string; id: string };
      };
      arrivals.push({ at: world.elapsed(), call, by, app: inputs?.app ?? null, correlationId: inputs?.id ?? null });
      await world.sleep(LATENCY_MS);
      return answer(call);
    },
  };
  return cxone;
}

/** Returns the most requests that arrived within a second, wherever it begins. */
export function mostInASecond(arrivals: readonly Arrival[]): number {
  const times = arrivals.map(({ at }) => at).toSorted((one, other) => one - other);
  let first = 0;
  let most = 0;
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) <= at - 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
