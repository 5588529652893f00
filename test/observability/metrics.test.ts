// A scrape while the database is away: the process is measured all the same, and what is stored there is left out.

import { expect, test } from 'vitest';
import { createMetrics, type MetricsSources } from '../../src/observability/metrics/metrics.ts';
import { StoreUnavailable } from '../../src/store/port.ts';
import { readExposition } from '../support/exposition.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

const LIMITER = { limit: 10, inFlight: 3, waiting: {}, pausedUntil: 0, pauses: 0, averageLatencyMs: null, pause: null };

function connected(leads: boolean) {
  const metrics = createMetrics();
  const world = createManualWorld();
  const store = createStoreInMemory();
  let failure: Error | 'hangs' | null = null;
  let reads = 0;
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    reads += 1;
    if (failure === 'hangs') return new Promise(() => {});
    if (failure !== null) throw failure;
    return read();
  };
  metrics.connect({
    store: { ...store, queueState: () => reading(store.queueState) },
    trail: { follow: () => {}, catchUp: () => reading(async () => {}) },
    leads: () => leads,
    missedCallbackShare: () => null,
    limiterState: () => LIMITER as unknown as ReturnType<MetricsSources['limiterState']>,
    waiters: { size: 2 },
    streams: { size: 0 },
    connections: { open: 1, closures: new Map() },
    maxConnections: 100,
    openCircuits: () => 0,
    loops: () => new Map([['poll', { alive: () => true }]]),
    apps: ['shop'],
    queueCapacity: 50,
    databaseFile: null,
    now: () => 0,
    sleep: world.sleep,
  });
  return {
    scrape: async () => readExposition((await metrics.scrape()).body).values,
    fail: (how: typeof failure) => {
      failure = how;
    },
    world,
    reads: () => reads,
  };
}

test('without its database a receiver exports what it knows itself, and nothing that it has read before', async () => {
  const { scrape, fail } = connected(true);
  const before = await scrape();
  expect(before.get('cxone_receiver_database_reachable')).toBe(1);
  expect(before.get('cxone_receiver_queue_capacity')).toBe(50);
  fail(new StoreUnavailable('the database cannot be read: refused'));
  const away = await scrape();
  expect(away.get('cxone_receiver_database_reachable')).toBe(0);
  expect(away.get('cxone_receiver_loop_alive{loop="poll"}')).toBe(1);
  expect(away.get('cxone_receiver_waiting_requests')).toBe(2);
  expect(away.get('cxone_receiver_upstream_in_flight')).toBe(3);
  expect([...away.keys()].filter((name) => /open_executions|queue|oldest|incidents|_pending/.test(name))).toEqual([]);
  fail(null);
  expect([...(await scrape()).keys()].toSorted()).toEqual([...before.keys()].toSorted());
});

test('a database that does not respond delays a scrape by five seconds, and is not asked again meanwhile', async () => {
  const { scrape, fail, reads, world } = connected(true);
  fail('hangs');
  for (const time of ['first', 'second']) {
    const scraped = scrape();
    await world.advance(5_000);
    expect([time, (await scraped).get('cxone_receiver_database_reachable'), reads()]).toEqual([time, 0, 2]);
  }
});

test('so does one that does not lead, and a defect counts as no outage', async () => {
  const { scrape, fail } = connected(false);
  fail(new StoreUnavailable('the database cannot be read: refused'));
  const away = await scrape();
  expect([away.get('cxone_receiver_database_reachable'), away.get('cxone_receiver_active')]).toEqual([0, 0]);
  fail(new TypeError('a defect'));
  await expect(scrape()).rejects.toThrow('a defect');
});
