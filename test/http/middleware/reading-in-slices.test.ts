// What operators read begins in turns of the event loop of its own, so that callbacks are answered in between.

import type { Context } from 'hono';
import { expect, test } from 'vitest';
import { createGuard } from '../../../src/http/middleware/authentication.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';

const KEYS = {
  alice: 'the-operator-key-0123456789',
  carol: 'the-reader-key-0123456789',
  shop: 'the-shop-key-0123456789',
};

function guard() {
  const access = {
    apps: [{ name: 'shop', key: KEYS.shop }],
    operators: [{ name: 'alice', key: KEYS.alice }],
    readers: [{ name: 'carol', key: KEYS.carol }],
    sessions: { identify: () => null },
    trustedProxies: 0,
  };
  const deps = { access, runtime: { log: quietLog(), world: createManualWorld() }, metrics: {} };
  return createGuard(deps as unknown as Parameters<typeof createGuard>[0]);
}

/** Asks twenty times at once. Returns the turns of the event loop in which the handler began. */
async function turnsOf(who: keyof typeof KEYS, method: string): Promise<number[]> {
  let turn = 0;
  let isOver = false;
  const next = () => {
    turn += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  const begun: number[] = [];
  const handle = guard().anyone(() => {
    begun.push(turn);
    return new Response();
  });
  const header = (name: string) => (name === 'authorization' ? `Bearer ${KEYS[who]}` : undefined);
  const c = { env: {}, req: { method, header, raw: new Request('http://receiver.example') } };
  await Promise.all(Array.from({ length: 20 }, () => handle(c as unknown as Context)));
  isOver = true;
  return begun;
}

test.each(['alice', 'carol'] as const)(
  'twenty requests of %s begin in twenty turns, with others between them',
  async (who) => {
    const begun = await turnsOf(who, 'GET');
    expect(new Set(begun).size).toBe(20);
    expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeGreaterThanOrEqual(3 * 19);
  },
);

test('apps, and what operators change, do not wait', async () => {
  expect(await turnsOf('shop', 'GET')).toEqual(Array(20).fill(0));
  expect(await turnsOf('alice', 'POST')).toEqual(Array(20).fill(0));
});
