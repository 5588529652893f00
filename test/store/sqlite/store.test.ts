// What SQLite adds to the contract: durability, one writer, a trail that cannot be rewritten, and SQL for operators.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Submission, TERMINAL_STATUSES } from '../../../src/execution/execution.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { type Store, StoreUnavailable } from '../../../src/store/port.ts';
import { STATUS_CODES } from '../../../src/store/shared/codes.ts';
import { chainHash } from '../../../src/store/shared/hash-chain.ts';
import { openDatabase } from '../../../src/store/sqlite/file/open.ts';
import { createSqliteStore, type SqliteStoreOptions } from '../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON, polled, submitted } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';
import { dropGuards, makeViewsWritable } from '../../support/writable-views.ts';

interface Opened {
  readonly store: Store;
  readonly path: string;
  /** A connection of an operator's, with the defaults of the command line. */
  readonly sql: Database.Database;
}

function openStore(options: Partial<SqliteStoreOptions> = {}): Opened {
  const path = options.path ?? temporaryDatabase();
  const store = createSqliteStore({
    path,
    world: systemWorld,
    log: quietLog(),
    fatal,
    ...options,
  });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  return { store, path, sql };
}

function add(store: Store, overrides: Partial<Submission> = {}, now = NOON) {
  const execution = anExecution(overrides, now);
  return store.add({ execution, fingerprint: 'print', queueCapacity: 100_000 }).then(() => execution);
}

async function resolved(store: Store, how: 'callback' | 'poll', ms: number, actionId = 'charge') {
  const { reference } = await add(store, { actionId });
  await store.claimDispatches(1, NOON);
  await store.record(reference, submitted(), NOON);
  await store.record(reference, how === 'callback' ? callback(completed()) : polled(completed()), NOON + ms);
}

describe('durability', () => {
  test('every connection has WAL and synchronous=FULL, also on a file that exists', () => {
    const path = join(temporaryFolder(), 'receiver.db');
    for (let i = 0; i < 2; i += 1) {
      const database = openDatabase(path);
      expect(database.client.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.client.pragma('synchronous', { simple: true })).toBe(2);
      database.close();
    }
  });

  test('a caller that got the acknowledgement can read the data over another connection', async () => {
    const { store, sql } = openStore();
    const { reference, correlationId } = await add(store);
    const status = sql.prepare('SELECT status FROM executions WHERE correlation_id = ?').pluck();
    expect(status.get(correlationId)).toBe('QUEUED');
    await store.record(reference, callback(completed()), NOON);
    expect(status.get(correlationId)).toBe('COMPLETED');
  });

  test('what was stored is there after reopening, queue capacity and chain included', async () => {
    const path = join(temporaryFolder(), 'receiver.db');
    const first = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal: () => {} });
    const { correlationId } = await add(first);
    await first.close();
    const { store, sql } = openStore({ path });
    expect(await store.find(correlationId)).toMatchObject({ status: 'QUEUED' });
    const more = { execution: anExecution(), fingerprint: 'print', queueCapacity: 1 };
    expect(await store.add(more)).toEqual({ outcome: 'full' });
    await add(store);
    expectUnbrokenChain(sql);
  });
});

