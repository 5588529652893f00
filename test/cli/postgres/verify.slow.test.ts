// `audit verify` on PostgreSQL: whatever is done to the database behind the receiver's back is found, and the first entry named.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, submitted } from '../../support/executions.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { command } from '../harness.ts';

const HOOK = 'https://shop.example/hook';

/** Entry 6 is missing, and the ids of those behind it are one less. */
const RENUMBERED = `DELETE FROM audit_rows WHERE id = 6; UPDATE audit_rows SET id = id + 50000 WHERE id > 6;
  UPDATE audit_rows SET id = id - 50001 WHERE id > 50000`;

const WITHOUT_TRAIL = `INSERT INTO execution_rows (reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority,
    correlation_id, app, action_id, fingerprint, sample_level, status)
  SELECT gen_random_uuid(), submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority, 'invented', app, action_id,
    fingerprint, sample_level, status FROM execution_rows WHERE id = 1`;

const open = (url: string) => openPostgresStore({ url, world: systemWorld, log: quietLog() });

/** Leaves four entries, and a notification. */
async function ended(store: Store, correlationId: string): Promise<void> {
  const now = systemWorld.now();
  const execution = anExecution({ correlationId, notifyUrl: HOOK }, now);
  await store.add({ execution, fingerprint: correlationId, queueCapacity: 100 });
  await store.record(execution.reference, { type: 'dispatched' }, now);
  await store.record(execution.reference, submitted(), now);
  await store.record(execution.reference, callback(completed({ ok: true })), now);
}

const EMPTIED = 'execution_rows, outcome_rows, payload_rows, audit_rows_all, callback_bodies, notification_rows, work';

const TABLES = `SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
  AND NOT relispartition AND relname <> 'schema_migrations'`;

let url: string;

/** 4 ended executions with 16 entries, and an open one with an unreadable callback: 18 entries. A copy of each table is kept. */
beforeAll(async () => {
  if (serverUrl === null) return;
  url = await newDatabase();
  const store = await open(url);
  for (const name of ['one', 'two', 'three', 'four']) await ended(store, name);
  const { reference } = await add(store, 'open');
  const body = { bytes: Buffer.from('<half'), contentType: 'text/xml' };
  await store.record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, systemWorld.now());
  await store.close();
  await withClient(url, async (client) => {
    await client.query('CREATE SCHEMA kept');
    const { rows } = await client.query<{ name: string }>(TABLES);
    for (const { name } of rows) await client.query(`CREATE TABLE kept.${name} AS TABLE ${name}`);
  });
});

afterEach(async () => {
  if (serverUrl === null) return;
  await withClient(url, async (client) => {
    await client.query("SET session_replication_role = 'replica'");
    const { rows } = await client.query<{ name: string }>(TABLES);
    await client.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')}`);
    for (const { name } of rows) {
      await client.query(`INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM kept.${name}`);
    }
  });
});

async function add(store: Store, correlationId: string) {
  const execution = anExecution({ correlationId }, systemWorld.now());
  await store.add({ execution, fingerprint: correlationId, queueCapacity: 100 });
  return execution;
}

/** Runs statements as an intruder does who owns the database: without triggers. */
function tamper(...statements: readonly string[]): Promise<void> {
  return withClient(url, async (client: Client) => {
    await client.query("SET session_replication_role = 'replica'");
    for (const statement of statements) await client.query(statement);
  });
}

async function verify(...more: readonly string[]) {
  const { code, out, err } = await command(['audit', 'verify', '--json', ...more], { DATABASE_URL: url });
  return { code, err, report: out === '' ? null : JSON.parse(out) };
}

async function findingsOf(): Promise<readonly string[]> {
  const { code, report } = await verify();
  expect(code).toBe(1);
  return report.findings.map(({ message }: { message: string }) => message);
}

