// Callback health: equal from the roll-ups and from the executions, and a warning when callbacks are missing.

import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Log } from '../../../src/lib/log.ts';
import type { World } from '../../../src/lib/world.ts';
import { arrivalGroupOf, createChannelCounts } from '../../../src/stats/callback-health/channels.ts';
import { healthOf, missingIn } from '../../../src/stats/callback-health/health.ts';
import { createCallbackHealthMonitor } from '../../../src/stats/callback-health/monitor.ts';
import { observeAll } from '../../../src/stats/observe-all.ts';
import { createAdvisor } from '../../../src/stats/timing-advice/advise.ts';
import type { Observation } from '../../../src/store/observations-port.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { callback, completed } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { type Life, live } from '../../support/lives.ts';
import { createManualWorld, START } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

const HOUR = 3_600_000;
const ROUND = { signal: new AbortController().signal, spawn: () => {} };

function openStore(path: string, world: World, log: Log) {
  return createSqliteStore({ path, world, log, fatal });
}

function setUp() {
  const world = createManualWorld(1, START);
  const log = quietLog();
  const path = temporaryDatabase();
  const store = openStore(path, world, log);
  const monitored = () => createCallbackHealthMonitor({ store, world, log });
  const many = async (life: Life, count: number, at: number, actionId = 'charge') => {
    await Promise.all(Array.from({ length: count }, (_, i) => live(store, life, at + i, { actionId })));
  };
  return { world, log, path, store, monitored, many };
}

const LIVES: readonly [Life, number][] = [
  ['callback', 20],
  ['poll', 2],
  ['called-back-later', 3],
  ['polled-too', 4],
  ['timeout', 1],
  ['late', 2],
  ['not-found', 1],
  ['hinted', 2],
  ['cancelled', 5],
  ['refused', 5],
  ['pending', 1],
  ['queued', 1],
];

test('each hour counts outcomes by channel, missing and late callbacks, and the skew of callback and poll', async () => {
  const { world, store, monitored, many } = setUp();
  for (const [life, count] of LIVES) await many(life, count, START);
  await world.advance(HOUR / 2);
  const { hours, countedFrom } = await monitored().health();
  expect(countedFrom).toBe(null);
  const [hour, ...others] = hours;
  expect(others).toEqual([]);
  expect(hour).toEqual({
    actionId: 'charge',
    hour: new Date(START).toISOString(),
    byCallback: 24,
    byPoll: 8,
    bySubmit: 0,
    timedOut: 3,
    missed: 9,
    calledBackLater: 5,
    missedShare: 9 / 35,
    skewMs: { count: 9, p50: -100, p95: 2_000, max: 2_000 },
    verdict: 'well',
  });
  await store.close();
});

test('the roll-ups and the executions themselves give the same hours', async () => {
  const { world, store, monitored, many } = setUp();
  for (const [life, count] of LIVES) await many(life, count, START);
  await many('callback', 30, START + 3 * HOUR, 'other');
  await world.advance(4 * HOUR);
  const open = await live(store, 'pending', world.now() - 5_000, { actionId: 'other' });
  await store.record(open.reference, callback(completed()), world.now());
  await many('poll', 3, world.now(), 'other');
  await world.advance(60_000);
  const { hours } = await monitored().health();
  expect(hours).toHaveLength(3);

  const book = createChannelCounts();
  const take = (observation: Observation) => {
    const group = arrivalGroupOf(observation);
    if (group !== null) book.add(group);
  };
  await observeAll(store, { from: 0, to: world.now() }, take, async () => {});
  const counts = book.all();
  expect(healthOf({ counts, missing: missingIn(counts) }, START, world.now()).hours).toEqual(hours);
  await store.close();
});

test('while earlier executions are being counted, it states since when it counts, and does not warn', async () => {
  const { world, log, path, store, many } = setUp();
  await many('callback', 100, START - 20 * HOUR);
  await many('poll', 40, START);
  await store.close();
  const client = new Database(path);
  client.exec('DELETE FROM rollup_state');
  for (const table of ['submitted', 'outcomes', 'ended', 'sample']) client.exec(`DELETE FROM rollup_${table}`);
  client.close();

  const again = openStore(path, world, log);
  const monitor = createCallbackHealthMonitor({ store: again, world, log });
  expect(await monitor.health()).toMatchObject({ countedFrom: world.now(), hours: [] });
  await again.countHistory(50);
  await world.advance(60_000);
  const { countedFrom, hours } = await monitor.health();
  expect(countedFrom).toBeGreaterThan(START - 20 * HOUR);
  expect(countedFrom).toBeLessThan(START);
  expect(hours).toMatchObject([{ byCallback: 10 }, { byPoll: 40, missed: 40 }]);
  await monitor.work(ROUND);
  expect(log.lines).toEqual([]);
  await again.countHistory(500);
  expect((await monitor.health()).countedFrom).toBe(null);
  await monitor.work(ROUND);
  expect(log.lines).toHaveLength(1);
  await again.close();
});

test('missing callbacks cause one warning for the action and hour, with the numbers to judge by', async () => {
  const { world, log, store, monitored, many } = setUp();
  await many('callback', 198, START - 20 * HOUR);
  await many('poll', 2, START - 20 * HOUR);
  await many('callback', 40, START - 10 * HOUR, 'other');
  const monitor = monitored();
  await many('callback', 10, START);
  await many('poll', 10, START);
  await many('callback', 30, START, 'other');
  await world.advance(60_000);
  for (let i = 0; i < 5; i += 1) await monitor.work(ROUND);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'more callbacks are missing than usual',
      facts: {
        action: 'charge',
        hour: new Date(START).toISOString(),
        missed: 10,
        outcomes: 20,
        missedBefore: 2,
        outcomesBefore: 200,
      },
    },
  ]);
  expect((await monitor.health()).alerts.map(({ message }) => message)).toEqual([
    'charge: 50 % of the callbacks are missing in the hour from 2026-01-01T00:00:00.000Z (10 of 20), against 1 % in the 7 days before',
  ]);
  await store.close();
});

test('with unverified callbacks, a poll that one of them caused is not a missing callback', async () => {
  const { world, store, monitored, many } = setUp();
  await many('hinted', 30, START);
  await world.advance(60_000);
  expect((await monitored().health()).hours).toMatchObject([{ byPoll: 30, missed: 0, calledBackLater: 0 }]);
  await store.close();
});

test('the page shows advice from the last days, reads them again after ten minutes, and never waits for it', async () => {
  const { world, store, many } = setUp();
  await many('callback', 60, START - HOUR);
  const { latest, settled } = createAdvisor({ store, world, log: quietLog(), pollIntervalMs: 2_000 });
  expect(latest()).toBeNull();
  await settled();
  expect(latest()).toMatchObject([{ actionId: 'charge', executions: 60, confidence: 'low' }]);
  await many('callback', 60, START - HOUR, 'other');
  await settled();
  expect(latest()).toHaveLength(1);
  await world.advance(600_000);
  // No request waits: this one has the advice of before, and causes the next.
  expect(latest()).toHaveLength(1);
  await settled();
  expect(latest()).toHaveLength(2);
  await store.close();
});
