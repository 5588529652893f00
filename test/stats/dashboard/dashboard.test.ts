// The dashboard: its counts, a start without lost or doubled counts, and its bounded size.

import { describe, expect, test } from 'vitest';
import {
  createDashboard,
  LAST_DAY,
  LAST_HOUR,
  MAX_ACTIONS,
  OTHER_ACTIONS,
} from '../../../src/stats/dashboard/dashboard.ts';
import { createHistogram, merge, observe, percentile } from '../../../src/stats/dashboard/histogram.ts';
import { createTimeSeries, sumOf } from '../../../src/stats/dashboard/time-series.ts';
import { followTrail, type TrailFollower } from '../../../src/stats/trail-follower.ts';
import type { Store } from '../../../src/store/port.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import type { StatisticsEntry } from '../../../src/store/statistics-port.ts';
import { anExecution, callback, completed, NOON, polled, RUNNING, submitted } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROUND = { signal: new AbortController().signal, spawn: () => {} };

async function readHistory(trail: TrailFollower): Promise<number> {
  for (let rounds = 1; ; rounds += 1) {
    await trail.work(ROUND);
    if (trail.complete()) return rounds;
  }
}

interface Life {
  readonly at?: number;
  readonly actionId?: string;
  readonly end?: 'callback' | 'poll' | 'cancel';
  readonly took?: number;
}

/** One execution from its submission to its outcome. */
async function live(
  store: Store,
  { at = NOON, actionId = 'charge', end = 'callback', took = 1000 }: Life,
): Promise<void> {
  const execution = anExecution({ actionId }, at);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
  await store.claimDispatches(1, at);
  await store.record(execution.reference, submitted({ executionId: execution.correlationId, latencyMs: 50 }), at);
  const events = {
    callback: callback(completed()),
    poll: polled(completed(), { latencyMs: 50 }),
    cancel: { type: 'cancelled', by: 'app:shop' },
  } as const;
  await store.record(execution.reference, events[end], at + took);
}

const times = (count: number, work: () => Promise<void>) => Promise.all(Array.from({ length: count }, work));

function openStore() {
  const path = temporaryDatabase();
  return createSqliteStore({ path, world: createManualWorld(), log: quietLog(), fatal });
}

async function started({ store = openStore(), now = NOON } = {}) {
  const trail = await followTrail(store, now);
  return { store, trail, dashboard: createDashboard(trail, () => now) };
}

async function ready(now = NOON) {
  const all = await started({ now });
  await readHistory(all.trail);
  return all;
}

