// Receivers of neighbouring versions on one database: which of them serve, what a migration waits for, and how the lead is handed over.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { migrate, refuseOtherSchema } from '../../../src/store/postgres/migrate.ts';
import { type Migration, readMigrations, SCHEMA } from '../../../src/store/postgres/migrations.ts';
import { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON } from '../../support/executions.ts';
import { newDatabase, newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const NEXT = SCHEMA + 1;
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string, options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog(), ...options });
  opened.push(store);
  return store;
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 10_000 });

/** A migration of the next version, which adds a column, with the lowest schema that may serve after it. */
function next(lowest: number): Migration {
  const statements = [`ALTER TABLE work ADD COLUMN of_the_future text`];
  return { number: NEXT, name: `${String(NEXT).padStart(4, '0')}_next`, sha256: 'x', statements, lowest };
}

const upgrade = (url: string, migration: Migration, log = quietLog()) =>
  withClient(url, (client) => migrate(client, [...readMigrations(), migration], log));

const rowsOf = (url: string, text: string) => withClient(url, async (client) => (await client.query(text)).rows);

test('every migration since the fifth states the lowest schema that may serve beside it', () => {
  const migrations = readMigrations();
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, n) => n));
  for (const { number, lowest } of migrations) {
    if (number < 5) expect(lowest).toBe(null);
    else expect(lowest).toBeLessThanOrEqual(number);
  }
});

describe.skipIf(serverUrl === null)('two versions on one PostgreSQL', () => {
  test('an older receiver serves on, and starts again, after a newer one has added to the database', async () => {
    const url = await newReceiverDatabase();
    const running = await openOn(url);
    await upgrade(url, next(SCHEMA));
    await running.ping(NOON);
    expect((await running.add(asNew())).outcome).toBe('added');
    const started = await openOn(url);
    expect((await started.add(asNew())).outcome).toBe('added');
    expect(await running.claimDispatches(2, NOON)).toHaveLength(2);
    await withClient(url, (client) => refuseOtherSchema(async (text) => (await client.query(text)).rows));
  });

  test('the newer receiver refuses to start where an older one runs that could not serve afterwards, and changes nothing', async () => {
    const url = await newReceiverDatabase();
    const running = await openOn(url);
    await expect(upgrade(url, next(NEXT))).rejects.toThrow(
      /1 receiver with a schema below \d+ could not serve, and runs \(cxone-callback-receiver .*\): stop them first/,
    );
    expect(await rowsOf(url, `SELECT name FROM schema_changes WHERE number = ${NEXT}`)).toEqual([]);
    expect((await running.add(asNew())).outcome).toBe('added');
    opened.splice(0);
    await running.close();
    await upgrade(url, next(NEXT));
    expect(await rowsOf(url, `SELECT name FROM schema_changes WHERE number = ${NEXT}`)).toHaveLength(1);
  });

  test('an older receiver refuses to start on a database that needs a newer one, and names the remedy', async () => {
    const url = await newReceiverDatabase();
    await upgrade(url, next(NEXT));
    const remedy = `the database needs a receiver with schema ${NEXT} or newer, and this version has schema ${SCHEMA}: start a newer version`;
    await expect(openOn(url)).rejects.toThrow(remedy);
    await expect(
      withClient(url, (client) => refuseOtherSchema(async (text) => (await client.query(text)).rows)),
    ).rejects.toThrow(remedy);
    // Versions before schema 5 refuse what they do not know in this table.
    expect(await rowsOf(url, 'SELECT name FROM schema_migrations ORDER BY name DESC LIMIT 1')).toEqual([
      { name: next(NEXT).name },
    ]);
  });

  test('an older receiver that runs all the same takes no more work after its next sign of life, and says why', async () => {
    const url = await newReceiverDatabase();
    const log = quietLog();
    const running = await openOn(url, { log });
    const reason = `the database needs a receiver with schema ${NEXT} or newer`;
    await withClient(url, (client) =>
      client.query(`INSERT INTO schema_changes (number, name, sha256, lowest) VALUES (${NEXT}, 'next', 'x', ${NEXT})`),
    );
    await expect(running.ping(NOON)).rejects.toThrow(reason);
    await expect(running.add(asNew())).rejects.toThrow(StoreUnavailable);
    expect(running.leadership.leads()).toBe(false);
    expect(JSON.stringify(log.lines)).toContain(reason);
    // Another one may lead.
    const locks = `SELECT 1 FROM pg_locks JOIN pg_database AS d ON d.oid = database
      WHERE locktype = 'advisory' AND datname = current_database()`;
    await expect.poll(() => rowsOf(url, locks)).toEqual([]);
  });

  test('what an older receiver still sends is refused after such a migration', async () => {
    const url = await newReceiverDatabase();
    const running = await openOn(url);
    const { statements } = next(NEXT);
    await withClient(url, async (client) => {
      // As if the receiver were not connected at this moment.
      await client.query("UPDATE receivers SET name = 'another'");
      await migrate(client, [...readMigrations(), { ...next(NEXT), statements }]);
    });
    await expect(running.add(asNew())).rejects.toThrow('another receiver has taken over');
    await expect.poll(() => running.ping(NOON).catch(String)).toContain('needs a receiver with schema');
  });

  test('a receiver from before schema 5 runs on, starts again and gives no schema', async () => {
    const url = await newDatabase();
    const first = readMigrations().filter(({ lowest }) => lowest === null);
    await withClient(url, async (older) => {
      await migrate(older, first);
      await older.query(`INSERT INTO receivers (epoch, name, pid, started_at, beat_at)
        VALUES (1, 'older', pg_backend_pid(), clock_timestamp(), clock_timestamp())`);
      await older.query("SET application_name = 'older'");
      const newer = await openOn(url);
      await newer.ping(NOON);
      const signs = await older.query(
        'UPDATE receivers SET beat_at = clock_timestamp() WHERE slot = 1 RETURNING schema',
      );
      expect(signs.rows).toEqual([{ schema: 4 }]);
      // This is all that it compares with the migrations that it knows.
      const { rows } = await older.query('SELECT name FROM schema_migrations ORDER BY name');
      expect(rows).toEqual(first.map(({ name }) => ({ name })));
    });
  });

  test('a database that has a part of a migration already is refused with the remedy', async () => {
    const url = await newReceiverDatabase();
    await withClient(url, (client) => client.query('ALTER TABLE work ADD COLUMN of_the_future text'));
    await expect(upgrade(url, next(SCHEMA))).rejects.toThrow(
      /a part of the migration \d+_next already, .*"of_the_future".*: a dump of an older .* Restore it into an empty database/,
    );
  });

  test('a database that lists migrations that its tables do not have is refused with the remedy', async () => {
    const url = await newReceiverDatabase();
    await withClient(url, (client) => client.query('ALTER TABLE receivers DROP COLUMN schema'));
    await expect(openOn(url)).rejects.toThrow(/lists more than it has: .* Restore it into an empty database/);
  });

  test('a migration does not hold up receivers for long behind a session that uses a table, and the log names that session', async () => {
    const url = await newReceiverDatabase();
    const running = await openOn(url);
    const log = quietLog();
    let isUpgraded = false;
    await withClient(url, async (backup) => {
      await backup.query("SET application_name = 'pg_dump'; BEGIN; LOCK TABLE work IN ACCESS SHARE MODE");
      const { rows } = await backup.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const upgraded = upgrade(url, next(SCHEMA), log).finally(() => {
        isUpgraded = true;
      });
      for (let n = 0; n < 5; n += 1) expect((await running.add(asNew())).outcome).toBe('added');
      expect(isUpgraded).toBe(false);
      const facts = { migration: next(SCHEMA).name, users: `pg_dump, process ${rows[0]?.pid}` };
      await expect.poll(() => log.lines).toMatchObject([{ level: 'warn', facts }]);
      await backup.query('COMMIT');
      await upgraded;
    });
  });

  test('entries and hints of a kind that this version does not know end nothing', async () => {
    const url = await newReceiverDatabase();
    const [one, other] = [await openOn(url), await openOn(url)];
    const seen: (number | null)[] = [];
    other.watchOthers((changes) => void seen.push(...(changes ?? []).map(({ entry }) => entry.id)));
    await one.add(asNew());
    await expect.poll(() => seen).toEqual([1]);
    await withClient(url, async (client) => {
      await client.query(
        `INSERT INTO audit_rows (id, execution, at, event, hash, detail) SELECT 2, id, 0, 99, '\\x00', '{}' FROM execution_rows`,
      );
      await client.query("SELECT pg_notify('cxone_receiver', 'newer whatever more'), pg_notify('cxone_receiver', '')");
    });
    await expect.poll(() => seen).toEqual([1, 2]);
    await one.add(asNew());
    await expect.poll(() => seen).toEqual([1, 2, 3]);
  });
});

