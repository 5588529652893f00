// The dashboard of the last day: what they count, that the start loses and doubles nothing, and that they stay small.

import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../../src/execution/event.ts';
import { createDashboard, type Dashboard } from '../../../src/stats/dashboard/dashboard.ts';
import { createHistogram, merge, observe, percentile } from '../../../src/stats/dashboard/histogram.ts';
import { createRollUp, LAST_DAY, LAST_HOUR, OTHER_ACTIONS } from '../../../src/stats/dashboard/roll-up.ts';
import type { Store } from '../../../src/store/port.ts';
import { anExecution, callback, completed, NOON, polled, RUNNING, submitted } from '../../support/executions.ts';
import { createMemoryStore } from '../../support/memory-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROUND = { signal: new AbortController().signal, spawn: () => {} };

async function readBack(dashboard: Dashboard): Promise<number> {
  for (let rounds = 1; ; rounds += 1) if ((await dashboard.work(ROUND)) === null) return rounds;
}

interface Life {
  readonly at?: number;
  readonly actionId?: string;
  readonly end?: 'callback' | 'poll' | 'cancel';
  readonly took?: number;
}

/** One execution from its submission to its end. */
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

function started(store = createMemoryStore(), now = NOON) {
  return { store, dashboard: createDashboard(store, () => now) };
}