describe('the writer', () => {
  test('commits together what comes together', async () => {
    const batches: number[] = [];
    const { store } = openStore({ observeCommit: (batch) => batches.push(batch) });
    await Promise.all(Array.from({ length: 300 }, () => add(store)));
    expect(batches.reduce((sum, size) => sum + size)).toBe(300);
    expect(batches.length).toBeLessThan(10);
    expect(Math.max(...batches)).toBeLessThanOrEqual(256);
  });

  test('a mutation that fails, fails alone: the others of its batch are committed and the chain holds', async () => {
    const { store, sql } = openStore();
    const { reference, correlationId } = await add(store);
    const unwritable = { ...callback(completed()), report: { ...completed(), result: 10n as never } };
    const [before, bad, after] = await Promise.allSettled([
      add(store),
      store.record(reference, unwritable, NOON),
      add(store),
    ]);
    expect([before.status, bad.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.find(correlationId)).toMatchObject({ status: 'QUEUED' });
    expect(sql.prepare('SELECT count(*) FROM executions').pluck().get()).toBe(3);
    expectUnbrokenChain(sql);
  });

  test('turns writes away when too many wait, and loses none of those that it took', async () => {
    const { store } = openStore();
    const pings = await Promise.allSettled(Array.from({ length: 20_005 }, () => store.ping(NOON)));
    const refused = pings.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ reason: expect.any(StoreUnavailable) });
    await expect(store.ping(NOON)).resolves.toBeUndefined();
  });

  test('waits for another process that holds the write lock, and continues when it is released', async () => {
    let letGo = () => {};
    const { store, sql } = openStore({ world: { now: () => NOON, elapsed: () => 0, sleep: async () => letGo() } });
    sql.exec('BEGIN IMMEDIATE');
    letGo = () => void sql.exec('COMMIT');
    await expect(add(store)).resolves.toBeDefined();
    expect(sql.inTransaction).toBe(false);
  });

  test('says that it is unavailable when the lock is never let go, and works again afterwards', async () => {
    const { store, sql } = openStore({ world: { now: () => NOON, elapsed: () => 0, sleep: async () => {} } });
    sql.exec('BEGIN IMMEDIATE');
    await expect(add(store)).rejects.toThrow(StoreUnavailable);
    sql.exec('ROLLBACK');
    await expect(add(store)).resolves.toBeDefined();
  });
});

describe('the file', () => {
  test('a missing folder is made', async () => {
    const { store } = openStore({ path: join(temporaryFolder(), 'deep', 'down', 'receiver.db') });
    await expect(add(store)).resolves.toBeDefined();
  });

  test.each([
    [
      'of another application',
      'CREATE TABLE customers (id); PRAGMA user_version = 3',
      /belongs to another application/,
    ],
    [
      'of a newer version',
      "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)",
      /written by a newer version/,
    ],
  ])('one %s is refused and left as it is', (_, change, message) => {
    const path = join(temporaryFolder(), 'receiver.db');
    if (message.source.includes('newer')) openDatabase(path).close();
    const other = new Database(path);
    other.exec(change);
    const before = other.prepare('SELECT name FROM sqlite_schema').all();
    expect(() => openDatabase(path)).toThrow(message);
    expect(other.prepare('SELECT name FROM sqlite_schema').all()).toEqual(before);
    other.close();
  });

  test('a file that is not a database is refused by name', async () => {
    const path = join(temporaryFolder(), 'notes.txt');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path, 'these are my notes, please do not overwrite them. '.repeat(100));
    expect(() => openDatabase(path)).toThrow(/notes\.txt is not an SQLite database/);
  });

  test('a second receiver on the same file is refused while the first one runs', () => {
    const path = join(temporaryFolder(), 'receiver.db');
    const first = openDatabase(path);
    expect(() => openDatabase(path)).toThrow(/in use by another receiver/);
    first.close();
    openDatabase(path).close();
  });

  test('an operator reads it from another process during load without either side failing', async () => {
    const { store, path } = openStore();
    const reader = fork(new URL('../../support/reader.ts', import.meta.url), [path]);
    await once(reader, 'message');
    for (let round = 0; round < 30; round += 1) await Promise.all(Array.from({ length: 50 }, () => add(store)));
    reader.send('stop');
    const [report] = await once(reader, 'message');
    expect(report).toMatchObject({ failures: [] });
    expect(report.reads).toBeGreaterThan(0);
  });
});

