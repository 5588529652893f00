// Bounds that hold for all receivers on one database together: the queue, the share of an app, and the rate of an app.

import { afterEach, describe, expect, test } from 'vitest';
import type { Submission } from '../../../src/execution/execution.ts';
import { systemWorld, type World } from '../../../src/lib/world.ts';
import type { AddResult, NewExecution } from '../../../src/store/intake-port.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

/** The interval at which a receiver reads what others have done, milliseconds. */
const LOOK_MS = 250;

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string, sleep: World['sleep'] = systemWorld.sleep): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world: { ...systemWorld, sleep }, log: quietLog() });
  opened.push(store);
  return store;
}

async function fourStores() {
  const url = await database();
  // The first one leads.
  const leader = await openOn(url);
  return { url, stores: [leader, ...(await Promise.all([openOn(url), openOn(url), openOn(url)]))] };
}

const asNew = (overrides: Partial<Submission>, bounds: Partial<NewExecution>): NewExecution => ({
  ...{ execution: anExecution(overrides), fingerprint: 'print', queueCapacity: 10_000 },
  ...bounds,
});

const queuedIn = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query('SELECT app, count(*)::integer AS count FROM work GROUP BY app ORDER BY app');
    return Object.fromEntries(rows.map(({ app, count }) => [app, count]));
  });

/** Each of eight clients submits one after the other; they take the stores in turn. */
async function submitAtAll(
  stores: readonly PostgresStore[],
  each: number,
  submission: (client: number, n: number) => NewExecution,
): Promise<AddResult['outcome'][]> {
  const clients = Array.from({ length: 8 }, async (_, client) => {
    const outcomes: AddResult['outcome'][] = [];
    for (let n = 0; n < each; n += 1) {
      const store = stores[(client + n) % stores.length] as PostgresStore;
      outcomes.push((await store.add(submission(client, n))).outcome);
    }
    return outcomes;
  });
  return (await Promise.all(clients)).flat();
}

const countOf = (outcomes: readonly string[], wanted: string) => outcomes.filter((one) => one === wanted).length;

