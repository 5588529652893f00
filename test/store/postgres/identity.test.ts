// A database that was restored from a dump is recognised, until its queue is held.

import type { Client } from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { holdQueued } from '../../../src/store/shared/hold-queued.ts';
import { anExecution } from '../../support/executions.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

async function openOn(url: string) {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  onTestFinished(() => store.close());
  return store;
}

const asNew = (execution: ReturnType<typeof anExecution>) => ({ execution, fingerprint: 'print', queueCapacity: 10 });

/** Replaces a table by one with the same rows, as `pg_restore --clean` does. */
async function makeAnew(client: Client): Promise<void> {
  await client.query(`BEGIN; ALTER TABLE execution_rows RENAME TO replaced; CREATE TABLE execution_rows (LIKE replaced INCLUDING ALL);
    INSERT INTO execution_rows OVERRIDING SYSTEM VALUE SELECT * FROM replaced; COMMIT`);
}

/** Returns the URL of a copy with the same rows, as `pg_dump` and `pg_restore` make one. */
async function copyOf(url: string): Promise<string> {
  const copy = new URL(url);
  copy.pathname += '_copy';
  await withClient(serverUrl ?? '', (client) =>
    client.query(`CREATE DATABASE ${copy.pathname.slice(1)} TEMPLATE ${new URL(url).pathname.slice(1)}`),
  );
  return copy.href;
}

describe.skipIf(serverUrl === null)('a database', () => {
  test('that its receivers have always used is not a backup', async () => {
    const url = await newDatabase();
    const first = await openOn(url);
    expect(first.isRestoredBackup).toBe(false);
    await first.close();
    expect((await openOn(url)).isRestoredBackup).toBe(false);
  });

  test('that was restored from a dump is one, until its queue is held', async () => {
    const url = await newDatabase();
    const before = await openOn(url);
    const execution = anExecution({}, systemWorld.now());
    await before.add({ execution, fingerprint: 'print', queueCapacity: 10 });
    await before.close();

    const copy = await copyOf(url);
    const restored = await openOn(copy);
    expect(restored.isRestoredBackup).toBe(true);
    const another = await openOn(copy);
    // Both have found it at their start: one holds the queue, and the other one leaves what was added since.
    expect(await restored.adoptBackup(() => holdQueued(restored, systemWorld))).toBe(1);
    const added = anExecution({}, systemWorld.now());
    await restored.add({ execution: added, fingerprint: 'print', queueCapacity: 10 });
    expect(another.isRestoredBackup).toBe(true);
    expect(await another.adoptBackup(() => holdQueued(another, systemWorld))).toBe(0);
    expect(await another.find(added.correlationId)).toMatchObject({ status: 'QUEUED' });
    await restored.record(added.reference, { type: 'cancelled', by: 'shop' }, systemWorld.now());
    await restored.close();
    await another.close();

    const after = await openOn(copy);
    expect(after.isRestoredBackup).toBe(false);
    expect(await after.find(execution.correlationId)).toMatchObject({ status: 'UNCONFIRMED' });
    expect(await after.claimDispatches(10, systemWorld.now())).toEqual([]);
  });

  test('that a dump was restored into, in the place of its tables, is one, also if a receiver of an earlier version has used it', async () => {
    const url = await newDatabase();
    const before = await openOn(url);
    await before.add(asNew(anExecution({}, systemWorld.now())));
    await before.close();
    // A receiver of an earlier version notes the database alone.
    await withClient(url, (client) => client.query('UPDATE database_identity SET tables = NULL'));
    const same = await openOn(url);
    expect(same.isRestoredBackup).toBe(false);
    await same.close();
    await withClient(url, makeAnew);
    const restored = await openOn(url);
    expect(restored.isRestoredBackup).toBe(true);
    expect(await restored.adoptBackup(() => holdQueued(restored, systemWorld))).toBe(1);
    await restored.close();
    expect((await openOn(url)).isRestoredBackup).toBe(false);
  });

  test.for(['connects again', 'gives a sign of life'])(
    'that was restored while a receiver runs is not used by it when it %s, and the remedy is named',
    async (when) => {
      const url = await newDatabase();
      const store = await openOn(url);
      await store.add(asNew(anExecution({}, systemWorld.now())));
      await withClient(url, async (client) => {
        await makeAnew(client);
        if (when === 'connects again') await client.query('SELECT pg_terminate_backend(pid) FROM receivers');
      });
      const reason = 'not the database of the start: it was restored';
      await expect.poll(() => store.ping(systemWorld.now()).catch(String)).toContain(reason);
      await expect(store.add(asNew(anExecution()))).rejects.toThrow(reason);
      await expect.poll(() => store.find('order-1').catch(String)).toContain(reason);
      expect(
        await withClient(url, async (client) => (await client.query('SELECT status FROM executions')).rows),
      ).toEqual([{ status: 'QUEUED' }]);
    },
  );
});
