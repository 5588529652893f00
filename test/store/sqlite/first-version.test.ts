// A database that the first version wrote is examined, backed up and restored as it is, and goes on when it is opened.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { expect, onTestFinished, test } from 'vitest';
import { backUp } from '../../../src/store/sqlite/backup.ts';
import { openForReading } from '../../../src/store/sqlite/inspect.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/open.ts';
import { restore } from '../../../src/store/sqlite/restore.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify.ts';
import { systemWorld } from '../../../src/world.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const fatal = (error: unknown) => {
  throw error;
};
const open = (path: string) => createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });

/** One that has ended and one that is queued, in the tables of the first migration alone. */
async function writtenByTheFirstVersion(): Promise<string> {
  const folder = temporaryFolder();
  const today = join(folder, 'today.db');
  const store = open(today);
  for (const correlationId of ['ended', 'queued']) {
    const execution = anExecution({ correlationId });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 9 });
    if (correlationId === 'ended') await store.record(execution.reference, callback(completed()), NOON);
  }
  await store.close();

  const migrations = join(folder, 'migrations');
  cpSync(MIGRATIONS, migrations, { recursive: true });
  const journal = join(migrations, 'meta/_journal.json');
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: unknown[] };
  writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, 1) }));
  const path = join(folder, 'first.db');
  const sql = new Database(path);
  sql.pragma('journal_mode = WAL');
  migrate(drizzle(sql), { migrationsFolder: migrations });
  sql.prepare('ATTACH ? AS today').run(today);
  for (const table of ['executions', 'audit_events']) {
    const columns = sql.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table).join(', ');
    sql.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM today.${table}`);
  }
  expect(sql.prepare("SELECT name FROM sqlite_master WHERE name = 'notifications'").get()).toBeUndefined();
  sql.close();
  return path;
}

function findingsIn(path: string) {
  const sql = openForReading(path);
  onTestFinished(() => void sql.close());
  return verifyAudit(sql);
}

test('its trail is verified as it stands', async () => {
  expect(findingsIn(await writtenByTheFirstVersion())).toMatchObject({ findings: [], entries: 3 });
});

test('it goes on when it is opened: what it holds is there, and the chain holds across the versions', async () => {
  const path = await writtenByTheFirstVersion();
  const store = open(path);
  expect(await store.find('ended')).toMatchObject({ status: 'COMPLETED', priority: 4, idempotencyKey: null });
  const { reference = '' } = (await store.find('queued')) ?? {};
  expect(await store.claimDispatches(5, NOON)).toMatchObject([{ reference }]);
  await store.record(reference, callback(completed()), NOON + 1);
  await store.close();
  expect(findingsIn(path)).toMatchObject({ findings: [], entries: 5 });
});

test('it is backed up, and a backup of it is restored', async () => {
  const path = await writtenByTheFirstVersion();
  const copy = join(temporaryFolder(), 'copy.db');
  backUp(path, copy);
  const restored = join(temporaryFolder(), 'restored.db');
  const options = { world: systemWorld, log: quietLog(), sendQueued: false };
  expect(await restore(copy, restored, options)).toMatchObject({ held: 1 });
  expect(findingsIn(restored).findings).toEqual([]);
});
