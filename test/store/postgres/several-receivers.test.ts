// Several receivers on one database: one outcome, one chain, no lost and no doubtful commit, one active receiver.

import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import type { ExecutionEvent } from '../../../src/execution/event.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { type Store, StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { startForwarder } from '../../support/forwarder.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const opened: Store[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string, isExclusive = false): Promise<Store> {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog(), isExclusive });
  opened.push(store);
  return store;
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 10_000 });

/** Ends the connections through which receivers write. */
const terminateWriters = (url: string) =>
  withClient(url, (client) => client.query('SELECT pg_terminate_backend(pid) FROM receivers'));

describe.skipIf(serverUrl === null)('several receivers on one PostgreSQL', () => {
  test('of the same callbacks at all of them, each execution has one outcome, and the chain is one', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url), openOn(url)]);
    const [first] = stores;
    const added = Array.from({ length: 40 }, () => anExecution());
    await Promise.all(added.map((execution) => first.add(asNew(execution))));
    const outcomes = await Promise.all(
      added.flatMap(({ reference }, n) =>
        stores.map(async (store) => {
          const recorded = await store.record(reference, callback(completed(n)), NOON);
          return [reference, recorded?.outcome];
        }),
      ),
    );
    for (const { reference, correlationId } of added) {
      const own = outcomes.filter(([of]) => of === reference).map(([, outcome]) => outcome);
      expect(own.toSorted()).toEqual(['duplicate', 'duplicate', 'resolved']);
      expect(await first.trail(correlationId)).toHaveLength(4);
    }
    expect(await chainFaults(url)).toEqual({ entries: 160, faults: [] });
  });

  test('of the same submission at all of them, one is added, and the others are replays', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        stores[n % 2]?.add(asNew(anExecution({ correlationId: `order-${n % 5}`, idempotencyKey: `key-${n % 5}` }))),
      ),
    );
    expect(all.filter((result) => result?.outcome === 'added')).toHaveLength(5);
    expect(all.filter((result) => result?.outcome === 'replayed')).toHaveLength(5);
  });

  test('a claim of one is not that of another', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    await stores[0]?.addAll(
      Array.from({ length: 20 }, () => asNew()),
      false,
    );
    const claims = await Promise.all(stores.map((store) => store.claimDispatches(20, NOON)));
    const references = claims.flat().map(({ reference }) => reference);
    expect(new Set(references).size).toBe(references.length);
    expect(references.length).toBe(20);
  });

  test('a commit whose response is lost is known afterwards: what is acknowledged is there, and nothing else', async () => {
    const url = await database();
    const store = await openOn(url);
    const acknowledged: string[] = [];
    const rejected: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const added = Array.from({ length: 12 }, () => anExecution());
      const settled = added.map((execution) =>
        store.add(asNew(execution)).then(
          () => acknowledged.push(execution.correlationId),
          (error: unknown) => {
            expect(error).toBeInstanceOf(StoreUnavailable);
            rejected.push(execution.correlationId);
          },
        ),
      );
      await Promise.all([...settled, terminateWriters(url)]);
      await expect.poll(() => store.ping(NOON).then(() => 'active', String)).toBe('active');
    }
    expect(acknowledged.length + rejected.length).toBe(96);
    for (const id of acknowledged) expect(await store.find(id)).toBeDefined();
    for (const id of rejected) expect(await store.find(id)).toBeUndefined();
    expect(await chainFaults(url)).toEqual({ entries: acknowledged.length, faults: [] });
  });

  test('a receiver of which the slot was taken over commits nothing, and returns with a new epoch', async () => {
    const url = await database();
    const store = await openOn(url);
    await withClient(url, (client) => client.query('UPDATE receivers SET epoch = epoch + 1'));
    const execution = anExecution();
    await expect(store.add(asNew(execution))).rejects.toThrow(StoreUnavailable);
    await expect.poll(() => store.add(asNew(execution)).then(({ outcome }) => outcome, String)).toBe('added');
    expect(await store.trail(execution.correlationId)).toHaveLength(1);
  });

  test('the slots of those that ended a day ago are removed with their receipts, and no others', async () => {
    const url = await database();
    const ended = await openOn(url);
    await ended.add(asNew());
    await withClient(url, (client) => client.query("UPDATE receivers SET beat_at = beat_at - interval '25 hours'"));
    const [other, newest] = [await openOn(url), await openOn(url)];
    await other.add(asNew());
    await newest.add(asNew());
    const slots = (table: string) =>
      withClient(url, async (client) => (await client.query(`SELECT slot FROM ${table} ORDER BY slot`)).rows);
    expect(await slots('receivers')).toEqual([{ slot: 2 }, { slot: 3 }]);
    expect(await slots('receipts')).toEqual([{ slot: 2 }, { slot: 3 }]);
    await expect(ended.add(asNew())).rejects.toThrow(StoreUnavailable);
  });

  test('one that stands by writes nothing, says why, and takes over when the active one ends', async () => {
    const url = await database();
    const active = await openOn(url, true);
    const standby = await openOn(url, true);
    const execution = anExecution();
    await active.add(asNew(execution));
    await expect(standby.add(asNew())).rejects.toThrow('another receiver is active on this database');
    expect(await standby.find(execution.correlationId)).toBeDefined();
    opened.splice(opened.indexOf(active), 1);
    await active.close();
    const event: ExecutionEvent = { type: 'cancelled', by: 'shop' };
    await expect
      .poll(() => standby.record(execution.reference, event, NOON).then((recorded) => recorded?.outcome, String))
      .toBe('resolved');
    expect((await standby.head()).id).toBe(2);
  });

  test('one that has stopped without a sign of life is replaced, one that gives signs is not', async () => {
    const url = await database();
    // As an active receiver that was stopped: its connection stays open, and it does not connect again.
    const stopped = new Client({ connectionString: url });
    const ended = new Promise<void>((resolve) => void stopped.on('error', () => resolve()));
    await stopped.connect();
    await stopped.query("SELECT pg_advisory_lock(hashtext('active receiver'))");
    await stopped.query(`INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
      VALUES (1, 'stopped', pg_backend_pid(), clock_timestamp(), clock_timestamp() + interval '1 hour')`);
    const standby = await openOn(url, true);
    await expect(standby.ping(NOON)).rejects.toThrow('another receiver is active on this database');
    await stopped.query("UPDATE receivers SET beat_at = clock_timestamp() - interval '1 minute'");
    await ended;
    await expect.poll(() => standby.ping(NOON).then(() => 'active', String)).toBe('active');
  });

  test('one that was stopped knows, before anything else, that another may be active', async () => {
    let stoppedMs = 0;
    const world = { ...systemWorld, elapsed: () => systemWorld.elapsed() + stoppedMs };
    const store = await openPostgresStore({ url: await database(), world, log: quietLog(), isExclusive: true });
    opened.push(store);
    expect(store.isAlone()).toBe(true);
    stoppedMs = 8_000;
    expect(store.isAlone()).toBe(false);
  });

  test.for(['is active still', 'has ended again'])(
    'one that lost its connection is replaced when another took over in between, which %s',
    async (what) => {
      const direct = await database();
      const { port } = new URL(direct);
      const way = await startForwarder(Number(port));
      const url = direct.replace(`:${port}/`, `:${way.port}/`);
      const replaced = Promise.withResolvers<void>();
      const world = systemWorld;
      const onReplaced = () => replaced.resolve();
      const first = await openPostgresStore({ url, world, log: quietLog(), isExclusive: true, onReplaced });
      opened.push(first);
      const second = await openOn(direct, true);
      way.to(null);
      way.cut();
      await expect.poll(() => second.ping(NOON).then(() => 'active', String)).toBe('active');
      if (what === 'has ended again') {
        opened.splice(opened.indexOf(second), 1);
        await second.close();
      }
      way.to(Number(port));
      await replaced.promise;
      await expect(first.ping(NOON)).rejects.toThrow(StoreUnavailable);
      expect(first.isAlone()).toBe(false);
    },
  );

  test('one that lost its connection alone continues as it was', async () => {
    const url = await database();
    let replaced = 0;
    const onReplaced = () => {
      replaced += 1;
    };
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog(), isExclusive: true, onReplaced });
    opened.push(store);
    await terminateWriters(url);
    await expect.poll(() => store.ping(NOON).then(() => 'active', String)).toBe('active');
    expect([store.isAlone(), replaced]).toEqual([true, 0]);
  });
});
