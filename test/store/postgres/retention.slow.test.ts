// Retention on PostgreSQL: pruned entries are hidden at once and go with their partition, whatever interrupts it.

import type { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openReadSession } from '../../../src/store/postgres/reader/read-session.ts';
import { openServerReader } from '../../../src/store/postgres/reader/reader.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, failed, NOON } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { smallPartitions } from '../../support/postgres/small-partitions.ts';
import { startWatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';

const DAY_MS = 86_400_000;
const LATER = NOON + 10 * DAY_MS;
/** Entries of each partition but the last one. */
const SIZE = 4;

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function openOn(url: string): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(store);
  return store;
}

/** No entry can be deleted one by one. */
async function partitionsOnly(client: Client): Promise<void> {
  await smallPartitions(client, SIZE);
  await client.query(`CREATE FUNCTION not_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'an entry was deleted'; END $$`);
  await client.query(
    'CREATE TRIGGER not_deleted BEFORE DELETE ON audit_rows_all FOR EACH ROW EXECUTE FUNCTION not_deleted()',
  );
}

async function smallDatabase(): Promise<string> {
  const url = await newReceiverDatabase();
  await withClient(url, partitionsOnly);
  return url;
}

/** An execution with three entries. */
async function ended(store: PostgresStore, at = NOON) {
  const execution = anExecution({}, at);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
  await store.record(execution.reference, callback(completed({ paid: 42 })), at);
  await store.record(execution.reference, callback(failed({ code: 'what a conflict quotes' })), at);
  return execution;
}

async function openWith(count: number, url?: string) {
  const of = url ?? (await smallDatabase());
  const store = await openOn(of);
  const executions: Awaited<ReturnType<typeof ended>>[] = [];
  for (let n = 0; n < count; n += 1) executions.push(await ended(store));
  return { url: of, store, executions };
}

async function pruneAll(store: PostgresStore, limit = 100): Promise<number> {
  let entries = 0;
  for (let step = await store.prune(limit, LATER); step.entries > 0; step = await store.prune(limit, LATER)) {
    entries += step.entries;
  }
  return entries;
}

async function dropAll(store: PostgresStore): Promise<void> {
  while ((await store.reclaimSpace(1)) !== 0);
}

const firstIds = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query('SELECT first FROM audit_partitions ORDER BY first');
    return rows.map(({ first }) => Number(first));
  });

const idsIn = (url: string, relation: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(`SELECT id FROM ${relation} ORDER BY id`);
    return rows.map(({ id }) => Number(id));
  });

/** What must hold whatever happened: nothing is found in the trail, and every execution is accounted for. */
async function expectSound(url: string): Promise<void> {
  const reader = await openServerReader(url);
  const { findings } = await reader.verify({});
  await reader.close();
  const difference = await withClient(
    url,
    async (client) => (await client.query('TABLE conservation')).rows[0].difference,
  );
  expect([findings, Number(difference)]).toEqual([[], 0]);
}

