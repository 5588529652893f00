// A database that an earlier version wrote opens and goes on: every row is there, the trail holds, and what is new works on it.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { expect, onTestFinished, test } from 'vitest';
import { openForReading } from '../../../src/store/sqlite/inspect.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/open.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify.ts';
import { systemWorld } from '../../../src/world.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const TABLES = ['executions', 'audit_events', 'callback_bodies', 'notifications', 'audit_checkpoint'];
const LATER = NOON + 86_400_000;

const open = (path: string) =>
  createSqliteStore({
    path,
    world: systemWorld,
    log: quietLog(),
    fatal: (error) => {
      throw error;
    },
  });

/** With an execution that has ended, an unreadable callback, a notification, and one that is open. */
async function writtenToday(): Promise<string> {
  const path = join(temporaryFolder(), 'today.db');
  const store = open(path);
  for (const correlationId of ['ended', 'open']) {
    const execution = anExecution({ correlationId, notifyUrl: 'https://hooks.example/' });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 9 });
    const body = { bytes: Buffer.from('{"half":'), contentType: null };
    await store.record(execution.reference, { type: 'callback-unreadable', reason: 'no JSON', body }, NOON);
    if (correlationId === 'ended') await store.record(execution.reference, callback(completed({ paid: 42 })), NOON);
  }
  await store.close();
  return path;
}

/** The same rows, as the version before wrote them: with its migrations alone. */
function writtenBefore(today: string): string {
  const folder = temporaryFolder();
  const migrations = join(folder, 'migrations');
  mkdirSync(migrations);
  cpSync(MIGRATIONS, migrations, { recursive: true });
  const journal = join(migrations, 'meta/_journal.json');
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: { tag: string }[] };
  const earlier = entries.filter(({ tag }) => tag < '0002');
  writeFileSync(journal, JSON.stringify({ ...rest, entries: earlier }));
  const path = join(folder, 'before.db');
  const sql = new Database(path);
  sql.pragma('journal_mode = WAL');
  migrate(drizzle(sql), { migrationsFolder: migrations });
  sql.prepare('ATTACH ? AS today').run(today);
  sql.exec('DELETE FROM audit_checkpoint');
  for (const table of TABLES) {
    const columns = sql.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all().join();
    sql.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM today.${table} ORDER BY rowid`);
  }
  sql.close();
  return path;
}

function findingsIn(path: string) {
  const client = openForReading(path);
  try {
    return verifyAudit(client).findings;
  } finally {
    client.close();
  }
}

test('a database of the version before, with rows in it, is migrated when it is opened and loses nothing', async () => {
  const path = writtenBefore(await writtenToday());
  expect(findingsIn(path)).toEqual([]);
  const store = open(path);
  onTestFinished(() => store.close());
  expect(await store.find('ended')).toMatchObject({ status: 'COMPLETED', result: { paid: 42 } });
  expect(await store.find('open')).toMatchObject({ status: 'QUEUED' });
  expect((await store.listNotifications({ app: null, limit: 9 })).items).toHaveLength(1);
  expect(findingsIn(path)).toEqual([]);
});

test('payloads in it can be pruned, and its trail goes on', async () => {
  const path = writtenBefore(await writtenToday());
  const store = open(path);
  onTestFinished(() => store.close());
  const [told] = (await store.listNotifications({ app: null, limit: 1 })).items;
  await store.recordDelivery(told?.id ?? '', { type: 'delivered', httpStatus: 200, latencyMs: 1 }, NOON);
  const batch = await store.payloadsLeaving(9, LATER, null);
  expect(await store.prunePayloads(batch, LATER, LATER)).toBe(2);
  expect(await store.find('ended')).toMatchObject({ status: 'COMPLETED', result: null });
  expect(findingsIn(path)).toEqual([]);
});