describe.skipIf(serverUrl === null)('a leader that hands over', () => {
  /** Waits of half a second and more do not end: the interval of attempts to lead, and signs of life. */
  const patient: PostgresStoreOptions['world'] = {
    ...systemWorld,
    sleep: (ms, signal) =>
      ms < 500
        ? systemWorld.sleep(ms, signal)
        : new Promise((resolve) => {
            if (signal?.aborted) resolve();
            signal?.addEventListener('abort', () => resolve());
          }),
  };

  test('is followed at once by another receiver, claims nothing more and does not lead again', async () => {
    const url = await newReceiverDatabase();
    const [leader, other] = [await openOn(url, { world: patient }), await openOn(url, { world: patient })];
    const terms: (number | null)[] = [];
    leader.leadership.watch((term) => void terms.push(term));
    let seen = 0;
    other.watchOthers((changes) => {
      seen += changes?.length ?? 0;
    });
    await leader.add(asNew());
    // It listens for hints from then on.
    await expect.poll(() => seen).toBe(1);
    let led: readonly boolean[] = [];
    await leader.leadership.handOver(async () => {
      led = [leader.leadership.leads(), other.leadership.leads()];
    });
    expect(led).toEqual([false, false]);
    await expect.poll(other.leadership.leads).toBe(true);
    expect([leader.leadership.term(), other.leadership.term()]).toEqual([null, 2]);
    await expect(leader.claimDispatches(1, NOON)).rejects.toThrow('another receiver leads');
    expect(await other.claimDispatches(1, NOON)).toHaveLength(1);
    // The response to a request that was in flight is stored by the receiver that has sent it.
    expect((await leader.add(asNew())).outcome).toBe('added');
    await other.leadership.handOver(async () => {});
    await withClient(url, (client) => client.query('SELECT pg_terminate_backend(pid) FROM receivers'));
    await expect.poll(() => leader.ping(NOON).then(() => 'connected', String)).toBe('connected');
    expect(terms).toEqual([null]);
    expect(leader.leadership.leads()).toBe(false);
  });
});