describe('the trail', () => {
  test.each([
    ["UPDATE audit_events SET app = 'other'", /append-only/],
    ['DELETE FROM audit_events', /append-only/],
    ['INSERT INTO audit_events SELECT * FROM audit_events', /append-only/],
    ["UPDATE executions SET status = 'COMPLETED' WHERE status = 'CANCELLED'", /terminal status never changes/],
  ])('refuses an operator: %s', async (statement, message) => {
    const { store, sql } = openStore();
    const { reference } = await add(store);
    await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
    expect(() => sql.exec(statement)).toThrow(statement.includes('audit_events') ? message : 'it is a view');
    makeViewsWritable(sql);
    expect(() => sql.exec(statement)).toThrow(message);
  });

  test.each([
    ["UPDATE audit_rows SET app = 'other'", /entries are never changed/],
    ['DELETE FROM audit_rows', /entries are never deleted/],
    ['INSERT OR REPLACE INTO audit_rows SELECT * FROM audit_rows', /a new entry has the next id/],
    ["UPDATE execution_rows SET app = 'other'", /what its entries show/],
    ['UPDATE execution_rows SET grace_seconds = 7', /what its entries show/],
    ["UPDATE execution_rows SET execution_id = 'other'", /what its entries show/],
    ['DELETE FROM execution_rows', /an execution with entries is never deleted/],
    ['UPDATE execution_rows SET status = 4', /terminal status never changes/],
    ['INSERT OR REPLACE INTO execution_rows SELECT * FROM execution_rows', /with entries is never replaced/],
    [`UPDATE audit_event_names SET name = 'FAILED'`, /names of events are never changed/],
    ['DELETE FROM audit_event_names', /names of events are never deleted/],
    [`INSERT OR REPLACE INTO audit_event_names VALUES (1, 'FAILED')`, /names of events are never changed/],
  ])('guards the tables: %s', async (statement, message) => {
    const { store, sql } = openStore();
    const { reference } = await add(store);
    await store.claimDispatches(1, NOON);
    await store.record(reference, submitted(), NOON);
    await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
    expect(() => sql.exec(statement)).toThrow(message);
  });

  /** An insertion that replaces the rows with one of its values: of execution 2, it takes the values that are named. */
  const replacing = (values: string) =>
    `INSERT OR REPLACE INTO execution_rows (id, reference, correlation_id, app, idempotency_key, status, action_id, hearsay,
      submitted_at, poll_count, attempts, timeout_seconds, grace_seconds, retry_uncertain, priority, fingerprint)
    SELECT ${values}, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, x'' FROM execution_rows WHERE id = 2`;

  test.each([
    ...['id', 'rowid', '_ROWID_', '"oid"'].flatMap((name) => [
      `UPDATE execution_rows SET ${name} = 99 WHERE id = 1`,
      ...['execution_rows', 'audit_rows', 'audit_event_names', 'incident_events', 'operator_activity'].map(
        (table) =>
          `UPDATE OR REPLACE ${table} SET ${table === 'audit_event_names' && name === 'id' ? 'code' : name} = 2 WHERE rowid = 1`,
      ),
    ]),
    'UPDATE OR REPLACE execution_rows SET reference = (SELECT reference FROM execution_rows WHERE id = 2) WHERE id = 1',
    'UPDATE execution_rows SET reference = randomblob(16) WHERE id = 1',
    "UPDATE OR REPLACE execution_rows SET idempotency_key = 'key-2' WHERE id = 1",
    "UPDATE OR REPLACE execution_rows SET correlation_id = 'execution-2' WHERE id = 1",
    replacing("2, randomblob(16), 'new', app, 'new'"),
    replacing("9, reference, 'new', app, 'new'"),
    replacing("9, randomblob(16), correlation_id, app, 'new'"),
    replacing("9, randomblob(16), 'new', app, idempotency_key"),
    "INSERT OR REPLACE INTO incident_events (id, incident, at, event) VALUES (1, 'one', '', 'ENDED')",
    "INSERT OR REPLACE INTO operator_activity (id, started_at, operator, action, outcome) VALUES (1, '', '', '', '')",
  ])('is guarded against other names of an id and against REPLACE: %s', async (statement) => {
    const { store, sql } = openStore();
    for (const n of [1, 2]) await add(store, { correlationId: `execution-${n}`, idempotencyKey: `key-${n}` });
    sql.exec(`
      INSERT INTO incident_events (incident, at, event) VALUES ('one', '', 'BEGAN'), ('one', '', 'CONTINUED');
      INSERT INTO operator_activity (id, started_at, operator, action, outcome)
        VALUES (1, '2026', 'alice', 'a', 'running'), (2, '2026', 'alice', 'b', 'running')`);
    const tables = ['execution_rows', 'audit_rows', 'audit_event_names', 'incident_events', 'operator_activity'];
    const contents = () => tables.map((table) => sql.prepare(`SELECT * FROM ${table}`).raw().all());
    const before = contents();
    expect(() => sql.exec(statement)).toThrow(/append-only|names of events are never changed/);
    expect(contents()).toEqual(before);
  });

  test('guards every terminal status, and leaves the row as it was', async () => {
    const { store, sql } = openStore();
    const set = sql.prepare(
      'UPDATE execution_rows SET status = CAST(? AS INTEGER), attempts = 1 + attempts WHERE correlation_id = ?',
    );
    const row = sql.prepare('SELECT status, attempts FROM execution_rows WHERE correlation_id = ?').raw();
    for (const code of TERMINAL_STATUSES.map((status) => STATUS_CODES[status])) {
      const { correlationId } = await add(store);
      for (const open of [STATUS_CODES.UNCONFIRMED, STATUS_CODES.PENDING, code]) set.run(open, correlationId);
      expect(() => set.run(STATUS_CODES.PENDING, correlationId)).toThrow(/terminal status never changes/);
      expect(row.get(correlationId)).toEqual([code, 3]);
    }
  });

  test('each entry keeps the executionId with which it was written', async () => {
    const { store, sql } = openStore();
    const { reference, correlationId } = await add(store);
    await store.claimDispatches(1, NOON);
    await store.record(reference, { type: 'unverified-callback', executionId: 'guessed', report: completed() }, NOON);
    await store.record(reference, submitted({ executionId: 'cx-1' }), NOON);
    await store.record(reference, callback(completed(), 'cx-1'), NOON);
    const ids = (await store.trail(correlationId)).map(({ executionId }) => executionId);
    expect(ids).toEqual([null, null, 'guessed', 'cx-1', 'cx-1']);
    expect(sql.prepare('SELECT execution_id FROM audit_events ORDER BY id').pluck().all()).toEqual(ids);
    expect(sql.prepare('SELECT execution_id FROM executions').pluck().get()).toBe('cx-1');
    expectUnbrokenChain(sql);
  });

  test('is chained from its first entry on, and after pruning from the checkpoint on', async () => {
    const { store, sql } = openStore();
    for (let i = 0; i < 5; i += 1) await resolved(store, 'callback', 100);
    expectUnbrokenChain(sql);
    await store.prune(9, NOON + 1_000_000);
    await resolved(store, 'poll', 100);
    expectUnbrokenChain(sql);
  });

  test('the chain shows an entry that was altered behind its back', async () => {
    const { store, sql } = openStore();
    await resolved(store, 'callback', 100);
    dropGuards(sql);
    sql.exec("UPDATE audit_events SET detail = '{}' WHERE id = 2");
    expect(() => expectUnbrokenChain(sql)).toThrow();
  });

  test('the bytes of an unreadable callback are kept, and their hash is chained', async () => {
    const { store, sql } = openStore();
    const { reference } = await add(store);
    const body = { bytes: Buffer.from([0xff, 0x00, 0x7b]), contentType: 'text/odd' };
    await store.record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, NOON);
    const kept = sql.prepare('SELECT * FROM callback_bodies JOIN audit_events ON id = audit_id').get();
    expect(kept).toMatchObject({ body: body.bytes, content_type: 'text/odd', event: 'CALLBACK_UNREADABLE' });
    expect(JSON.parse((kept as { detail: string }).detail)).toMatchObject({
      bytes: 3,
      sha256: 'b63c6c748b070064da9afd864dfb43bf94fdfccc16e8e168f420551eeda3416f',
    });
  });
});

