// The loop that counts executions from before the first roll-up: slice by slice, with progress in the log, until all are counted.

import { expect, test } from 'vitest';
import type { Facts, Log } from '../../src/lib/log.ts';
import { createHistoryCounter } from '../../src/workers/upkeep.ts';
import { createManualWorld, START } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

const ROUND = { signal: new AbortController().signal, spawn: () => {} };

test('counts in slices with pauses, logs how far it is, and rests when all are counted', async () => {
  const world = createManualWorld();
  const infos: { message: string; facts: Facts }[] = [];
  const log: Log = { ...quietLog(), info: (facts, message) => void infos.push({ message, facts }) };
  const left = [START + 2_000, START + 1_000, 0];
  let slices = 0;
  const store = {
    coverage: async () => ({ countedFrom: slices === 0 ? null : (left[slices - 1] ?? 0) }),
    countHistory: async () => {
      await world.advance(6_000);
      slices += 1;
      return { countedFrom: left[slices - 1] ?? 0 };
    },
  };
  const work = createHistoryCounter({ store, world, log });
  expect(await work(ROUND)).toBeGreaterThan(0);
  expect(await work(ROUND)).toBeGreaterThan(0);
  expect(infos).toMatchObject([
    {
      message: 'counting executions from before the roll-ups',
      facts: { countedFrom: '2026-01-01T00:00:01.000Z' },
    },
  ]);
  expect(await work(ROUND)).toBe(null);
  expect(infos[1]).toMatchObject({ message: 'the roll-ups count all executions' });
  expect(await work(ROUND)).toBe(null);
  expect(slices).toBe(3);
});

test('a file whose executions are all counted is not read', async () => {
  const fail = async () => {
    throw new Error('there is nothing to count');
  };
  const store = { coverage: async () => ({ countedFrom: 0 }), countHistory: fail };
  const work = createHistoryCounter({ store, world: createManualWorld(), log: quietLog() });
  expect(await work(ROUND)).toBe(null);
});
