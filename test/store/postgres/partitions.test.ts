// The partitions of the audit trail: one is there before it is needed, and if not, the next entry creates it.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const HOUR_MS = 3_600_000;
const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close();
});

async function openOn(url: string) {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(store);
  return store;
}

const asNew = () => ({ execution: anExecution(), fingerprint: 'print', queueCapacity: 100 });

/** Appends an entry with this id, written `hours` after the first one, as if all ids before it had been used. */
const jumpTo = (url: string, id: number, hours = 0) =>
  withClient(url, (client) =>
    client.query(
      `INSERT INTO audit_rows (id, execution, at, event, hash, detail)
      SELECT $1, execution, at + $2, event, hash, detail FROM audit_rows WHERE id = 1`,
      [id, hours * HOUR_MS],
    ),
  );

const partitions = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query('SELECT first, last FROM audit_partitions ORDER BY first');
    return rows.map(({ first, last }) => [Number(first), Number(last)]);
  });

describe.skipIf(serverUrl === null)('the partitions of the audit trail', () => {
  test('the next one is there once half of the newest one is used', async () => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    await store.add(asNew());
    expect(await partitions(url)).toEqual([[1, 100_000]]);
    await jumpTo(url, 50_000);
    await store.add(asNew());
    await expect.poll(() => partitions(url)).toHaveLength(2);
  });

  test('an entry without one gets it, and is not lost', async () => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    await store.add(asNew());
    await jumpTo(url, 100_000);
    const submission = asNew();
    expect((await store.add(submission)).outcome).toBe('added');
    expect(await store.head()).toMatchObject({ id: 100_001 });
    expect(await store.trail(submission.execution.correlationId)).toHaveLength(1);
    expect(await partitions(url)).toHaveLength(2);
    await withClient(url, async (client) => {
      await expect(client.query('DELETE FROM audit_rows WHERE id = 100001')).rejects.toThrow('append-only');
      await expect(client.query("UPDATE audit_rows SET detail = '{}' WHERE id = 1")).rejects.toThrow('append-only');
    });
  });

  test.for([
    { hours: 24, size: 350_007, title: 'a week of the rate of the newest one' },
    { hours: 1, size: 400_000, title: 'four times the newest one at most, whatever a burst brings' },
    { hours: 10_000, size: 100_000, title: 'a hundred thousand entries at least' },
  ])('the next one is for $title', async ({ hours, size }) => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    await store.add(asNew());
    await jumpTo(url, 50_000, hours);
    await withClient(url, (client) => client.query('SELECT extend_audit_rows(50000), extend_audit_rows(50001)'));
    expect(await partitions(url)).toEqual([
      [1, 100_000],
      [100_001, 100_000 + size],
    ]);
  });

  test('what a trail that begins later skips is one partition', async () => {
    const url = await newReceiverDatabase();
    await openOn(url);
    await withClient(url, (client) => client.query('SELECT extend_audit_rows(70000000)'));
    expect(await partitions(url)).toEqual([
      [1, 100_000],
      [100_001, 70_000_000],
      [70_000_001, 70_100_000],
    ]);
  });

  test('a receiver of the version before gets partitions of a million ids, as it expects, after those that are there', async () => {
    const url = await newReceiverDatabase();
    await openOn(url);
    const older = 'SELECT create_audit_partition(1), create_audit_partition(500001), create_audit_partition(1000001)';
    await withClient(url, (client) => client.query(older));
    expect(await partitions(url)).toEqual([
      [1, 100_000],
      [100_001, 1_000_000],
      [1_000_001, 2_000_000],
    ]);
  });
});
