// Retention on the file itself: what is left of a payload, whether the trail still proves it, and whether the file shrinks.

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import { openReadOnly } from '../../../../src/store/sqlite/file/open-readonly.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';
import { dropGuards, makeViewsWritable } from '../../../support/writable-views.ts';

const DAY_MS = 86_400_000;
const LATER = NOON + 10 * DAY_MS;

type SqliteStore = ReturnType<typeof createSqliteStore>;

function open(path = temporaryDatabase()) {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  return { store, sql, path };
}

async function ended(store: SqliteStore, result = {}) {
  const execution = anExecution({ inputs: { card: '4111' }, context: { who: 'Ada' } });
  await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
  const body = { bytes: Buffer.from('{"half":'), contentType: 'text/odd' };
  await store.record(execution.reference, { type: 'callback-unreadable', reason: 'no JSON', body }, NOON);
  await store.record(execution.reference, callback(completed({ paid: 42, ...result })), NOON);
  return execution;
}

async function prunePayloads(store: SqliteStore): Promise<number> {
  const sizes: number[] = [];
  for (let batch = await store.prunablePayloads(200, LATER, null); ; ) {
    await store.prunePayloads(batch, LATER, LATER);
    sizes.push(batch.references.length);
    if (batch.next === null) return Math.max(...sizes);
    batch = await store.prunablePayloads(200, LATER, batch.next);
  }
}

function findingsIn(path: string): string[] {
  const client = openReadOnly(path);
  try {
    return verifyAudit(client).findings.map(({ message }) => message);
  } finally {
    client.close();
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a payload that was pruned', () => {
  test('leaves nothing of itself in any table but its hashes, one of which the trail has sealed', async () => {
    const { store, sql } = open();
    await ended(store);
    const before = sql.prepare('SELECT * FROM executions').get() as Record<string, string>;
    await prunePayloads(store);
    const after = sql.prepare('SELECT * FROM executions').get() as Record<string, string>;
    const gone = { inputs: '{}', context: '{}', result: null, error: null };
    expect(after).toEqual({
      ...{ ...before, ...gone },
      payload_pruned_at: new Date(LATER).toISOString(),
      payload_sha256: expect.any(String),
    });
    expect(JSON.parse(after['payload_sha256'] ?? '')).toEqual({
      inputs: sha256('{"card":"4111"}'),
      context: sha256('{"who":"Ada"}'),
      outcome: sha256(JSON.stringify(['{"paid":42}', null])),
      lateOutcome: null,
      meaning: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const seal = `SELECT detail ->> '$.outcomeSha256' FROM audit_events WHERE event = 'CALLBACK_COMPLETED'`;
    expect(sql.prepare(seal).pluck().get()).toBe(sha256(JSON.stringify(['{"paid":42}', null])));
    const body = { body: Buffer.alloc(0), content_type: 'text/odd', pruned_at: new Date(LATER).toISOString() };
    expect(sql.prepare('SELECT * FROM callback_bodies').get()).toEqual({ audit_id: 2, ...body });
  });

  test('is verified by its hash: audit verify finds nothing', async () => {
    const { store, path } = open();
    for (let i = 0; i < 3; i += 1) await ended(store);
    await prunePayloads(store);
    expect(findingsIn(path)).toEqual([]);
  });

  test.each([
    [
      'another hash',
      `UPDATE executions SET payload_sha256 = json_set(payload_sha256, '$.outcome', 'f')`,
      /differs from the hash/,
    ],
    ['no hash', 'UPDATE executions SET payload_sha256 = NULL', /differs from the hash/],
    ['a hash that is none', "UPDATE executions SET payload_sha256 = '{'", /differs from the hash/],
    ['another result', `UPDATE executions SET result = '{"paid":1}'`, /differs from the hash/],
    ['another status', "UPDATE executions SET status = 'FAILED'", /status of execution/],
    [
      'a time before its end',
      "UPDATE executions SET payload_pruned_at = '2025-01-01T00:00:00.000Z'",
      /before the exec/,
    ],
    ['another callback body', "UPDATE callback_bodies SET body = x'00'", /callback body of entry 2 was altered/],
  ])('does not hide that it was tampered with: %s', async (_, statement, expected) => {
    const { store, sql, path } = open();
    await ended(store);
    await prunePayloads(store);
    dropGuards(sql);
    sql.exec(statement);
    expect(findingsIn(path)).toEqual([expect.stringMatching(expected)]);
  });

  test('is only that of an execution that has ended: a mark on an open one is found', async () => {
    const { store, sql, path } = open();
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 9 });
    makeViewsWritable(sql);
    sql.exec("UPDATE executions SET payload_sha256 = '{}'");
    expect(findingsIn(path)).toEqual([expect.stringMatching(/is QUEUED, and its payload was pruned/)]);
  });

  test('goes with few others when it is long, so that no batch is long work', async () => {
    const { store } = open();
    for (let i = 0; i < 8; i += 1) await ended(store, { long: 'x'.repeat(1_500_000) });
    expect(await prunePayloads(store)).toBe(2);
    const batch = await store.prunableEntries(200, LATER, null);
    expect(batch).toEqual({ first: 1, last: 24 });
  });

  test('is found among the payloads that are stored, however many executions there are', async () => {
    const { store } = open();
    for (let i = 0; i < 6; i += 1) await ended(store);
    await prunePayloads(store);
    await store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 9 });
    // Of two rows that one page examines, none is a pruned one.
    expect(await store.prunablePayloads(2, LATER, null)).toMatchObject({ references: [], next: { id: 7 } });
  });
});

describe('space that pruning frees', () => {
  const size = (path: string) => statSync(path).size;

  test('goes back to the disk in small steps, and the WAL with it', async () => {
    const { store, path } = open();
    const many = Array.from({ length: 300 }, () => ended(store, { long: 'x'.repeat(20_000) }));
    await Promise.all(many);
    await store.reclaimSpace(0);
    const before = size(path);
    await prunePayloads(store);
    const left: (number | null)[] = [];
    do left.push(await store.reclaimSpace(100));
    while (left.at(-1) !== 0);
    expect(left.length).toBeGreaterThan(5);
    expect(size(path)).toBeLessThan(before / 3);
    expect(size(`${path}-wal`)).toBe(0);
    expect(findingsIn(path)).toEqual([]);
  });

  test('is kept, to be used again, by a file that was made before files could shrink', async () => {
    const path = join(temporaryFolder(), 'receiver.db');
    const old = new Database(path);
    old.pragma('application_id = 1129861699');
    old.exec('CREATE TABLE older (id INTEGER PRIMARY KEY) STRICT');
    old.exec('CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)');
    old.close();
    const { store, sql } = open(path);
    expect(sql.pragma('auto_vacuum', { simple: true })).toBe(0);
    expect(await store.reclaimSpace(100)).toBeNull();
  });
});
