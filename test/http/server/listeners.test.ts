// What the receiver listens on: one place or two, and sockets that are handed to it only when they fit.

import { describe, expect, onTestFinished, test } from 'vitest';
import { createConnectionCounts } from '../../../src/http/server/connection-pool.ts';
import { type ListenersOptions, openListeners } from '../../../src/http/server/listeners.ts';
import type { Listening } from '../../../src/http/server/server.ts';
import { inheritedSockets } from '../../../src/http/server/socket-activation.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';

const OPTIONS: ListenersOptions = {
  host: '127.0.0.1',
  port: 0,
  callbackPort: null,
  tls: null,
  publicUrl: 'https://receiver.example.com',
  trustedProxies: 0,
  sockets: [],
  now: () => 0,
  log: quietLog(),
  connections: createConnectionCounts(quietLog(), createManualWorld()),
  maxConnections: 100,
};

async function open(options: Partial<ListenersOptions> = {}) {
  const listeners = await openListeners((surface) => () => new Response(surface), { ...OPTIONS, ...options });
  onTestFinished(() => listeners.close(0));
  return listeners;
}

/** Replaces listening on an inherited socket: reports the requested addresses and the closed ones. */
function fake(ports: readonly number[]) {
  const asked: (number | undefined)[] = [];
  const closed: number[] = [];
  const listen: ListenersOptions['open'] = async (_, { socket }) => {
    const port = ports[asked.push(socket) - 1] ?? 0;
    const close = async () => void closed.push(port);
    return { url: `http://127.0.0.1:${port}`, port, renew: () => {}, close } satisfies Listening;
  };
  return { asked, closed, listen };
}

const textOf = async (url: string) => (await fetch(url)).text();

describe('on addresses of its own', () => {
  test('everything is in one place unless the webhook is set apart', async () => {
    const together = await open();
    expect(together.webhookUrl).toBe(together.url);
    expect(await textOf(together.url)).toBe('everything');
    const apart = await open({ callbackPort: 0 });
    expect([await textOf(apart.url), await textOf(apart.webhookUrl)]).toEqual(['apps', 'webhook']);
  });

  test('when the second place is taken the first is given up', async () => {
    const first = await open();
    const { port } = new URL(first.url);
    await expect(open({ callbackPort: Number(port) })).rejects.toThrow('EADDRINUSE');
  });
});

describe('on sockets that it is handed', () => {
  test('the first is for everything or for apps, the second for the webhook', async () => {
    const two = fake([8080, 8081]);
    await open({ port: 8080, callbackPort: 8081, sockets: [3, 4], open: two.listen });
    expect(two.asked).toEqual([3, 4]);
  });

  test('more or fewer than it needs are refused before any is used', async () => {
    for (const [callbackPort, sockets, needed] of [
      [null, [3, 4], 'PORT'],
      [8081, [3], 'PORT, CALLBACK_PORT'],
    ] as const) {
      const none = fake([]);
      await expect(open({ callbackPort, sockets, open: none.listen })).rejects.toThrow(`each of: ${needed};`);
      expect(none.asked).toEqual([]);
    }
  });

  test('one on another port than the variable says is refused and named, and all are let go of', async () => {
    const two = fake([8080, 9999]);
    const opening = open({ port: 8080, callbackPort: 8081, sockets: [3, 4], open: two.listen });
    await expect(opening).rejects.toThrow('has port 9999: set CALLBACK_PORT to that');
    expect(two.closed).toEqual([8080, 9999]);
  });
});

describe('what was handed', () => {
  test('is counted from 3, if it is meant for this process', () => {
    expect(inheritedSockets({ LISTEN_PID: '42', LISTEN_FDS: '2' }, 42)).toEqual([3, 4]);
    expect(inheritedSockets({ LISTEN_PID: '41', LISTEN_FDS: '2' }, 42)).toEqual([]);
    expect(inheritedSockets({}, 42)).toEqual([]);
  });

  test('must be a number of sockets', () => {
    for (const LISTEN_FDS of ['', '0', '-1', 'x', '99999']) {
      expect(() => inheritedSockets({ LISTEN_PID: '42', LISTEN_FDS }, 42)).toThrow('LISTEN_FDS');
    }
  });
});