describe('the dashboard counts', () => {
  test('submissions, and outcomes by status, resolver and channel, in the minute in which they happened', async () => {
    const { store, dashboard } = await ready();
    await live(store, { at: NOON - 5 * MINUTE });
    await live(store, { end: 'poll' });
    await live(store, { end: 'cancel' });
    const { steps, ...all } = await dashboard.overview(LAST_HOUR);
    expect(all).toMatchObject({ submitted: 3, ended: 3, late: 0, complete: true });
    expect(all.byResolver).toEqual({ callback: 1, poll: 1, submit: 0, deadline: 0, cancel: 1 });
    expect(all.byChannel).toEqual({ callback: 1, poll: 1, submit: 0, timeout: 0 });
    expect(all.byStatus).toMatchObject({ COMPLETED: 2, CANCELLED: 1 });
    expect(dashboard.missedCallbackShare()).toBe(0.5);
    const busy = steps.filter(({ submitted }) => submitted > 0);
    expect(busy.map(({ at, submitted }) => [at, submitted])).toEqual([
      [NOON - 5 * MINUTE, 1],
      [NOON, 2],
    ]);
  });

  test('the duration of executions, the duration at CXone, and the longest time until a polled result was noticed', async () => {
    const { store, dashboard } = await ready();
    await live(store, { took: 1000 });
    await live(store, { end: 'poll', took: 8000 });
    const { total, upstream, detectionLag } = await dashboard.overview(LAST_HOUR);
    expect([total.count, upstream.count, detectionLag.count]).toEqual([2, 3, 1]);
    expect(near(total.p50, 1000) && near(total.p95, 8000) && near(upstream.p50, 50)).toBe(true);
    expect(near(detectionLag.p99, 8050)).toBe(true);
  });

  test('the lag from the last report of CXone that the execution is running', async () => {
    const { store, dashboard } = await ready();
    const execution = anExecution({}, NOON);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.claimDispatches(1, NOON);
    await store.record(execution.reference, submitted({}), NOON);
    await store.record(execution.reference, polled(RUNNING), NOON + 10_000);
    await store.record(execution.reference, polled(completed()), NOON + 12_000);
    expect(near((await dashboard.overview(LAST_HOUR)).detectionLag.p50, 2000)).toBe(true);
  });

  test('no outcome twice, when another one or a repetition follows', async () => {
    const { store, dashboard } = await ready();
    const execution = anExecution({}, NOON);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    for (let again = 0; again < 3; again += 1) await store.record(execution.reference, callback(completed()), NOON);
    await store.record(execution.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
    expect((await dashboard.overview(LAST_HOUR)).ended).toBe(1);
  });

  test('the same for two receivers on one store', async () => {
    const one = await ready();
    const other = await started({ store: one.store });
    await live(one.store, {});
    await readHistory(other.trail);
    await live(one.store, { end: 'poll' });
    const shown = await one.dashboard.overview(LAST_HOUR);
    expect(shown.ended).toBe(2);
    expect(await other.dashboard.overview(LAST_HOUR)).toEqual(shown);
  });
});

describe('at the start', () => {
  test('history is read in small batches', async () => {
    const store = openStore();
    await times(300, () => live(store, {}));
    const { trail, dashboard } = await started({ store });
    expect(await dashboard.overview(LAST_HOUR)).toMatchObject({ submitted: 0, complete: false });
    expect(await readHistory(trail)).toBeGreaterThan(3);
    expect(await dashboard.overview(LAST_HOUR)).toMatchObject({ submitted: 300, ended: 300, complete: true });
  });

  test('events that happen meanwhile are counted once, also with simultaneous readers', async () => {
    const store = openStore();
    await times(200, () => live(store, {}));
    const { trail, dashboard } = await started({ store });
    const fresh: boolean[] = [];
    trail.follow((_entry, isNew) => fresh.push(isNew));
    while (!trail.complete()) {
      await live(store, {});
      await Promise.all([trail.work(ROUND), trail.catchUp(), trail.work(ROUND)]);
    }
    await live(store, {});
    await Promise.all([trail.catchUp(), trail.work(ROUND), trail.catchUp()]);
    const { items } = await store.list({ app: null, limit: 1000 });
    expect(await dashboard.overview(LAST_HOUR)).toMatchObject({ submitted: items.length, ended: items.length });
    expect(fresh.filter((isNew) => isNew)).toHaveLength((items.length - 200) * 4);
  });

  test('an entry that is committed while others are read is counted, in its order', async () => {
    const store = openStore();
    let release = () => {};
    let gate = Promise.resolve();
    const statisticsAfter: typeof store.statisticsAfter = async (after, limit) => {
      const page = await store.statisticsAfter(after, limit);
      await gate;
      return page;
    };
    const trail = await followTrail({ ...store, statisticsAfter }, NOON);
    const ids: number[] = [];
    trail.follow(({ id }) => ids.push(id));
    await readHistory(trail);
    gate = new Promise((resolve) => {
      release = resolve;
    });
    const reading = trail.work(ROUND);
    await live(store, {});
    release();
    await reading;
    await live(store, { end: 'poll' });
    await live(store, {});
    await trail.catchUp();
    expect(ids).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test('events older than a day are left out', async () => {
    const store = openStore();
    await live(store, { at: NOON - 25 * HOUR });
    await live(store, { at: NOON - 2 * HOUR });
    const { trail, dashboard } = await started({ store });
    await readHistory(trail);
    expect((await dashboard.overview(LAST_HOUR)).submitted).toBe(0);
    expect((await dashboard.overview(LAST_DAY)).submitted).toBe(1);
  });

  test('a start reads no entries of before the last day', async () => {
    const store = openStore();
    for (let hours = 60; hours > 20; hours -= 1) await live(store, { at: NOON - hours * HOUR });
    const { trail } = await started({ store });
    const times: number[] = [];
    trail.follow(({ timestamp }) => times.push(timestamp));
    await readHistory(trail);
    expect(Math.min(...times)).toBe(NOON - 25 * HOUR);
    expect(times).toHaveLength(5 * 4);
  });

  test('a day with more entries than a start reads is said to be counted from the first one that is read', async () => {
    const store = openStore();
    for (let minutes = 50; minutes > 30; minutes -= 1) await live(store, { at: NOON - minutes * MINUTE });
    const counted = async (maxHistory: number) => {
      const trail = await followTrail(store, NOON, maxHistory);
      const dashboard = createDashboard(trail, () => NOON);
      await readHistory(trail);
      const { submitted, countedFrom } = await dashboard.overview(LAST_HOUR);
      return { submitted, countedFrom };
    };
    expect(await counted(5 * 4)).toEqual({ submitted: 5, countedFrom: NOON - 35 * MINUTE });
    expect(await counted(20 * 4)).toEqual({ submitted: 20, countedFrom: null });
  });
});

describe('by action', () => {
  test('the busiest are first, over the hour and over the day', async () => {
    const { store, dashboard } = await ready();
    await live(store, { actionId: 'rare' });
    for (let count = 0; count < 3; count += 1) await live(store, { actionId: 'often' });
    await live(store, { actionId: 'earlier', at: NOON - 3 * HOUR });
    const names = async (range = LAST_HOUR) =>
      (await dashboard.overview(range)).actions.map(({ actionId }) => actionId);
    expect(await names()).toEqual(['often', 'rare']);
    expect((await names(LAST_DAY)).sort()).toEqual(['earlier', 'often', 'rare']);
  });

  test('a bounded number is counted separately, and the others together', async () => {
    const { store, dashboard } = await ready();
    for (let count = 0; count < MAX_ACTIONS + 2; count += 1) await live(store, { actionId: `action-${count}` });
    const { actions } = await dashboard.overview(LAST_HOUR);
    expect(actions).toHaveLength(MAX_ACTIONS + 1);
    expect(actions.at(-1)).toMatchObject({ actionId: OTHER_ACTIONS, submitted: 2 });
  });

  test('an action that was not used for a day yields its place to a new one', async () => {
    let now = NOON;
    const store = openStore();
    const trail = await followTrail(store, now);
    const dashboard = createDashboard(trail, () => now);
    await readHistory(trail);
    const named = async () => (await dashboard.overview(LAST_DAY)).actions.map(({ actionId }) => actionId);
    for (let count = 0; count <= MAX_ACTIONS; count += 1) await live(store, { actionId: `first-${count}` });
    expect(await named()).toContain(OTHER_ACTIONS);
    now = NOON + 25 * HOUR;
    await live(store, { at: now, actionId: 'second' });
    await live(store, { at: now, actionId: `first-${MAX_ACTIONS}` });
    expect(await named()).toEqual(['second', `first-${MAX_ACTIONS}`]);
  });

  test('an action that gets a place states from when on it is counted, since others may have had its entries before', async () => {
    let now = NOON;
    const store = openStore();
    const trail = await followTrail(store, now);
    const dashboard = createDashboard(trail, () => now);
    await readHistory(trail);
    const at = (time: number) => {
      now = time;
      return time;
    };
    const counted = async (range = LAST_DAY) =>
      (await dashboard.overview(range)).actions.map((one) => [one.actionId, one.submitted, one.countedFrom]);
    for (let count = 0; count < MAX_ACTIONS; count += 1) await live(store, { actionId: `first-${count}` });
    expect(new Set((await counted()).map(([, , from]) => from))).toEqual(new Set([null]));
    for (let count = 0; count < 5; count += 1) await live(store, { at: at(NOON + 20 * HOUR), actionId: 'second' });
    expect((await counted()).at(-1)).toEqual([OTHER_ACTIONS, 5, null]);
    const placed = NOON + 25 * HOUR;
    await live(store, { at: at(placed), actionId: 'second' });
    expect(await counted()).toEqual([
      ['second', 1, placed],
      [OTHER_ACTIONS, 5, null],
    ]);
    await live(store, { at: at(placed + 2 * HOUR), actionId: 'second' });
    expect(await counted(LAST_HOUR)).toEqual([['second', 1, null]]);
    await live(store, { at: at(placed + 25 * HOUR), actionId: 'second' });
    expect(await counted()).toEqual([['second', 2, null]]);
  });
});

test('a day later the old minutes are removed, and a clock that is set back does not restore them', () => {
  const series = createTimeSeries(MINUTE, 24 * 60);
  const tomorrow = NOON + 24 * HOUR;
  for (const timestamp of [NOON, tomorrow, NOON]) series.add(accepted(timestamp));
  expect(sumOf(series.last(tomorrow, 96, 15 * MINUTE)).submitted).toBe(1);
});

describe('percentiles', () => {
  test('are exact to a tenth from a millisecond to a day', () => {
    for (const value of [1, 7, 50, 333, 2_000, 45_000, 3_600_000, 86_400_000]) {
      const histogram = createHistogram();
      for (let count = 0; count < 10; count += 1) observe(histogram, value);
      expect(near(percentile(histogram, 0.5), value)).toBe(true);
    }
  });

  test('are those of all values below them', () => {
    const one = createHistogram();
    const other = createHistogram();
    for (let value = 1; value <= 1000; value += 1) observe(value % 2 === 0 ? one : other, value);
    merge(one, other);
    expect(near(percentile(one, 0.5), 500) && near(percentile(one, 0.95), 950)).toBe(true);
    expect(percentile(createHistogram(), 0.5)).toBeNull();
  });

  test('accept extreme values: zero, negative ones, years', () => {
    const histogram = createHistogram();
    for (const value of [0, -5, 1e15]) observe(histogram, value);
    expect(histogram.total).toBe(3);
  });
});

function near(found: number | null, wanted: number): boolean {
  return found !== null && Math.abs(found - wanted) <= Math.max(1, wanted * 0.12);
}

function accepted(timestamp: number): StatisticsEntry {
  const none = {
    correlationId: 'one',
    repeats: null,
    since: null,
    latencyMs: null,
    httpStatus: null,
    ended: null,
    repeated: null,
  };
  return { id: 1, timestamp, event: 'ACCEPTED', actionId: 'a', ...none };
}
