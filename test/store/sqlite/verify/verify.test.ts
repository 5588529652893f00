// An audit trail that can be trusted: whatever is done to the file behind the receiver's back is found, and the first entry named.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import type { AuditHead } from '../../../../src/store/port.ts';
import type { AuditRow } from '../../../../src/store/shared/audit-rows.ts';
import { DatabaseRefused } from '../../../../src/store/shared/database-refused.ts';
import { chainHash } from '../../../../src/store/shared/hash-chain.ts';
import { openReadOnly } from '../../../../src/store/sqlite/file/open-readonly.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import type { Verification } from '../../../../src/store/verification.ts';
import { anExecution, callback, completed, NOON, submitted } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { keptFolder, temporaryFolder } from '../../../support/temporary.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';
import { dropGuards } from '../../../support/writable-views.ts';

/** Each leaves four entries: ACCEPTED, DISPATCHED, SUBMITTED, CALLBACK_COMPLETED. */
const EXECUTIONS = 10;
const ENTRIES = 4 * EXECUTIONS + 2;

const open = (path: string) =>
  createSqliteStore({
    path,
    world: systemWorld,
    log: quietLog(),
    fatal,
  });

const written = join(keptFolder(), 'receiver.db');
beforeAll(async () => {
  const store = open(written);
  const add = async (execution = anExecution()) => {
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    return execution;
  };
  for (let i = 0; i < EXECUTIONS; i += 1) {
    const { reference } = await add();
    await store.claimDispatches(1, NOON);
    await store.record(reference, submitted({ executionId: `cx-${i}` }), NOON);
    await store.record(reference, callback(completed()), NOON + i);
  }
  const { reference } = await add();
  const body = { bytes: Buffer.from('{"half":'), contentType: null };
  await store.record(reference, { type: 'callback-unreadable', reason: 'no JSON', body }, NOON);
  await store.close();
});

/** A copy of the file on which somebody with a database shell has been at work. */
function tampered(work: (sql: Database.Database) => void): string {
  const path = temporaryDatabase();
  cpSync(written, path);
  const sql = new Database(path);
  dropGuards(sql);
  work(sql);
  sql.close();
  return path;
}

function verify(path: string, heads: readonly AuditHead[] = []): Verification {
  const client = openReadOnly(path);
  try {
    return verifyAudit(client, { heads });
  } finally {
    client.close();
  }
}

function afterTampering(statement: string, heads?: readonly AuditHead[]) {
  const { findings } = verify(
    tampered((sql) => sql.exec(statement)),
    heads,
  );
  return findings.map(({ kind, entry }) => [kind, entry]);
}

function headAt(id: number): AuditHead {
  const client = openReadOnly(written);
  onTestFinished(() => void client.close());
  return client.prepare('SELECT id, hash FROM audit_events WHERE id = ?').get(id) as AuditHead;
}

/** Gives every entry from this one on the hash that its content and place call for: what a thorough forger does. */
function rechain(sql: Database.Database, from = 1): void {
  const rows = sql
    .prepare(
      `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId,
      latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash FROM audit_events ORDER BY id`,
    )
    .all() as AuditRow[];
  let previous = sql.prepare('SELECT hash FROM audit_checkpoint').pluck().get() as string;
  for (const row of rows) {
    const hash = row.id < from ? row.hash : chainHash(previous, row);
    sql.prepare('UPDATE audit_events SET hash = ? WHERE id = ?').run(hash, row.id);
    previous = hash;
  }
}

const SHIFT_UP = (from: number) =>
  `UPDATE audit_events SET id = -id - 1 WHERE id >= ${from}; UPDATE audit_events SET id = -id WHERE id < 0;`;
const SHIFT_DOWN = (from: number, by: number) =>
  `UPDATE audit_events SET id = -id + ${by} WHERE id >= ${from}; UPDATE audit_events SET id = -id WHERE id < 0;`;
const COPY_AS = (id: number) =>
  `INSERT INTO audit_events SELECT ${id}, timestamp, event, action_id, correlation_id, execution_id, latency_ms, http_status, app, detail, hash FROM audit_events WHERE id = 3;`;