describe.skipIf(serverUrl === null)('bounds of all receivers on one PostgreSQL', () => {
  test('four receivers and eight clients fill the queue to its capacity and never beyond', async () => {
    const { url, stores } = await fourStores();
    const submission = () => asNew({}, { queueCapacity: 30 });
    const outcomes = await submitAtAll(stores, 8, submission);
    expect([countOf(outcomes, 'added'), countOf(outcomes, 'full')]).toEqual([30, 34]);
    expect(await queuedIn(url)).toEqual({ shop: 30 });
    // What one receiver has sent makes room at all others, at once.
    expect(await stores[0]?.claimDispatches(7, NOON)).toHaveLength(7);
    const again = await submitAtAll(stores.slice(1), 2, submission);
    expect([countOf(again, 'added'), countOf(again, 'full')]).toEqual([7, 9]);
    expect((await stores[0]?.queueState())?.counts.QUEUED).toBe(30);
  });

  test('an app fills its share and never more, and takes nothing from the others', async () => {
    const { url, stores } = await fourStores();
    const outcomes = await submitAtAll(stores, 8, (client) =>
      client < 4 ? asNew({ app: 'bulk' }, { appQueueCapacity: 10 }) : asNew({ app: 'shop' }, {}),
    );
    expect([countOf(outcomes, 'added'), countOf(outcomes, 'share-full')]).toEqual([42, 22]);
    expect(await queuedIn(url)).toEqual({ bulk: 10, shop: 32 });
  });

  test('a receiver that counted the queue when it was empty does not exceed what others have filled since', async () => {
    const { url, stores } = await fourStores();
    const [one, other] = stores as [PostgresStore, PostgresStore];
    expect((await one.add(asNew({}, { queueCapacity: 40 }))).outcome).toBe('added');
    const filling = Array.from({ length: 35 }, () => other.add(asNew({}, { queueCapacity: 40 })));
    expect(
      countOf(
        (await Promise.all(filling)).map(({ outcome }) => outcome),
        'added',
      ),
    ).toBe(35);
    const rest = await Promise.all(Array.from({ length: 10 }, () => one.add(asNew({}, { queueCapacity: 40 }))));
    expect(
      countOf(
        rest.map(({ outcome }) => outcome),
        'added',
      ),
    ).toBe(4);
    expect(await queuedIn(url)).toEqual({ shop: 40 });
  });

  test('of batches that fit alone and not together, as many as fit are accepted, each as a whole', async () => {
    const { url, stores } = await fourStores();
    const batch = () => Array.from({ length: 6 }, () => asNew({}, { queueCapacity: 20 }));
    const results = await Promise.all(
      stores.flatMap((store) => [store.addAll(batch(), true), store.addAll(batch(), true)]),
    );
    const accepted = results.filter((result) => result.every(({ outcome }) => outcome === 'added'));
    const refused = results.filter((result) => result.every(({ outcome }) => outcome !== 'added'));
    expect([accepted.length, refused.length]).toEqual([3, 5]);
    expect(await queuedIn(url)).toEqual({ shop: 18 });
  });

  test('a repeated submission is found while the queue is full, and a resubmission counts', async () => {
    const { stores } = await fourStores();
    const [one, other] = stores as [PostgresStore, PostgresStore];
    const first = asNew({ correlationId: 'order-1' }, { queueCapacity: 2 });
    await one.add(first);
    const ended = asNew({}, { queueCapacity: 2 });
    await one.add(ended);
    expect((await other.add(first)).outcome).toBe('replayed');
    expect((await other.add(asNew({}, { queueCapacity: 2 }))).outcome).toBe('full');
    await one.record(ended.execution.reference, { type: 'cancelled', by: 'shop' }, NOON);
    const order = { by: 'operator:alice', reason: null };
    const repeated = await other.resubmit(ended.execution.reference, asNew({}, { queueCapacity: 2 }), order);
    expect(repeated?.outcome).toBe('added');
    expect((await one.add(asNew({}, { queueCapacity: 2 }))).outcome).toBe('full');
  });

  test('what is paused at one receiver is not claimed at another, and its end wakes the other', async () => {
    const { stores } = await fourStores();
    const [one, other] = stores as [PostgresStore, PostgresStore];
    let woken = 0;
    one.watchResumes(() => {
      woken += 1;
    });
    await one.add(asNew({ actionId: 'charge-card' }, {}));
    await one.add(asNew({ actionId: 'look-up', app: 'bulk' }, {}));
    const scopes = [
      { app: null, actionId: 'charge-card' },
      { app: 'bulk', actionId: null },
    ];
    for (const scope of scopes) {
      await other.pauseSending({ ...scope, by: 'operator:alice', reason: null, since: NOON });
    }
    expect(await one.claimDispatches(10, NOON)).toEqual([]);
    expect((await one.nextDue()).dispatchAt).toBe(null);
    expect(
      (await one.pauseSending({ ...scopes[0], by: 'operator:bob', reason: null, since: NOON } as never)).isNew,
    ).toBe(false);
    expect((await other.resumeSending(scopes[0] as never))?.by).toBe('operator:alice');
    await expect.poll(() => woken).toBe(1);
    expect((await one.claimDispatches(10, NOON)).map(({ actionId }) => actionId)).toEqual(['charge-card']);
  });

  test('a pause that another receiver is ordering at the same moment is one pause', async () => {
    const url = await database();
    const store = await openOn(url);
    const pause = { app: 'bulk', actionId: null, reason: null, since: NOON };
    const paused = await withClient(url, async (client) => {
      await client.query('BEGIN');
      await client.query(
        "INSERT INTO sending_pauses (app, since, operator) VALUES ('bulk', '2026-01-01T12:00:00.000Z', 'operator:bob')",
      );
      const pausing = store.pauseSending({ ...pause, by: 'operator:alice' });
      const waiting = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()`;
      await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
      await client.query('COMMIT');
      return pausing;
    });
    expect(paused).toEqual({ isNew: false, pause: { ...pause, by: 'operator:bob', queued: 0 } });
    expect(await store.sendingPauses()).toHaveLength(1);
  });

  test('a pause of which no hint has arrived holds back the next claim', async () => {
    const url = await database();
    let isAsleep = false;
    const leader = await openOn(url, async (ms, signal) => {
      if (ms !== LOOK_MS) return systemWorld.sleep(ms, signal);
      isAsleep = true;
      await new Promise<void>((resolve) => void signal?.addEventListener('abort', () => resolve()));
    });
    // Its next look would find the pause, too.
    await expect.poll(() => isAsleep).toBe(true);
    await leader.add(asNew({}, {}));
    await withClient(url, (client) =>
      client.query(
        "INSERT INTO sending_pauses (app, since, operator) VALUES ('shop', '2026-01-01T12:00:00.000Z', 'alice')",
      ),
    );
    expect(await leader.claimDispatches(10, NOON)).toEqual([]);
  });

  test('the rate of an app is that of all receivers together, by the clock of the database', async () => {
    const { url, stores } = await fourStores();
    const clock = () =>
      withClient(url, async (client) =>
        Number((await client.query('SELECT extract(epoch FROM clock_timestamp()) AS at')).rows[0].at),
      );
    const began = await clock();
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, client) => stores[client % 4]?.takeSubmissions('shop', 20, Array(10).fill(1))),
    );
    const seconds = (await clock()) - began;
    const admitted = taken.reduce((sum, one) => sum + (one?.admitted ?? 0), 0);
    expect(admitted).toBeGreaterThanOrEqual(20);
    expect(admitted).toBeLessThanOrEqual(20 + Math.ceil(20 * seconds));
  });

  test('a batch may leave a debt, which the next ones wait for, and a check takes nothing', async () => {
    const { stores } = await fourStores();
    const [one, other] = stores as [PostgresStore, PostgresStore];
    expect(await one.takeSubmissions('shop', 10, [0])).toEqual({ admitted: 1, level: 10 });
    expect(await one.takeSubmissions('bulk', 10, [0, 500, 1])).toMatchObject({ admitted: 2 });
    const { admitted, level } = await other.takeSubmissions('bulk', 10, [0]);
    expect(admitted).toBe(0);
    expect(level).toBeLessThan(0);
  });

  test('a clock of the database that is set back delays no submission of an app with a rate by as much', async () => {
    const { url, stores } = await fourStores();
    const [leader] = stores as [PostgresStore];
    expect((await leader.takeSubmissions('shop', 1_000, Array(2_000).fill(1))).admitted).toBeGreaterThanOrEqual(1_000);
    // As if the clock had been an hour ahead until now.
    await withClient(url, (client) => client.query("UPDATE submission_rates SET at = at + interval '1 hour'"));
    await leader.moveDueTimes({ from: NOON + 3_600_000, to: NOON });
    await expect.poll(async () => (await leader.takeSubmissions('shop', 1_000, [1])).admitted).toBe(1);
  });
});