describe('SQL for operators', () => {
  test('times read as ISO 8601 in UTC', async () => {
    const { store, sql } = openStore();
    await add(store);
    expect(sql.prepare('SELECT submitted_at, expire_at FROM executions').get()).toEqual({
      submitted_at: '2026-01-01T12:00:00.000Z',
      expire_at: '2026-01-01T12:05:00.000Z',
    });
  });

  test('action_latency gives nearest-rank percentiles per action and resolver', async () => {
    const { store, sql } = openStore();
    for (let ms = 1; ms <= 100; ms += 1) await resolved(store, 'callback', ms);
    await resolved(store, 'poll', 700);
    expect(sql.prepare('SELECT * FROM action_latency ORDER BY resolved_by').all()).toEqual([
      { action_id: 'charge', resolved_by: 'callback', count: 100, p50: 50, p95: 95, p99: 99 },
      { action_id: 'charge', resolved_by: 'poll', count: 1, p50: 700, p95: 700, p99: 700 },
    ]);
  });

  test('unresolved says what happens next to what is open', async () => {
    const { store, sql } = openStore();
    await resolved(store, 'callback', 1);
    const named = await add(store);
    const unnamed = await add(store);
    await store.claimDispatches(2, NOON);
    await store.record(named.reference, submitted(), NOON);
    await store.record(unnamed.reference, submitted({ executionId: null }), NOON);
    await add(store);
    const rows = sql
      .prepare('SELECT status, next_step, next_at FROM unresolved ORDER BY submitted_at, next_step')
      .all();
    expect(rows).toEqual([
      { status: 'PENDING', next_step: 'poll CXone', next_at: '2026-01-01T12:00:10.000Z' },
      { status: 'QUEUED', next_step: 'send to CXone', next_at: '2026-01-01T12:00:00.000Z' },
      {
        status: 'PENDING',
        next_step: 'time out unless the callback comes',
        next_at: '2026-01-01T12:00:40.000Z',
      },
    ]);
  });

  test('callback_health states the share of missed callbacks', async () => {
    const { store, sql } = openStore();
    for (let i = 0; i < 3; i += 1) await resolved(store, 'callback', 10);
    await resolved(store, 'poll', 10);
    const late = await add(store, { actionId: 'charge' });
    await store.claimDispatches(1, NOON);
    await store.expire(1, NOON + 40_000);
    await store.record(late.reference, callback(completed()), NOON + 50_000);
    expect(sql.prepare('SELECT * FROM callback_health').all()).toEqual([
      {
        action_id: 'charge',
        hour: '2026-01-01T12:00:00.000Z',
        by_callback: 3,
        by_poll: 1,
        timed_out: 1,
        late: 1,
        missed_callback_share: 0.4,
      },
    ]);
  });

  test('conservation holds: also while open, after pruning, and it shows a row that went missing', async () => {
    const { store, sql } = openStore();
    for (let i = 0; i < 4; i += 1) await resolved(store, 'callback', 10);
    await add(store);
    const conservation = sql.prepare('SELECT * FROM conservation');
    expect(conservation.get()).toEqual({ accepted: 5, terminal: 4, open: 1, difference: 0 });
    await store.prune(9, NOON + 1_000_000);
    expect(conservation.get()).toEqual({ accepted: 5, terminal: 4, open: 1, difference: 0 });
    dropGuards(sql);
    sql.exec("DELETE FROM executions WHERE status = 'QUEUED'");
    expect(conservation.get()).toMatchObject({ difference: 1 });
  });
});

function expectUnbrokenChain(sql: Database.Database): void {
  const columns =
    'id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId';
  const entries = sql
    .prepare(
      `SELECT ${columns}, latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash FROM audit_events`,
    )
    .all() as (Parameters<typeof chainHash>[1] & { hash: string })[];
  let { hash, pruned_through: id } = sql.prepare('SELECT * FROM audit_checkpoint').get() as {
    hash: string;
    pruned_through: number;
  };
  expect(entries.length).toBeGreaterThan(0);
  for (const { hash: chained, ...entry } of entries) {
    id += 1;
    hash = chainHash(hash, entry);
    expect([entry.id, chained]).toEqual([id, hash]);
  }
}