describe.skipIf(serverUrl === null)('pruned entries of the trail', () => {
  test('go with their partitions, and none is deleted one by one', async () => {
    const { url, store } = await openWith(5);
    await store.add({ execution: anExecution({}, LATER), fingerprint: 'print', queueCapacity: 100 });
    expect(await pruneAll(store)).toBe(15);
    expect(await firstIds(url)).toEqual([1, 5, 9, 13, 17]);
    expect([await store.reclaimSpace(1), await firstIds(url)]).toEqual([2, [5, 9, 13, 17]]);
    await dropAll(store);
    expect(await firstIds(url)).toEqual([13, 17]);
    expect(await idsIn(url, 'audit_rows')).toEqual([16]);
    await expectSound(url);
    await ended(store, LATER);
    await expectSound(url);
  });

  test('are not shown by anything while their partition is there', async () => {
    const { url, store, executions } = await openWith(2);
    expect(await store.prune(2, LATER)).toEqual({ entries: 2, executions: 0 });
    expect(await idsIn(url, 'audit_rows_all')).toEqual([1, 2, 3, 4, 5, 6]);
    for (const relation of ['audit_rows', 'audit_events', 'execution_story']) {
      expect(await idsIn(url, relation)).toEqual([3, 4, 5, 6]);
    }
    expect((await store.trail(executions[0]?.correlationId ?? '')).map(({ id }) => id)).toEqual([3]);
    expect(await store.prunableEntries(9, LATER, null)).toEqual({ first: 3, last: 6 });
    const records = await store.entryRecords({ first: 1, last: 3 });
    expect(records.filter(({ type }) => type === 'audit_event').map(({ id }) => id)).toEqual([3]);
    await expectSound(url);
  });

  test('are all of the trail, and the chain continues behind them, also once their partitions are gone', async () => {
    const { url, store, executions } = await openWith(5);
    await store.record(executions[0]?.reference ?? '', callback(completed()), NOON);
    const head = await store.head();
    await pruneAll(store);
    await dropAll(store);
    expect([await firstIds(url), await idsIn(url, 'audit_rows_all')]).toEqual([[17], []]);
    expect(await store.head()).toEqual(head);
    const other = await openOn(url);
    await ended(other, LATER);
    expect(await idsIn(url, 'audit_rows')).toEqual([17, 18, 19]);
    await expectSound(url);
  });

  test('are none of an execution that becomes prunable while the pruning waits for a row', async () => {
    const url = await newReceiverDatabase();
    const [store, other] = [await openOn(url), await openOn(url)];
    const [one, open] = [anExecution(), anExecution()];
    const add = (execution: typeof one) => store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await add(one);
    await store.record(one.reference, callback(completed()), NOON);
    await add(open);
    await store.record(one.reference, callback(failed()), NOON);
    const pruned = await withClient(url, async (client) => {
      await client.query('BEGIN; SELECT 1 FROM execution_rows WHERE id = 1 FOR UPDATE');
      const pruning = store.prune(9, LATER);
      const waiting = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND locktype = 'transactionid' AND datname = current_database()`;
      await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
      await other.record(open.reference, callback(completed()), NOON);
      await client.query('COMMIT');
      return pruning;
    });
    expect(pruned).toEqual({ entries: 2, executions: 0 });
    await expectSound(url);
    expect(await pruneAll(store)).toBe(3);
    await expectSound(url);
  });

  test('lose the content of an execution that is erased before they go', async () => {
    const url = await newReceiverDatabase();
    const { store, executions } = await openWith(2, url);
    await store.prune(3 + 2, LATER);
    await store.erase(executions[1]?.reference ?? '', { by: 'operator:alice', reason: 'art. 17' }, LATER);
    const texts = await withClient(
      url,
      async (client) => (await client.query('SELECT execution, detail FROM audit_rows_all')).rows,
    );
    const quoting = texts.filter(({ detail }) => detail.includes('what a conflict quotes'));
    expect(quoting.map(({ execution }) => Number(execution))).toEqual([1]);
    await expectSound(url);
  });

  test('are deleted one by one when they have waited two weeks for the others of their partition', async () => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    await ended(store, NOON);
    await ended(store, NOON + DAY_MS);
    await store.prune(9, NOON + 2 * DAY_MS);
    const left: (number | null)[] = [];
    for (const days of [14, 14.5, 14.5, 16]) left.push(await store.reclaimSpace(3, NOON + days * DAY_MS));
    expect(left).toEqual([0, 1, 0, 1]);
    expect(await idsIn(url, 'audit_rows_all')).toEqual([]);
    await ended(store, NOON + 16 * DAY_MS);
    expect(await store.reclaimSpace(3, NOON + 40 * DAY_MS)).toBe(0);
    expect(await idsIn(url, 'audit_rows_all')).toEqual([7, 8, 9]);
    await expectSound(url);
  });
});

test.skipIf(serverUrl === null)(
  'an erasure that was ordered just before another receiver recorded the end leaves a trail that holds',
  async () => {
    const url = await newReceiverDatabase();
    const [store, other] = [await openOn(url), await openOn(url)];
    const execution = anExecution();
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await other.record(execution.reference, callback(completed()), NOON + 12);
    const order = { by: 'operator:alice', reason: 'art. 17' };
    expect(await store.erase(execution.reference, order, NOON)).toMatchObject({ outcome: 'erased' });
    await expectSound(url);
  },
);

describe.skipIf(serverUrl === null)('a partition of pruned entries', () => {
  test('stays while another session reads the trail, and nothing waits for it, and goes later', async () => {
    const { url, store } = await openWith(3);
    await pruneAll(store);
    await withClient(url, async (backup) => {
      await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE audit_rows_all IN ACCESS SHARE MODE');
      expect(await store.reclaimSpace(1)).toBe(0);
      expect(await firstIds(url)).toHaveLength(5);
      await ended(store, LATER);
      await backup.query('COMMIT');
    });
    await dropAll(store);
    expect(await firstIds(url)).toEqual([9, 13, 17]);
  });

  test('stays while a command reads a snapshot, also before it reads the trail', async () => {
    const { url, store } = await openWith(3);
    const session = await openReadSession(url);
    const seen = await session.snapshot(async () => {
      const checkpoint = await session.first<{ id: string }>('SELECT pruned_through AS id FROM audit_checkpoint');
      await pruneAll(store);
      await dropAll(store);
      return { checkpoint, rows: (await session.all('SELECT id FROM audit_rows')).length };
    });
    await session.close();
    expect(seen).toEqual({ checkpoint: { id: 0 }, rows: 9 });
  });

  test('goes during a long pruning, as soon as all of its entries are pruned', async () => {
    const { url, store } = await openWith(5);
    const left: number[][] = [];
    for (let batch = await store.prunableEntries(3, LATER, null); batch !== undefined; ) {
      await store.prune(3, LATER, batch.last);
      await store.dropPruned(batch.last);
      left.push(await firstIds(url));
      await expectSound(url);
      batch = await store.prunableEntries(3, LATER, null);
    }
    expect(left).toEqual([
      [1, 5, 9, 13, 17],
      [5, 9, 13, 17],
      [9, 13, 17],
      [13, 17],
      [13, 17],
    ]);
  });

  test('goes with the next one during a long pruning when another session read the trail at its time', async () => {
    const { url, store } = await openWith(3);
    await withClient(url, async (backup) => {
      await backup.query('BEGIN; LOCK TABLE audit_rows_all IN ACCESS SHARE MODE');
      await store.prune(5, LATER, 5);
      await store.dropPruned(5);
      await backup.query('COMMIT');
    });
    await store.prune(2, LATER, 7);
    await store.dropPruned(7);
    expect(await firstIds(url)).toEqual([1, 5, 9, 13, 17]);
    await store.prune(2, LATER, 9);
    await store.dropPruned(9);
    expect(await firstIds(url)).toEqual([9, 13, 17]);
  });

  test('is not the newest one, whose ids are still to come', async () => {
    const { url, store } = await openWith(6);
    await pruneAll(store);
    await dropAll(store);
    expect(await firstIds(url)).toEqual([17]);
  });

  test('is pruned and dropped by the next leader when the leader hands over in between', async () => {
    const { url, store } = await openWith(5);
    const next = await openOn(url);
    await store.prune(7, LATER);
    await store.reclaimSpace(1);
    await store.leadership.handOver(async () => {});
    await expect.poll(next.leadership.leads).toBe(true);
    await expect(store.prune(7, LATER)).rejects.toThrow('another receiver leads');
    await expect(store.reclaimSpace(1)).rejects.toThrow('another receiver leads');
    expect(await firstIds(url)).toEqual([5, 9, 13, 17]);
    expect(await pruneAll(next)).toBe(8);
    await dropAll(next);
    expect(await firstIds(url)).toEqual([13, 17]);
    await expectSound(url);
  });

  test.for(['request', 'response'] as const)(
    'is pruned and dropped once, at whichever statement connections are cut: %s',
    async (loss) => {
      const { url, store: first } = await openWith(5);
      await first.close();
      const proxy = await startWatchedProxy(url);
      closing.push(proxy);
      const store = await openOn(proxy.url);
      let entries = 0;
      const steps = [async () => (entries += (await store.prune(6, LATER)).entries), () => store.reclaimSpace(1)];
      for (let turn = 0; turn < 4; turn += 1) {
        for (const step of steps) {
          const cut = proxy.cutAt(1, loss);
          await step().catch(() => {});
          expect(await cut).toBe(true);
          await expect.poll(() => store.leadership.leads()).toBe(true);
          await expectSound(url);
          await step();
        }
      }
      expect(entries).toBe(15);
      expect(await firstIds(url)).toEqual([13, 17]);
    },
  );
});
