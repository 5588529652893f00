// A client with scripted responses, in a world whose clock the test advances.

import { createClient } from '../../src/client/client.ts';
import type { ClientOptions } from '../../src/client/connection.ts';
import { createManualWorld, type ManualWorld } from '../support/manual-world.ts';

export const KEY = 'the-key-of-an-app-0123';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, member by member
  readonly body: any;
  readonly signal: AbortSignal | null;
  readonly at: number;
}

/** The last response repeats. */
type Reply = Response | Error | 'hang' | ((sent: Sent) => Response | Promise<Response>);

export interface Scene {
  readonly world: ManualWorld;
  readonly client: ReturnType<typeof createClient>;
  readonly sent: Sent[];
  /** Advances the clock until the promise is settled. */
  settled<T>(promise: Promise<T>, stepMs?: number): Promise<T>;
}

export function against(replies: readonly Reply[], options: Partial<ClientOptions> = {}): Scene {
  const world = createManualWorld();
  const sent: Sent[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(String(url));
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : null;
    const { method = 'GET', signal = null } = init;
    const request = {
      method,
      path: pathname + search,
      headers: new Headers(init.headers),
      body,
      signal,
      at: world.now(),
    };
    const reply = replies[Math.min(sent.push(request), replies.length) - 1];
    if (reply === 'hang') return await cutOff(signal);
    if (reply instanceof Error) throw reply;
    return typeof reply === 'function' ? await reply(request) : (reply?.clone() ?? Response.error());
  };
  return {
    world,
    sent,
    client: createClient({ baseUrl: 'http://receiver.example', key: KEY, fetch, surroundings: world, ...options }),
    settled: async (promise, stepMs = 100) => {
      let done = false;
      const end = promise.finally(() => {
        done = true;
      });
      // The caller handles the rejection; this loop only waits.
      end.catch(() => {});
      for (let steps = 0; !done && steps < 10_000; steps += 1) await world.advance(stepMs);
      return await end;
    },
  };
}

function cutOff(signal: AbortSignal | null): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

export const NETWORK_ERROR = new TypeError('fetch failed', {
  cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
});

export function execution(more: object = {}): object {
  return { correlationId: 'order-1', status: 'QUEUED', resolvedAt: null, ...more };
}

export const ENDED = { status: 'COMPLETED', resolvedBy: 'callback', resolvedAt: '2026-01-01T00:00:01.000Z' };

export function response(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function problem(
  name: string,
  status: number,
  headers: Record<string, string> = {},
  more: object = {},
): Response {
  const type = `urn:cxone-callback-receiver:problem:${name}`;
  return response(status, { type, title: 'A title', status, detail: 'What is wrong.', ...more }, headers);
}
