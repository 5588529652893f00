// The process that sends eight large bodies at a time to a receiver, without a pause, until it is asked for the responses.

import { APP_HEADERS } from '../servers/receiver.ts';
import { LARGE_BODIES, type LargeBody, type LargeBodyName } from './large-bodies.ts';

const CONCURRENT = 8;

/** Begins to send. `paths`: of callback URLs, each for one body. */
export interface Begin {
  readonly loud: LargeBodyName;
  readonly port: number;
  readonly paths: readonly string[];
}

export interface Stop {
  readonly loud: null;
}

export interface Ready {
  readonly loud: 'ready';
}

/** The number of responses by status. */
export interface Loud {
  readonly responses: Readonly<Record<string, number>>;
}

const bodies = new Map<LargeBody, Buffer>();
let stopping = new AbortController();

process.on('message', (message: Begin | Stop | object) => {
  if (!('loud' in message)) return;
  if (message.loud === null) stopping.abort();
  else void sendUntilStopped(message);
});
// The companion lets the process end when nothing else is to be done.
process.channel?.ref();
process.send?.({ loud: 'ready' } satisfies Ready);

async function sendUntilStopped({ loud, port, paths }: Begin): Promise<void> {
  stopping = new AbortController();
  const { signal } = stopping;
  const large: LargeBody = LARGE_BODIES[loud];
  const bytes = bodies.get(large) ?? Buffer.from(large.body);
  bodies.set(large, bytes);
  const headers = { 'content-type': 'application/json', ...(large.hasKey ? APP_HEADERS : {}) };
  const unused = paths.values();
  const responses: Record<string, number> = {};

  async function lane(): Promise<void> {
    while (!signal.aborted) {
      const path = large.path ?? unused.next().value;
      if (path === undefined) return;
      const status = await statusOf(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: bytes });
      responses[status] = (responses[status] ?? 0) + 1;
    }
  }

  await Promise.all(Array.from({ length: CONCURRENT }, lane));
  process.send?.({ responses } satisfies Loud);
}

/** A server may close the connection of a body that it refuses. */
async function statusOf(url: string, request: RequestInit): Promise<string> {
  try {
    const response = await fetch(url, request);
    await response.arrayBuffer();
    return String(response.status);
  } catch {
    return 'reset';
  }
}