describe('a trail as it was written', () => {
  test('holds from its first entry to its last', () => {
    const verification = verify(written);
    expect(verification).toMatchObject({ findings: [], entries: ENTRIES, prunedThrough: 0, head: headAt(ENTRIES) });
  });

  test('contains every head that it ever had', () => {
    const heads = [headAt(ENTRIES), headAt(1), headAt(17), headAt(17)];
    expect(verify(written, heads).heads).toEqual(
      [headAt(1), headAt(17), headAt(17), headAt(ENTRIES)].map((head) => ({ ...head, verdict: 'agrees' })),
    );
  });

  test('after pruning holds from the checkpoint on; heads of pruned entries are neither confirmed nor denied', async () => {
    const path = tampered(() => {});
    const store = open(path);
    await store.prune(10, NOON + 1_000_000);
    await store.close();
    const verification = verify(path, [headAt(9), headAt(10), headAt(11)]);
    expect(verification).toMatchObject({ findings: [], entries: ENTRIES - 10, prunedThrough: 10 });
    expect(verification.heads.map(({ verdict }) => verdict)).toEqual(['pruned', 'agrees', 'agrees']);
  });

  test('is empty before the first entry', async () => {
    const path = temporaryDatabase();
    await open(path).close();
    expect(verify(path)).toMatchObject({ findings: [], entries: 0, head: { id: 0 } });
  });

  test('is verified while the receiver writes it', async () => {
    const path = temporaryDatabase();
    const store = open(path);
    onTestFinished(() => store.close());
    let writing = true;
    const load = (async () => {
      while (writing) {
        const add = () => store.add({ execution: anExecution(), fingerprint: 'print', queueCapacity: 1e6 });
        await Promise.all(Array.from({ length: 50 }, add));
      }
    })();
    let last = 0;
    for (let round = 0; round < 10; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const { findings, entries } = verify(path);
      expect(findings).toEqual([]);
      expect(entries).toBeGreaterThanOrEqual(last);
      last = entries;
    }
    writing = false;
    await load;
    expect(last).toBeGreaterThan(0);
  });
});

test('pruning that overtakes the walk breaks nothing: it continues at the new start of the trail', async () => {
  const path = temporaryDatabase();
  const store = open(path);
  const one = async () => {
    const execution = anExecution();
    await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
    await store.record(execution.reference, { type: 'cancelled', by: 'shop' }, NOON);
  };
  await Promise.all(Array.from({ length: 3_000 }, one));
  await store.close();
  const sql = new Database(path);
  const client = openReadOnly(path);
  let pruned = false;
  const prune = () => {
    if (pruned) return;
    pruned = true;
    sql.exec(`UPDATE audit_checkpoint SET pruned_through = 5500, accepted = 3000,
      hash = (SELECT hash FROM audit_events WHERE id = 5500); DELETE FROM audit_rows WHERE id <= 5500;
      DELETE FROM execution_rows WHERE id NOT IN (SELECT execution FROM audit_rows)`);
  };
  expect(verifyAudit(client, { progress: prune })).toMatchObject({ findings: [], entries: 5_000 + 500 });
  client.close();
  sql.close();
});

describe('an entry that was altered is named', () => {
  test.each([
    ['timestamp', "'2026-01-02T00:00:00.000Z'"],
    ['event', "'CANCELLED'"],
    ['action_id', "'other'"],
    ['correlation_id', "'other'"],
    ['execution_id', 'NULL'],
    ['latency_ms', '1'],
    ['http_status', '500'],
    ['app', "'other'"],
    ['detail', "'{}'"],
    ['hash', "'00'"],
  ])('in its %s', (column, value) => {
    expect(afterTampering(`UPDATE audit_events SET ${column} = ${value} WHERE id = 19`)).toEqual([['altered', 19]]);
  });

  test('the first of several', () => {
    expect(afterTampering("UPDATE audit_events SET app = 'x' WHERE id IN (7, 19, 30)")).toEqual([['altered', 7]]);
  });

  test('the first of all, and the last', () => {
    expect(afterTampering("UPDATE audit_events SET app = 'x' WHERE id = 1")).toEqual([['altered', 1]]);
    expect(afterTampering(`UPDATE audit_events SET app = 'x' WHERE id = ${ENTRIES}`)).toEqual([['altered', ENTRIES]]);
  });

  test('with a fresh hash of its own: the entry behind it no longer follows, and both are reported', () => {
    const path = tampered((sql) => {
      sql.exec("UPDATE audit_events SET app = 'x' WHERE id = 19");
      const behind = sql.prepare('SELECT hash FROM audit_events WHERE id = 20').pluck().get();
      rechain(sql, 19);
      sql.prepare('UPDATE audit_events SET hash = ? WHERE id = 20').run(behind);
    });
    const [finding] = verify(path).findings;
    expect(finding).toMatchObject({ kind: 'altered', entry: 20 });
    expect(finding?.message).toContain('entry 19');
  });
});

