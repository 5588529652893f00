// The roll-ups equal a count of all executions: after every event, after a rollback, a restart, an upgrade and a pruning.

import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { yieldToEventLoop } from '../../../../src/lib/event-loop.ts';
import type { PeriodSummary } from '../../../../src/stats/period-summary.ts';
import { summarizePeriod } from '../../../../src/stats/summarize-period.ts';
import { SAMPLE_SIZE } from '../../../../src/store/rollups-port.ts';
import { createStatistics } from '../../../../src/store/sqlite/queries/statistics.ts';
import { createRollupReader } from '../../../../src/store/sqlite/rollups/read.ts';
import { createSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { type Life, live } from '../../../support/lives.ts';
import { createManualWorld, START } from '../../../support/manual-world.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { recountedRollups, storedRollups } from '../../../support/recounted-rollups.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const LIVES: readonly Life[] = [
  ...(['callback', 'poll', 'called-back-later', 'polled-too', 'timeout', 'late', 'not-found', 'nameless'] as const),
  ...(['cancelled', 'hinted', 'refused', 'pending', 'queued'] as const),
];

function setUp() {
  const world = createManualWorld(1, START + DAY);
  const path = temporaryDatabase();
  const open = () => createSqliteStore({ path, world, log: quietLog(), fatal });
  const sql = () => {
    const client = new Database(path);
    onTestFinished(() => void client.close());
    return client;
  };
  return { world, open, sql };
}

/** One execution of each life in each of three hours, of two apps and two actions. */
async function liveAll(store: SqliteStore, from = START): Promise<void> {
  await Promise.all(
    [...LIVES, ...LIVES, ...LIVES].map((life, index) => {
      const overrides = { app: index % 5 === 0 ? 'crm' : 'shop', actionId: index % 2 === 0 ? 'charge' : 'refund' };
      return live(store, life, from + index * 5 * 60_000, overrides);
    }),
  );
}

/** Makes the file one of before the roll-ups. */
function removeRollups(client: Database.Database): void {
  const tables = ['state', 'submitted', 'outcomes', 'ended', 'sample', 'sample_levels'];
  client.exec(tables.map((name) => `DELETE FROM rollup_${name};`).join(' '));
}

async function countAll(store: SqliteStore, slice: number): Promise<void> {
  for (let rounds = 0; (await store.coverage()).countedFrom !== 0; rounds += 1) {
    expect(rounds).toBeLessThan(1_000);
    await store.countHistory(slice);
  }
}

describe('the roll-ups equal a count of all executions', () => {
  test('whatever happened to them, and after a restart', async () => {
    const { open, sql } = setUp();
    const store = open();
    await liveAll(store);
    const client = sql();
    const found = storedRollups(client);
    expect(found).toEqual(recountedRollups(client));
    expect(found.submitted.length).toBeGreaterThan(5);
    expect(found.outcomes.length).toBeGreaterThan(20);
    expect(found.ended.length).toBeGreaterThan(20);
    await store.close();
    const again = open();
    await liveAll(again, START + 6 * HOUR);
    expect(storedRollups(client)).toEqual(recountedRollups(client));
    await again.close();
  });

  test('a batch that is rolled back is not counted, and the others of its transaction are', async () => {
    const { open, sql } = setUp();
    const store = open();
    const submission = (actionId: string, queueCapacity = 1e6) => {
      const execution = anExecution({ actionId }, START);
      return { execution, fingerprint: execution.correlationId, queueCapacity };
    };
    await Promise.all([
      store.add(submission('first')),
      store.addAll([submission('refused'), submission('refused', 0)], true),
      store.addAll([submission('kept'), submission('kept')], true),
      store.add(submission('last')),
    ]);
    const client = sql();
    const { submitted } = storedRollups(client);
    expect(submitted.map((row) => row.split(' ').slice(2))).toEqual([
      ['first', 'accepted', '1'],
      ['kept', 'accepted', '2'],
      ['last', 'accepted', '1'],
    ]);
    expect(submitted).toEqual(recountedRollups(client).submitted);
    await store.close();
  });

  test('an execution that is erased or loses its payload stays counted', async () => {
    const { open, sql } = setUp();
    const store = open();
    await liveAll(store);
    const late = await live(store, 'late', START, { actionId: 'charge' });
    await store.erase(late.reference, { by: 'operator:alice', reason: 'asked' }, START + DAY);
    for (let after: Awaited<ReturnType<typeof store.prunablePayloads>>['next'] = null; ; ) {
      const batch = await store.prunablePayloads(500, START + DAY, after);
      if (batch.next === null) break;
      await store.prunePayloads(batch, START + DAY, START + DAY);
      after = batch.next;
    }
    const client = sql();
    expect(storedRollups(client)).toEqual(recountedRollups(client));
    await store.close();
  });
});

describe('a file from before the roll-ups', () => {
  test('is counted in slices, newest first, while executions are accepted and end', async () => {
    const { open, sql } = setUp();
    const before = open();
    await liveAll(before);
    const open1 = await live(before, 'pending', START + HOUR);
    await before.close();
    const client = sql();
    removeRollups(client);

    const store = open();
    expect(await store.coverage()).toEqual({ countedFrom: null });
    // Accepted before anything is counted, and counted with the history.
    await live(store, 'late', START + 3 * HOUR);
    const { countedFrom } = await store.countHistory(7);
    expect(countedFrom).toBeGreaterThan(START + 2 * HOUR);
    await liveAll(store, START + 4 * HOUR);
    await store.countHistory(7);
    await store.record(open1.reference, callback(completed()), START + HOUR + 5_000);
    await store.close();

    // A start continues where the last one stopped.
    const again = open();
    const continued = await again.coverage();
    expect(continued.countedFrom).toBeLessThan(countedFrom ?? 0);
    expect(continued.countedFrom).toBeGreaterThan(0);
    await countAll(again, 7);
    expect(storedRollups(client)).toEqual(recountedRollups(client));
    await liveAll(again, START + 8 * HOUR);
    expect(storedRollups(client)).toEqual(recountedRollups(client));
    await again.close();
  });

  test('a new file has nothing to count', async () => {
    const { open } = setUp();
    const store = open();
    expect(await store.coverage()).toEqual({ countedFrom: 0 });
    await store.close();
  });
});

describe('pruning', () => {
  const prunedTo = async (store: SqliteStore, cutoff: number) => {
    for (let rounds = 0; rounds < 1_000; rounds += 1) if ((await store.prune(20, cutoff)).entries === 0) return;
  };

  test('what is pruned leaves the counts and the sample, and what stays is counted as before', async () => {
    const { open, sql } = setUp();
    const store = open();
    // Open executions would keep the trail.
    for (let i = 0; i < 40; i += 1) await live(store, i % 2 === 0 ? 'callback' : 'late', START + i * 10 * 60_000);
    await prunedTo(store, START + 3 * HOUR);
    const client = sql();
    const left = client.prepare<[], number>('SELECT count(*) FROM executions').pluck().get() ?? 0;
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(30);
    const [found, wanted] = [storedRollups(client), recountedRollups(client)];
    expect(found.submitted).toEqual(wanted.submitted);
    expect(found.outcomes).toEqual(wanted.outcomes);
    // The hour in which the trail begins has lost a part of its entries, and is kept.
    const begin = client.prepare<[], string>('SELECT min(timestamp) FROM audit_events').pluck().get() ?? '';
    const whole = (rows: readonly string[]) => rows.filter((row) => row > begin);
    expect(whole(found.ended)).toEqual(whole(wanted.ended));
    expect(found.ended.filter((row) => row < begin.slice(0, 13))).toEqual([]);
    expect(client.prepare('SELECT count(*) FROM rollup_sample').pluck().get()).toBe(left);
    await prunedTo(store, START + 5 * DAY);
    expect(storedRollups(client)).toEqual({ submitted: [], outcomes: [], ended: [] });
    await store.close();
  });

  test('executions that are not counted yet are not subtracted', async () => {
    const { open, sql } = setUp();
    const before = open();
    for (let i = 0; i < 40; i += 1) await live(before, 'callback', START + i * 10 * 60_000);
    await before.close();
    const client = sql();
    removeRollups(client);
    const store = open();
    await store.countHistory(10);
    await prunedTo(store, START + 6 * HOUR);
    await countAll(store, 10);
    const [found, wanted] = [storedRollups(client), recountedRollups(client)];
    expect(found.submitted).toEqual(wanted.submitted);
    expect(found.outcomes).toEqual(wanted.outcomes);
    await store.close();
  });
});

describe('the summary of a period', () => {
  const PERIODS = [
    {},
    { app: 'crm' },
    { actionId: 'charge' },
    { from: START + HOUR / 2, to: START + 2.3 * HOUR },
    { from: START + HOUR },
    { from: START + 0.2 * HOUR, to: START + 0.3 * HOUR },
  ];

  function countsIn({ total, actions }: ReturnType<PeriodSummary['read']>) {
    const sorted = actions.toSorted((one, other) => (one.actionId < other.actionId ? -1 : 1));
    return [total, ...sorted].map(({ latencyMs: _, ...counts }) => counts);
  }

  test.for(PERIODS)('is the same from the roll-ups as from the executions, in %j', async (period) => {
    const { open, sql } = setUp();
    const store = open();
    await liveAll(store);
    await store.close();
    const client = sql();
    const source = { ...createStatistics(client), ...createRollupReader(client) };
    const summaryOf = async (maxRead: number) =>
      (await summarizePeriod({ store: source, pause: async () => {}, maxRead }, period)).read();
    const [rolledUp, exact] = [await summaryOf(-1), await summaryOf(1_000)];
    expect(countsIn(rolledUp)).toEqual(countsIn(exact));
    for (const q of ['p50', 'p95', 'p99'] as const) {
      const [found, latency] = [rolledUp.total.latencyMs[q] ?? 0, exact.total.latencyMs[q] ?? 0];
      expect(Math.abs(found - latency)).toBeLessThanOrEqual(0.025 * latency);
    }
  });

  test('whole hours are not read again', async () => {
    const { open, sql } = setUp();
    const store = open();
    await liveAll(store);
    await store.close();
    const client = sql();
    const read: object[] = [];
    const pause = async (period: object) => void read.push(period);
    const source = { ...createStatistics(client), ...createRollupReader(client) };
    await summarizePeriod({ store: source, pause, maxRead: 0 }, { from: START, to: START + 2 * HOUR });
    expect(read).toEqual([]);
    await summarizePeriod({ store: source, pause, maxRead: 0 }, { from: START + 1, to: START + 2.5 * HOUR });
    expect(read).toEqual([
      { from: START + 1, to: START + HOUR },
      { from: START + 2 * HOUR, to: START + 2.5 * HOUR },
    ]);
  });
});

describe('the sample of an action', () => {
  const submissions = (count: number, at: (i: number) => number, actionId: string) =>
    Array.from({ length: count }, (_, i) => {
      const execution = anExecution({ actionId }, at(i));
      return { execution, fingerprint: execution.correlationId, queueCapacity: 1e6 };
    });

  async function sent(store: SqliteStore, count: number, at: (i: number) => number, actionId: string) {
    const all = submissions(count, at, actionId);
    for (let i = 0; i < all.length; i += 500) await store.addAll(all.slice(i, i + 500), false);
    await Promise.all(
      all.map(({ execution }) => store.record(execution.reference, { type: 'dispatched' }, execution.submittedAt)),
    );
  }

  test('holds all executions of a rare action, also beside a busy one, newest first', async () => {
    const { open } = setUp();
    const store = open();
    await sent(store, 300, (i) => START + i * 1_000, 'rare');
    await sent(store, 2_500, (i) => START + i * 1_000, 'busy');
    const { executions, observations } = await store.sample({ actionId: 'rare', from: START, to: START + DAY });
    expect([executions, observations.length]).toEqual([300, 300]);
    const times = observations.map(({ sentAt }) => sentAt ?? 0);
    expect(times).toEqual(times.toSorted((one, other) => other - one));
    const hour = await store.sample({ actionId: 'rare', from: START + 100_000, to: START + 200_000 });
    expect(hour.executions).toBe(100);
    await store.close();
  });

  test('is read in slices, so that other reads of the thread run in between', async () => {
    const { open } = setUp();
    const store = open();
    await sent(store, 600, (i) => START + i * 1_000, 'rare');
    let isEnded = false;
    const sampling = store.sample({ actionId: 'rare', from: START, to: START + DAY }).then(() => {
      isEnded = true;
    });
    // The message that asks for another read arrives in a turn of the event loop.
    let turns = 0;
    for (; !isEnded && turns < 10_000; turns += 1) await yieldToEventLoop();
    await sampling;
    expect(turns).toBeGreaterThan(600 / 25);
    await store.close();
  });

  test('is drawn evenly from all days of a busy action', async () => {
    const { open, sql } = setUp();
    const store = open();
    // A busy day between two quiet ones.
    await sent(store, 800, (i) => START + i * 100_000, 'busy');
    await sent(store, 4_800, (i) => START + DAY + i * 18_000, 'busy');
    await sent(store, 800, (i) => START + 2 * DAY + i * 100_000, 'busy');
    const { executions, observations } = await store.sample({ actionId: 'busy', from: START, to: START + 3 * DAY });
    expect(executions).toBe(6_400);
    expect(observations.length).toBeLessThanOrEqual(SAMPLE_SIZE);
    expect(observations.length).toBeGreaterThan(SAMPLE_SIZE / 2);
    const share = (from: number) =>
      observations.filter(({ sentAt }) => (sentAt ?? 0) >= from && (sentAt ?? 0) < from + DAY).length /
      observations.length;
    expect(share(START)).toBeCloseTo(1 / 8, 1);
    expect(share(START + DAY)).toBeCloseTo(6 / 8, 1);
    expect(share(START + 2 * DAY)).toBeCloseTo(1 / 8, 1);
    // Within the day, its beginning is not preferred although more of it was taken.
    const first = observations.filter(
      ({ sentAt }) => (sentAt ?? 0) >= START + DAY && (sentAt ?? 0) < START + 1.25 * DAY,
    );
    expect(first.length / observations.length).toBeCloseTo(6 / 8 / 4, 1);
    // A part of the busy day is stored, and its quarter is not mistaken for a whole.
    const stored = sql().prepare<[], number>('SELECT count(*) FROM rollup_sample').pluck().get() ?? 0;
    expect(stored).toBeLessThan(6_200);
    const quarter = await store.sample({ actionId: 'busy', from: START + DAY, to: START + 1.25 * DAY });
    expect(quarter.executions).toBe(1_200);
    expect(quarter.observations.length).toBeLessThan(800);
    await store.close();
  });
});