describe('what is counted', () => {
  test('submissions, ends by status and by way, in the minute in which they happened', async () => {
    const { store, dashboard } = started();
    await readBack(dashboard);
    await live(store, { at: NOON - 5 * MINUTE });
    await live(store, { end: 'poll' });
    await live(store, { end: 'cancel' });
    const { steps, ...all } = dashboard.overview(NOON + 30_000);
    expect(all).toMatchObject({ submitted: 3, ended: 3, late: 0, complete: true });
    expect(all.byResolver).toEqual({ callback: 1, poll: 1, submit: 0, deadline: 0, cancel: 1 });
    expect(all.byStatus).toMatchObject({ COMPLETED: 2, CANCELLED: 1 });
    const busy = steps.filter(({ submitted }) => submitted > 0);
    expect(busy.map(({ at, submitted }) => [at, submitted])).toEqual([
      [NOON - 5 * MINUTE, 1],
      [NOON, 2],
    ]);
  });

  test('how long executions took, how long CXone took, and how long a polled result can have gone unnoticed', async () => {
    const { store, dashboard } = started();
    await readBack(dashboard);
    await live(store, { took: 1000 });
    await live(store, { end: 'poll', took: 8000 });
    const { total, upstream, detectionLag } = dashboard.overview(NOON + MINUTE);
    expect([total.count, upstream.count, detectionLag.count]).toEqual([2, 3, 1]);
    expect(
      near(total.p50, 1000) && near(total.p95, 8000) && near(upstream.p50, 50) && near(detectionLag.p99, 8000),
    ).toBe(true);
  });

  test('the lag begins anew each time that CXone says it is still at work', async () => {
    const { store, dashboard } = started();
    await readBack(dashboard);
    const execution = anExecution({}, NOON);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await store.claimDispatches(1, NOON);
    await store.record(execution.reference, submitted({}), NOON);
    await store.record(execution.reference, polled(RUNNING), NOON + 10_000);
    await store.record(execution.reference, polled(completed()), NOON + 12_000);
    expect(near(dashboard.overview(NOON + MINUTE).detectionLag.p50, 2000)).toBe(true);
  });

  test('what comes after the end, or again, ends nothing twice', async () => {
    const { store, dashboard } = started();
    await readBack(dashboard);
    const execution = anExecution({}, NOON);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    for (let again = 0; again < 3; again += 1) await store.record(execution.reference, callback(completed()), NOON);
    await store.record(execution.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
    expect(dashboard.overview(NOON).ended).toBe(1);
  });
});

describe('the start', () => {
  test('what happened before is read back, a little at a time', async () => {
    const store = createMemoryStore();
    for (let count = 0; count < 300; count += 1) await live(store, {});
    const { dashboard } = started(store);
    expect(dashboard.overview(NOON)).toMatchObject({ submitted: 0, complete: false });
    expect(await readBack(dashboard)).toBeGreaterThan(3);
    expect(dashboard.overview(NOON)).toMatchObject({ submitted: 300, ended: 300, complete: true });
  });

  test('what happens meanwhile is counted once', async () => {
    const store = createMemoryStore();
    for (let count = 0; count < 200; count += 1) await live(store, {});
    const { dashboard } = started(store);
    let after: number | null = 0;
    while (after !== null) {
      await live(store, {});
      after = await dashboard.work(ROUND);
    }
    await live(store, {});
    const { items } = await store.list({ app: null, limit: 1000 });
    expect(dashboard.overview(NOON)).toMatchObject({ submitted: items.length, ended: items.length });
  });

  test('what is older than a day is left out', async () => {
    const store = createMemoryStore();
    await live(store, { at: NOON - 25 * HOUR });
    await live(store, { at: NOON - 2 * HOUR });
    const { dashboard } = started(store);
    await readBack(dashboard);
    expect(dashboard.overview(NOON).submitted).toBe(0);
    expect(dashboard.overview(NOON, LAST_DAY).submitted).toBe(1);
  });
});

describe('by action', () => {
  test('the busiest come first, over the hour and over the day', async () => {
    const { store, dashboard } = started();
    await readBack(dashboard);
    await live(store, { actionId: 'rare' });
    for (let count = 0; count < 3; count += 1) await live(store, { actionId: 'often' });
    await live(store, { actionId: 'earlier', at: NOON - 3 * HOUR });
    const names = (range = LAST_HOUR) => dashboard.overview(NOON, range).actions.map(({ actionId }) => actionId);
    expect(names()).toEqual(['often', 'rare']);
    expect(names(LAST_DAY).sort()).toEqual(['earlier', 'often', 'rare']);
  });

  test('so many are kept apart, the rest counted together', () => {
    const rollUp = createRollUp({ actions: 2, open: 10 });
    for (const [index, actionId] of ['a', 'b', 'c', 'd', 'a'].entries()) rollUp.take(accepted(index, actionId));
    expect(rollUp.actions(NOON, LAST_HOUR).map(({ actionId, tally }) => [actionId, tally.submitted])).toEqual([
      ['a', 2],
      [OTHER_ACTIONS, 2],
      ['b', 1],
    ]);
  });

  test('no more open executions are remembered than may be, and all are counted', () => {
    const rollUp = createRollUp({ actions: 2, open: 1 });
    for (const id of [1, 2]) rollUp.take(accepted(id, 'a'));
    for (const id of [1, 2]) rollUp.take({ ...accepted(id, 'a'), event: 'CANCELLED', detail: { outcomeSha256: 'x' } });
    const tallies = rollUp.steps(NOON, LAST_HOUR).map(({ tally }) => tally);
    expect(tallies.at(-1)?.byStatus.CANCELLED).toBe(2);
    expect(tallies.at(-1)?.total?.total).toBe(1);
  });
});

test('a day later the old minutes are gone, and a clock that was set back brings none of them back', () => {
  const rollUp = createRollUp();
  rollUp.take(accepted(1, 'a'));
  const tomorrow = NOON + 24 * HOUR;
  rollUp.take({ ...accepted(2, 'a'), timestamp: tomorrow });
  rollUp.take({ ...accepted(3, 'a'), timestamp: NOON });
  const submitted = rollUp.steps(tomorrow, LAST_DAY).map(({ tally }) => tally.submitted);
  expect(submitted.reduce((sum, count) => sum + count, 0)).toBe(1);
});

describe('percentiles', () => {
  test('are right to a tenth from a millisecond to a day', () => {
    for (const value of [1, 7, 50, 333, 2_000, 45_000, 3_600_000, 86_400_000]) {
      const histogram = createHistogram();
      for (let count = 0; count < 10; count += 1) observe(histogram, value);
      expect(near(percentile(histogram, 0.5), value)).toBe(true);
    }
  });

  test('hold the share of all below them', () => {
    const one = createHistogram();
    const other = createHistogram();
    for (let value = 1; value <= 1000; value += 1) observe(value % 2 === 0 ? one : other, value);
    merge(one, other);
    expect(near(percentile(one, 0.5), 500) && near(percentile(one, 0.95), 950)).toBe(true);
    expect(percentile(createHistogram(), 0.5)).toBeNull();
  });

  test('take what is absurd: nothing, less than nothing, years', () => {
    const histogram = createHistogram();
    for (const value of [0, -5, 1e15]) observe(histogram, value);
    expect(histogram.total).toBe(3);
  });
});

function near(found: number | null, wanted: number): boolean {
  return found !== null && Math.abs(found - wanted) <= Math.max(1, wanted * 0.12);
}

function accepted(id: number, actionId: string): AuditEntry {
  return {
    id,
    timestamp: NOON,
    event: 'ACCEPTED',
    actionId,
    correlationId: `one-${id}`,
    executionId: null,
    latencyMs: null,
    httpStatus: null,
    app: 'shop',
    detail: {},
  };
}