describe.skipIf(serverUrl === null)('audit verify', () => {
  test('walks the whole trail of an untouched database, and does not write', async () => {
    const { code, report } = await verify();
    expect([code, report]).toMatchObject([
      0,
      { ok: true, findings: [], entries: 18, prunedThrough: 0, head: { id: 18 } },
    ]);
  });

  test('verifies an empty database', async () => {
    await tamper(`TRUNCATE ${EMPTIED}`, 'UPDATE audit_checkpoint SET pruned_through = 0');
    const { code, report } = await verify();
    expect([code, report]).toMatchObject([0, { ok: true, entries: 0 }]);
  });

  test.for([
    [
      'a detail',
      "UPDATE audit_rows SET detail = replace(detail, 'PENDING', 'RUNNING') WHERE id = 3",
      /^entry 3 was altered/,
    ],
    ['a time', 'UPDATE audit_rows SET at = at + 1 WHERE id = 7', /^entry 7 was altered/],
    ['a hash', "UPDATE audit_rows SET hash = sha256('x') WHERE id = 5", /^entry 5 was altered/],
    ['an entry that is gone', 'DELETE FROM audit_rows WHERE id = 6', /^entry 6 was removed/],
    ['entries that are gone and renumbered', RENUMBERED, /removed before entry 6, and the rest renumbered/],
    ['an app', "UPDATE execution_rows SET app = 'crm' WHERE correlation_id = 'two'", /^entry 5 was altered/],
    ['an execution that is gone', "DELETE FROM execution_rows WHERE correlation_id = 'two'", /^entry 5 was altered/],
    [
      'a status',
      'UPDATE execution_rows SET status = 5 WHERE id = 1',
      /^status of execution one is FAILED, but COMPLETED/,
    ],
    ['a resolver', 'UPDATE execution_rows SET resolved_by = 2 WHERE id = 1', /^resolvedBy of execution one is poll/],
    [
      'a result',
      `UPDATE outcome_rows SET result = '{"ok":false}' WHERE id = 1`,
      /^result or error of execution one differs/,
    ],
    [
      'an open one that ended',
      'UPDATE execution_rows SET status = 4 WHERE id = 5',
      /^execution open is COMPLETED, and its trail/,
    ],
    ['an execution without a trail', WITHOUT_TRAIL, /^execution invented has a row and no trail/],
    [
      'a notification',
      "UPDATE notification_rows SET status = 'DELIVERED' WHERE sequence = 1",
      /is DELIVERED, but PENDING/,
    ],
    ['a notification that is gone', 'DELETE FROM notification_rows WHERE sequence = 1', /has a trail and no row/],
    ['a body', "UPDATE callback_bodies SET body = 'x'", /^the callback body of entry 18 was altered/],
    ['a body that is gone', 'DELETE FROM callback_bodies', /^the callback body of entry 18 is missing/],
    [
      'a body too many',
      "INSERT INTO callback_bodies (audit_id, execution, body) VALUES (3, 1, 'x')",
      /was inserted for entry 3/,
    ],
    ['the beginning', 'UPDATE audit_checkpoint SET pruned_through = 2', /^entry 3 was altered/],
  ] as const)('names %s', async ([, statement, message]) => {
    await tamper(statement);
    expect((await findingsOf())[0]).toMatch(message);
  });

  test('says from where a tail was cut off, with a head that was kept elsewhere', async () => {
    const { out } = await command('audit head', { DATABASE_URL: url });
    const log = join(temporaryFolder(), 'receiver.log');
    writeFileSync(log, out);
    expect((await verify('--head', log)).code).toBe(0);
    await tamper(
      'DELETE FROM audit_rows WHERE id > 16',
      'DELETE FROM callback_bodies',
      'DELETE FROM execution_rows WHERE id = 5',
    );
    expect((await verify()).code).toBe(0);
    const { code, report } = await verify('--head', log);
    expect([code, report.findings[0].message]).toEqual([1, 'the tail was cut off: entries 17 to 18 are missing']);
  });

  test('verifies exports together with the database, whose URL has no password', async () => {
    const file = join(temporaryFolder(), 'audit.ndjson');
    await command(['audit', 'export', '--out', file], { DATABASE_URL: url });
    const { code, err } = await command(['audit', 'verify', file, url], {});
    expect([code, err]).toEqual([2, expect.stringContaining('set DATABASE_URL instead')]);
  });
});

describe.skipIf(serverUrl === null)('a view that shows something else than its rows', () => {
  test.for([
    [
      'another status',
      'executions',
      'status_name(e.status)',
      "'FAILED'::text",
      /^the view executions was altered: its status of one/,
    ],
    ['another result', 'executions', 'o.result', "'{}'::text AS result", /its outcomeSha256 of one/],
    [
      'another event',
      'audit_events',
      'n.name',
      "'ACCEPTED'::text",
      /^the view audit_events was altered: its event of 2/,
    ],
    ['another time', 'audit_events', 'iso_time(a.at)', "'2026-01-01T00:00:00.000Z'::text", /its timestamp of 1/],
    ['fewer entries', 'audit_events', 'WHERE true', 'WHERE a.id <> 2', /it does not show 2/],
    [
      'fewer notifications',
      'notifications',
      'WHERE true',
      'WHERE sequence > 1',
      /^the view notifications was altered: it does not show/,
    ],
  ] as const)('is named: %s', async ([, view, shown, instead, message]) => {
    const definition = await withClient(url, async (client) => {
      const { rows } = await client.query<{ text: string }>('SELECT pg_get_viewdef($1::regclass) AS text', [view]);
      return rows[0]?.text ?? '';
    });
    const select = `${definition.replace(/;$/, '')} WHERE true`;
    const restore = `CREATE OR REPLACE VIEW ${view} AS ${definition}`;
    expect(select).toContain(shown);
    try {
      await tamper(`CREATE OR REPLACE VIEW ${view} AS ${select.replace(shown, instead)}`);
      expect((await findingsOf())[0]).toMatch(message);
    } finally {
      await tamper(restore);
    }
  });
});
