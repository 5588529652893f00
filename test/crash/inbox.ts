// An app's endpoint for notifications that outlives every crash of the receiver and keeps each notification.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Dice } from '../../src/simulator/dice.ts';

/** The received notifications, by webhook-id. */
export interface Taken {
  readonly correlationId: string;
  readonly status: string;
  /** The number of deliveries. */
  times: number;
}

export interface Inbox {
  /** Its address, which NOTIFY_ALLOWED_HOSTS allows. */
  readonly origin: string;
  /** All deliveries that it answered with 2xx. */
  readonly taken: ReadonlyMap<string, Taken>;
  /** Notifications that must not exist. */
  readonly oddities: readonly string[];
  /** From now on it accepts every delivery. */
  settleDown(): void;
}

/** The share of deliveries that it refuses or drops: small enough that it does not count as dead. */
const REFUSED = 0.03;
const CUT_OFF = 0.02;

/** Without a random source it accepts every delivery. */
export async function openInbox(dice: Dice | null = null): Promise<Inbox> {
  const taken = new Map<string, Taken>();
  const oddities: string[] = [];
  let moods = dice;
  let requests = 0;

  function take(id: string, body: string): void {
    const { data } = JSON.parse(body) as { data: Taken };
    const { correlationId, status } = data;
    const known = taken.get(id) ?? { correlationId, status, times: 0 };
    if (known.correlationId !== correlationId || known.status !== status) {
      oddities.push(`${id} reported ${known.correlationId} ${known.status}, then of ${correlationId} ${status}`);
    }
    if (id.endsWith('_late') && !taken.has(id.replace('_late', '_ended'))) {
      oddities.push(`${correlationId} got its late result before its outcome`);
    }
    known.times += 1;
    taken.set(id, known);
  }

  function answer(id: string, body: string, response: ServerResponse): void {
    requests += 1;
    const mood = moods?.roll('mood', requests) ?? 1;
    if (mood < CUT_OFF) response.destroy();
    else if (mood < CUT_OFF + REFUSED) response.writeHead(503).end();
    else {
      take(id, body);
      response.writeHead(204).end();
    }
  }

  const server = createServer(async (request, response) => {
    // A receiver that is killed while it writes leaves half a request, which does not count.
    const body = await text(request).catch(() => null);
    if (body !== null) answer(String(request.headers['webhook-id']), body, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    oddities,
    settleDown: () => {
      moods = null;
    },
  };
}
