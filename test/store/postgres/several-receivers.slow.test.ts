// Several receivers on one database: one outcome, one chain, no lost and no doubtful commit, one leader.

import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { batchName, itemName } from '../../../src/execution/idempotency-key.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { endOwnConnection, takeLead } from '../../../src/store/postgres/connection/leader-lock.ts';
import { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { startForwarder } from '../../support/forwarder.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string, world: PostgresStoreOptions['world'] = systemWorld): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world, log: quietLog() });
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

  test('of the same submission twice at the same moment at each of them, all get the execution that is stored', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    for (let round = 0; round < 20; round += 1) {
      const again = () => asNew(anExecution({ idempotencyKey: `key-${round}` }));
      const all = await Promise.all([0, 1, 0, 1].map((n) => stores[n]?.add(again())));
      const ids = all.map((result) =>
        result && 'execution' in result ? result.execution.correlationId : result?.outcome,
      );
      expect(new Set(ids).size).toBe(1);
      expect(await stores[0]?.find(ids[0] ?? '')).toBeDefined();
    }
  });

  test('of two batches with one key at two of them, one is added, and the other is refused', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    for (let round = 0; round < 10; round += 1) {
      const batchOf = (fingerprint: string) => [
        asNew(anExecution({ idempotencyKey: itemName(batchName(`key-${round}`, fingerprint), 0) })),
      ];
      const all = await Promise.all(stores.map((store, n) => store.addAll(batchOf(`print-${n}`), false)));
      expect(all.map(([result]) => result?.outcome).toSorted()).toEqual(['added', 'key-reused']);
    }
  });

  test('of a repeat by correlation id under a new key and a submission under that key, one has the key', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    for (let round = 0; round < 10; round += 1) {
      const correlationId = `order-${round}`;
      await stores[0]?.add(asNew(anExecution({ correlationId })));
      const repeat = asNew(anExecution({ correlationId, idempotencyKey: `key-${round}` }));
      const other = { ...asNew(anExecution({ idempotencyKey: `key-${round}` })), fingerprint: 'another' };
      const all = await Promise.all([stores[0]?.add(repeat), stores[1]?.add(other)]);
      expect([
        ['replayed', 'key-reused'],
        ['key-reused', 'added'],
      ]).toContainEqual(all.map((result) => result?.outcome));
    }
  });

  test('of a batch and a submission with one key at two of them, one is added whole, and the other is refused', async () => {
    const url = await database();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    for (let round = 0; round < 10; round += 1) {
      const key = `key-${round}`;
      const items = [0, 1].map((n) => itemName(batchName(key, 'print'), n));
      const batch = items.map((idempotencyKey) => asNew(anExecution({ idempotencyKey })));
      const single = asNew(anExecution({ idempotencyKey: key }));
      const other = asNew(anExecution({ idempotencyKey: `${key}-of-another` }));
      const [ofBatch, ofSingle, ofOther] = await Promise.all([
        stores[0]?.addAll(batch, true),
        stores[1]?.add(single),
        stores[1]?.add(other),
      ]);
      const outcomes = [...(ofBatch ?? []), ofSingle].map((result) => result?.outcome);
      expect([
        ['added', 'added', 'key-reused'],
        ['key-reused', 'key-reused', 'added'],
      ]).toContainEqual(outcomes);
      expect(ofOther?.outcome).toBe('added');
    }
  });

  test('the first one leads, and claims; another one serves, and its claims are refused', async () => {
    const url = await database();
    const [leader, other] = [await openOn(url), await openOn(url)];
    expect([leader, other].map(({ leadership }) => leadership.term())).toEqual([1, null]);
    await other.addAll(
      Array.from({ length: 20 }, () => asNew()),
      false,
    );
    await expect(other.claimDispatches(20, NOON)).rejects.toThrow('another receiver leads');
    await expect(other.claimPolls(20, NOON, NOON + 1, undefined)).resolves.toEqual([]);
    await expect(other.moveDueTimes({ from: NOON, to: NOON + 1 })).rejects.toThrow('another receiver leads');
    await expect(other.prune(10, NOON)).rejects.toThrow('another receiver leads');
    const claimed = await leader.claimDispatches(20, NOON);
    expect(new Set(claimed.map(({ reference }) => reference)).size).toBe(20);
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

  test('a receiver does not take the slot that another one has got since, in a database that has lost its last commits', async () => {
    const url = await database();
    const store = await openOn(url);
    await withClient(url, async (client) => {
      await client.query('TRUNCATE receivers RESTART IDENTITY');
      await client.query(`INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
        VALUES (5, 'another', 0, clock_timestamp(), clock_timestamp())`);
      // The server has databases of other tests as well.
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'cxone-%' AND datname = current_database()`,
      );
    });
    await expect.poll(() => store.add(asNew()).then(({ outcome }) => outcome, String)).toBe('added');
    const slots = 'SELECT slot, epoch::integer FROM receivers ORDER BY slot';
    const { rows } = await withClient(url, (client) => client.query(slots));
    expect(rows).toEqual([{ slot: 1, epoch: 5 }, expect.objectContaining({ slot: 2 })]);
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

  test('another one leads when the leader ends', async () => {
    const url = await database();
    const [leader, other] = [await openOn(url), await openOn(url)];
    const terms: (number | null)[] = [];
    other.leadership.watch((term) => void terms.push(term));
    const { outcome } = await other.add(asNew());
    expect(outcome).toBe('added');
    opened.splice(opened.indexOf(leader), 1);
    await leader.close();
    await expect.poll(() => terms).toEqual([2]);
    expect(other.leadership.leads()).toBe(true);
    expect(await other.claimDispatches(1, NOON)).toHaveLength(1);
  });

  test('a leader that has stopped without a sign of life is replaced, one that gives signs is not', async () => {
    const url = await database();
    // As a leader that was stopped: its connection stays open, and it does not connect again.
    const stopped = new Client({ connectionString: url });
    const ended = new Promise<void>((resolve) => void stopped.on('error', () => resolve()));
    await stopped.connect();
    await stopped.query("SELECT pg_advisory_lock(hashtext('active receiver'))");
    await stopped.query(`INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
      VALUES (1, 'stopped', pg_backend_pid(), clock_timestamp(), clock_timestamp() + interval '1 hour')`);
    const other = await openOn(url);
    await other.ping(NOON);
    expect(other.leadership.term()).toBe(null);
    await stopped.query(
      "UPDATE receivers SET beat_at = clock_timestamp() - interval '1 minute' WHERE name = 'stopped'",
    );
    await ended;
    await expect.poll(other.leadership.leads).toBe(true);
  });

  test('a leader whose process has the number of one that ended is not ended', async () => {
    const url = await database();
    const leader = await openOn(url);
    expect(leader.leadership.leads()).toBe(true);
    const present = `SELECT r.epoch::integer FROM receivers AS r JOIN pg_stat_activity USING (pid) WHERE r.slot = 1`;
    await withClient(url, async (client) => {
      const { rows } = await client.query<{
        slot: number;
      }>(`INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
        SELECT 1, 'ended', pid, started_at - interval '2 hours', beat_at - interval '1 hour' FROM receivers RETURNING slot`);
      const ended = { slot: rows[0]?.slot ?? 0, epoch: 1 };
      await endOwnConnection(client, ended.slot);
      expect(await takeLead(client, ended)).toBe(null);
      // A new connection would have another epoch.
      expect((await client.query(present)).rows).toEqual([{ epoch: 1 }]);
    });
    await leader.ping(NOON);
    expect(leader.leadership.term()).toBe(1);
  });

  test('a leader that was stopped knows, before anything else, that another one may lead', async () => {
    let stoppedMs = 0;
    const store = await openOn(await database(), { ...systemWorld, elapsed: () => systemWorld.elapsed() + stoppedMs });
    expect(store.leadership.leads()).toBe(true);
    stoppedMs = 8_000;
    expect(store.leadership.leads()).toBe(false);
  });

  test.for(['leads still', 'has ended again'])(
    'a leader that lost its connection begins no work of its term when another one led in between, which %s',
    async (what) => {
      const direct = await database();
      const { port } = new URL(direct);
      const way = await startForwarder(Number(port));
      const first = await openOn(direct.replace(`:${port}/`, `:${way.port}/`));
      const terms: (number | null)[] = [];
      first.leadership.watch((term) => void terms.push(term));
      const second = await openOn(direct);
      way.to(null);
      way.cut();
      await expect.poll(second.leadership.leads).toBe(true);
      expect(first.leadership.leads()).toBe(false);
      if (what === 'has ended again') {
        opened.splice(opened.indexOf(second), 1);
        await second.close();
      }
      way.to(Number(port));
      await expect.poll(() => terms).toEqual([what === 'leads still' ? null : 3]);
      const { outcome } = await first.add(asNew());
      expect(outcome).toBe('added');
    },
  );

  test('a leader that lost its connection alone continues its term', async () => {
    const url = await database();
    const store = await openOn(url);
    const terms: (number | null)[] = [];
    store.leadership.watch((term) => void terms.push(term));
    await terminateWriters(url);
    await expect.poll(() => store.ping(NOON).then(() => 'connected', String)).toBe('connected');
    await expect.poll(store.leadership.leads).toBe(true);
    expect(terms).toEqual([]);
  });
});
