// Statistics, observations and roll-ups: on PostgreSQL they state the same as on SQLite.

import { describe, expect, test } from 'vitest';
import { roundDuration } from '../../../src/lib/round-duration.ts';
import type { Store } from '../../../src/store/port.ts';
import { type Life, live } from '../../support/lives.ts';
import { START } from '../../support/manual-world.ts';
import { createBothStores } from '../../support/postgres/both-stores.ts';
import { serverUrl, withClient } from '../../support/postgres/databases.ts';

const LIVES = [
  ...(['callback', 'poll', 'called-back-later', 'polled-too', 'timeout', 'late', 'not-found', 'nameless'] as const),
  ...(['cancelled', 'hinted', 'refused', 'pending', 'queued'] as const),
] satisfies Life[];

const HOUR_MS = 3_600_000;
const END = START + 10 * HOUR_MS;
const LATER = START + 240 * HOUR_MS;

const openBoth = createBothStores();

/** Executions of each life in several hours, of two apps and two actions. */
async function liveAll(store: Store): Promise<void> {
  for (const [n, life] of [...LIVES, ...LIVES].entries()) {
    const overrides = { app: n % 5 === 0 ? 'crm' : 'shop', actionId: n % 2 === 0 ? 'charge' : 'refund' };
    await live(store, life, START + n * 7 * 60_000, { ...overrides, correlationId: `order-${n}` });
  }
}

function sorted(rows: readonly unknown[]): unknown[] {
  return rows
    .map((row) => Object.fromEntries(Object.entries(row as object).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

async function groupsOf(store: Store, period: Parameters<Store['outcomesOf']>[0]): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const groups of store.outcomesOf(period)) all.push(...groups);
  return sorted(all);
}

async function courseOf(store: Store, stepMs: number) {
  const from = Math.floor(START / HOUR_MS) * HOUR_MS;
  const course = await store.course({ actionId: 'charge', from, to: from + 10 * HOUR_MS, stepMs });
  return { ...course, accepted: sorted(course?.accepted ?? []), outcomes: sorted(course?.outcomes ?? []) };
}

/** Everything that a store states about the past. */
async function insightsOf(store: Store) {
  const period = { from: START, to: END };
  const ofCharge = { from: START + HOUR_MS, to: START + 3 * HOUR_MS, actionId: 'charge' };
  return {
    coverage: await store.coverage(),
    arrivals: [
      sorted(await store.arrivals(period)),
      sorted(await store.arrivals(ofCharge)),
      sorted(await store.arrivals({})),
    ],
    missing: [await store.missing({}), await store.missing(ofCharge)],
    submitted: [await store.submitted({}), await store.submitted({ ...ofCharge, app: 'shop' })],
    outcomes: [sorted(await store.outcomes({})), sorted(await store.outcomes({ ...ofCharge, app: 'crm' }))],
    sample: [await store.sample({ ...period, actionId: 'charge' }), await store.sample(ofCharge)],
    observed: [await store.observe(period), await store.observe(ofCharge)],
    doubtful: [await store.doubtful(period), await store.doubtful({ ...period, app: 'crm' })],
    statistics: [await store.statisticsAfter(0, 1000), await store.statisticsAfter(10, 5)],
    courses: [await courseOf(store, 2 * HOUR_MS), await courseOf(store, HOUR_MS / 4)],
    groups: [await groupsOf(store, {}), await groupsOf(store, { ...ofCharge, app: 'shop' })],
  };
}

describe.skipIf(serverUrl === null)('insights on PostgreSQL', () => {
  test('are those on SQLite, for executions of every fate', async () => {
    const { store, sqlite, postgres } = await openBoth();
    await liveAll(store);
    const insights = await insightsOf(postgres);
    expect(insights).toEqual(await insightsOf(sqlite));
    expect(insights.arrivals[0]?.length).toBeGreaterThan(10);
    expect(insights.courses.map(({ outcomes }) => outcomes.length > 5)).toEqual([true, true]);
    expect(insights.missing[0]?.some(({ missed, outcomes }) => missed > 0 && missed < outcomes)).toBe(true);
    expect(insights.observed[0]?.items.length).toBeGreaterThan(10);
  });

  test('are those on SQLite after the oldest executions were pruned', async () => {
    const { store, sqlite, postgres } = await openBoth();
    await liveAll(store);
    expect((await store.prune(30, LATER)).executions).toBeGreaterThan(3);
    expect(await insightsOf(postgres)).toEqual(await insightsOf(sqlite));
  });

  test('durations are rounded in SQL as in TypeScript', async () => {
    const { url } = await openBoth();
    const durations = [
      0, 1, 99, 100, 102, 103, 199, 200, 205, 499, 500, 510, 999, 1000, 1025, 4999, 12_345, 987_654, 3e9,
    ];
    const { rows } = await withClient(url, (client) =>
      client.query(
        'SELECT rounded_duration(ms)::float8 AS rounded FROM unnest($1::bigint[]) WITH ORDINALITY AS d(ms, n) ORDER BY n',
        [durations],
      ),
    );
    expect(rows.map(({ rounded }) => rounded)).toEqual(durations.map(roundDuration));
  });
});
