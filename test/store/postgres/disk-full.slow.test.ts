// A disk of the server that is full: the store says so until a large write succeeds, although small ones succeed before.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

/** Fails as PostgreSQL does when the disk has room for small rows only. */
const REFUSE_LARGE = `CREATE FUNCTION refuse_large() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF length(NEW.inputs::text) > 1000 THEN
      RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse_large BEFORE INSERT ON payload_rows FOR EACH ROW EXECUTE FUNCTION refuse_large()`;

const LARGE = { filling: 'x'.repeat(2_000) };
const FULL = 'the disk of the database server is full';

const closing: PostgresStore[] = [];

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close();
});

async function openFull() {
  const url = await newReceiverDatabase();
  const name = new URL(url).pathname.slice(1);
  const query = (text: string) => withClient(url, async (client) => (await client.query(text)).rows);
  const limit = (change: string) => query(`ALTER DATABASE ${name} ${change}`);
  await query(REFUSE_LARGE);
  // As on a disk without room for a megabyte.
  await limit("SET temp_file_limit = '512kB'");
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(store);
  const add = (inputs: object) =>
    store.add({ execution: anExecution({ inputs } as never), fingerprint: 'print', queueCapacity: 10 });
  const makeRoom = async () => {
    await limit('RESET temp_file_limit');
    await query('DROP TRIGGER refuse_large ON payload_rows');
    await query('SELECT pg_terminate_backend(pid) FROM receivers');
  };
  return { store, query, add, makeRoom };
}

describe.skipIf(serverUrl === null)('a full disk of the server', () => {
  test('makes the store unavailable until a megabyte can be written, although small commits succeed', async () => {
    const { store, add, query, makeRoom } = await openFull();
    await store.ping(NOON);
    expect(store.unavailable?.()).toBe(null);
    await expect(add(LARGE)).rejects.toThrow(StoreUnavailable);
    expect(store.unavailable?.()).toBe(FULL);
    await expect(store.ping(NOON)).rejects.toThrow(StoreUnavailable);
    expect((await add({})).outcome).toBe('added');
    expect(store.unavailable?.()).toBe(FULL);

    await makeRoom();
    await expect.poll(() => store.ping(NOON).then(() => 'committed', String)).toBe('committed');
    expect(store.unavailable?.()).toBe(null);
    expect((await add(LARGE)).outcome).toBe('added');
    const written = 'SELECT temp_bytes::integer AS bytes FROM pg_stat_database WHERE datname = current_database()';
    await expect.poll(async () => (await query(written))[0].bytes).toBeGreaterThanOrEqual(1024 * 1024);
  });
});
