// The partitions of the audit trail: one is there before it is needed, and if not, the next entry creates it.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution } from '../../support/executions.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

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

/** Appends an entry with this id, as if all ids before it had been used. */
const jumpTo = (url: string, id: number) =>
  withClient(url, (client) =>
    client.query(
      `INSERT INTO audit_rows (id, execution, at, event, hash, detail)
      SELECT $1, execution, at, event, hash, detail FROM audit_rows WHERE id = 1`,
      [id],
    ),
  );

const partitions = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      "SELECT relname FROM pg_class WHERE relname ~ '^audit_rows_\\d+$' ORDER BY relname",
    );
    return rows.map(({ relname }) => relname);
  });

describe.skipIf(serverUrl === null)('the partitions of the audit trail', () => {
  test('the next one is there once half of the newest one is used', async () => {
    const url = await newDatabase();
    const store = await openOn(url);
    await store.add(asNew());
    expect(await partitions(url)).toEqual(['audit_rows_1']);
    await jumpTo(url, 600_000);
    await store.add(asNew());
    await expect.poll(() => partitions(url)).toEqual(['audit_rows_1', 'audit_rows_2']);
  });

  test('an entry without one gets it, and is not lost', async () => {
    const url = await newDatabase();
    const store = await openOn(url);
    await store.add(asNew());
    await jumpTo(url, 1_000_000);
    const submission = asNew();
    expect((await store.add(submission)).outcome).toBe('added');
    expect(await store.head()).toMatchObject({ id: 1_000_001 });
    expect(await store.trail(submission.execution.correlationId)).toHaveLength(1);
    expect(await partitions(url)).toEqual(['audit_rows_1', 'audit_rows_2']);
    await withClient(url, async (client) => {
      await expect(client.query('DELETE FROM audit_rows WHERE id = 1000001')).rejects.toThrow('append-only');
      await expect(client.query("UPDATE audit_rows SET detail = '{}' WHERE id = 1")).rejects.toThrow('append-only');
    });
  });
});