describe('entries that were removed are named', () => {
  test('from the middle', () => {
    const { findings } = verify(tampered((sql) => sql.exec('DELETE FROM audit_events WHERE id BETWEEN 18 AND 20')));
    expect(findings).toEqual([{ kind: 'removed', entry: 18, message: 'entries 18 to 20 were removed' }]);
  });

  test('from the beginning', () => {
    expect(afterTampering('DELETE FROM audit_events WHERE id <= 2')).toEqual([['removed', 1]]);
  });

  test('from the middle, the rest renumbered', () => {
    const statement = `DELETE FROM audit_events WHERE id BETWEEN 18 AND 20; ${SHIFT_DOWN(21, 3)}`;
    expect(afterTampering(statement)).toEqual([['removed', 18]]);
  });

  test('from the tail: rows are ahead of the trail, and a head that was kept elsewhere says from where', () => {
    const statement = 'DELETE FROM audit_events WHERE id > 39';
    expect(afterTampering(statement)).toContainEqual(['row', null]);
    expect(afterTampering(statement, [headAt(38), headAt(ENTRIES)])).toContainEqual(['removed', 40]);
  });

  test('from the tail, rows and all: only the head shows it', () => {
    const statement = `DELETE FROM audit_events WHERE id > 40;
      DELETE FROM executions WHERE correlation_id NOT IN (SELECT correlation_id FROM audit_events); DELETE FROM callback_bodies`;
    expect(afterTampering(statement)).toEqual([]);
    expect(afterTampering(statement, [headAt(ENTRIES)])).toEqual([['removed', 41]]);
  });

  test('all of them', () => {
    expect(afterTampering('DELETE FROM audit_events', [headAt(1)])).toContainEqual(['removed', 1]);
  });
});

describe('entries that were inserted or reordered are named', () => {
  test('one in the middle, the rest renumbered', () => {
    expect(afterTampering(`${SHIFT_UP(19)} ${COPY_AS(19)}`)).toEqual([['inserted', 19]]);
  });

  test('several in the middle', () => {
    const statement = `${SHIFT_UP(19)} ${SHIFT_UP(19)} ${COPY_AS(19)} ${COPY_AS(20)}`;
    const [finding] = verify(tampered((sql) => sql.exec(statement))).findings;
    expect(finding).toEqual({ kind: 'inserted', entry: 19, message: 'entries 19 to 20 were inserted' });
  });

  test('one before the first', () => {
    expect(afterTampering(COPY_AS(0))).toEqual([['inserted', 0]]);
  });

  test('one behind the last, with a hash that is none', () => {
    expect(afterTampering(COPY_AS(ENTRIES + 1))).toEqual([['altered', ENTRIES + 1]]);
  });

  test('two that changed places', () => {
    const statement = `UPDATE audit_events SET id = -id WHERE id IN (18, 23);
      UPDATE audit_events SET id = CASE id WHEN -18 THEN 23 ELSE 18 END WHERE id < 0`;
    expect(afterTampering(statement)).toEqual([['reordered', 18]]);
  });
});

describe('a chain that was rewritten as a whole', () => {
  const forged = () =>
    tampered((sql) => {
      sql.exec(`UPDATE audit_events SET detail = '{"timeoutSeconds":5}' WHERE id = 17`);
      rechain(sql);
    });

  test('holds by itself: nothing in the file shows it', () => {
    expect(verify(forged()).findings).toEqual([]);
  });

  test('does not contain the heads that were kept elsewhere, which say between which entries it began', () => {
    const { findings, heads } = verify(forged(), [headAt(10), headAt(16), headAt(25), headAt(ENTRIES)]);
    expect(findings).toMatchObject([
      { kind: 'rewritten', entry: 17, message: expect.stringMatching(/17 and entry 25/) },
    ]);
    expect(heads.map(({ verdict }) => verdict)).toEqual(['agrees', 'agrees', 'differs', 'differs']);
  });
});

describe('rows that do not say what their trail says are named', () => {
  test.each([
    ["status = 'FAILED'", /status of execution .* is FAILED, but COMPLETED in entry 4 of its trail/],
    ["resolved_by = 'poll'", /resolvedBy/],
    ["resolved_at = '2026-01-01T00:00:00.000Z'", /resolvedAt/],
    ["status = 'PENDING'", /status/],
    [`result = '{"ok":false}'`, /result or error of execution .* differs from the hash in entry 4 of its trail/],
    ["error = '{}'", /result or error/],
  ])('%s', (change, message) => {
    const one = 'correlation_id = (SELECT correlation_id FROM audit_events WHERE id = 4)';
    const { findings } = verify(tampered((sql) => sql.exec(`UPDATE executions SET ${change} WHERE ${one}`)));
    expect(findings).toMatchObject([{ kind: 'row', entry: 4, message: expect.stringMatching(message) }]);
  });

  test.each(["app = 'other'", "action_id = 'other'"])('%s, which its entries show', (change) => {
    const one = 'correlation_id = (SELECT correlation_id FROM audit_events WHERE id = 4)';
    const rows = tampered((sql) => sql.exec(`UPDATE execution_rows SET ${change} WHERE ${one}`));
    expect(verify(rows).findings).toMatchObject([{ kind: 'altered', entry: 1 }]);
  });

  test('one that ended without an entry that ends it', () => {
    const statement = "UPDATE executions SET status = 'COMPLETED' WHERE status = 'PENDING'";
    expect(afterTampering(statement)).toEqual([['row', null]]);
  });

  test('one that is missing, ended or open', () => {
    expect(afterTampering("DELETE FROM executions WHERE execution_id = 'cx-2'")).toEqual([['row', 12]]);
    expect(afterTampering("DELETE FROM executions WHERE status = 'PENDING'")).toEqual([['row', 41]]);
  });

  test('an execution without its ACCEPTED entry', () => {
    const statement = `CREATE TEMP TABLE forged AS SELECT * FROM executions WHERE status = 'PENDING';
      UPDATE forged SET correlation_id = 'forged', reference = 'forged'; INSERT INTO executions SELECT * FROM forged`;
    expect(afterTampering(statement)).toEqual([['row', null]]);
  });
});

describe('what SQL shows instead of what was verified is named', () => {
  const RENAME = 'DROP TRIGGER audit_event_names_no_update; UPDATE audit_event_names SET name =';

  test.each([
    ['another name of an event', `${RENAME} 'FAILED' WHERE name = 'SUBMITTED'`, /shows SUBMITTED as FAILED/],
    [
      'an event without a name',
      "DROP TRIGGER audit_event_names_no_delete; DELETE FROM audit_event_names WHERE name = 'SUBMITTED'",
      /shows SUBMITTED as 3/,
    ],
  ])('%s', (_, statement, message) => {
    const path = tampered((sql) => sql.exec(statement));
    expect(verify(path).findings).toEqual([{ kind: 'row', entry: null, message: expect.stringMatching(message) }]);
  });

  test('a view that leaves something out', () => {
    const path = tampered((sql) => {
      const view = sql.prepare("SELECT sql FROM sqlite_schema WHERE name = 'audit_events'").pluck().get();
      sql.exec(`DROP VIEW audit_events; ${view} WHERE a.id <> 8`);
    });
    expect(verify(path).findings).toMatchObject([
      { kind: 'row', entry: null, message: expect.stringContaining('the view audit_events was altered') },
    ]);
  });
});

describe('callback bodies that are not those that came are named', () => {
  test.each([
    ['altered', "UPDATE callback_bodies SET body = x'00'", ENTRIES],
    ['removed', 'DELETE FROM callback_bodies', ENTRIES],
    ['inserted', "INSERT INTO callback_bodies VALUES (7, NULL, x'00', NULL)", 7],
  ])('%s', (_, statement, entry) => {
    expect(afterTampering(statement)).toEqual([['body', entry]]);
  });
});

describe('a file that is not a database of the receiver', () => {
  test('a file that is not there, and one of another application, are refused and left as they are', () => {
    const path = join(temporaryFolder(), 'other.db');
    expect(() => openReadOnly(path)).toThrow(DatabaseRefused);
    const other = new Database(path);
    other.exec('CREATE TABLE customers (id)');
    other.close();
    expect(() => openReadOnly(path)).toThrow(/not a database of this receiver/);
  });

  test('looking changes nothing, not even by mistake', () => {
    const client = openReadOnly(tampered(() => {}));
    expect(() => client.exec('DELETE FROM execution_rows')).toThrow(/readonly/);
    client.close();
  });
});
