// Submissions whose rows are inserted together: what is stored, and who sees it, is as if each were inserted by itself.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../../src/execution/execution.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import { createAppendedRows } from '../../../../src/store/sqlite/executions/appended-rows.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import { anExecution, NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

function open() {
  const path = temporaryDatabase();
  /** The number of mutations in each commit. */
  const commits: number[] = [];
  const store = createSqliteStore({
    ...{ path, world: systemWorld, log: quietLog() },
    fatal,
    observeCommit: (mutations) => void commits.push(mutations),
  });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  return { store, sql, commits, verify: () => verifyAudit(sql).findings };
}

function named(correlationId: string, inputs: Submission['inputs'] = { amount: 42 }) {
  return { execution: anExecution({ correlationId, inputs }), fingerprint: 'ab'.repeat(32), queueCapacity: 100_000 };
}

/** A submission whose id the receiver chooses: the reference is also its correlation id. */
function unnamed(inputs: Submission['inputs'] = { amount: 42 }) {
  const submission = named('', inputs);
  const { execution } = submission;
  return { ...submission, execution: { ...execution, correlationId: execution.reference } };
}

test('submissions of one batch have their rows, payloads, entries and ids in the order of submission', async () => {
  const { store, sql, commits, verify } = open();
  // 16, 4 and 3 rows, and one that is inserted by itself between them.
  const submissions = Array.from({ length: 24 }, (_, order) =>
    order === 9 ? named('order-9', { order }) : unnamed({ order }),
  );
  const results = await Promise.all(submissions.map((one) => store.add(one)));
  expect(results.map(({ outcome }) => outcome)).toEqual(Array(24).fill('added'));
  expect(commits).toEqual([24]);
  const rows = sql
    .prepare(
      `SELECT e.id, typeof(e.id) || typeof(status) || typeof(reference) AS types, correlation_id AS correlationId,
        json_extract(inputs, '$.order') AS "order", a.id AS entry
      FROM execution_rows AS e JOIN payload_rows AS p ON p.id = e.id JOIN audit_rows AS a ON a.execution = e.id ORDER BY e.id`,
    )
    .all();
  expect(rows).toEqual(
    submissions.map(({ execution: { correlationId } }, order) => ({
      ...{ id: order + 1, types: 'integerintegerblob', correlationId, order, entry: order + 1 },
    })),
  );
  expect(verify()).toEqual([]);
});

test('a repeat is recognised although the first submission is in the same commit', async () => {
  const { store, commits } = open();
  const [first, repeat] = [named('order-1'), named('order-1')];
  const results = await Promise.all([store.add(unnamed()), store.add(first), store.add(unnamed()), store.add(repeat)]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'added', 'replayed']);
  expect(commits).toEqual([4]);
});

test('a claim in the same commit finds the submissions before it', async () => {
  const { store, commits } = open();
  const submission = unnamed();
  const [, claimed] = await Promise.all([store.add(submission), store.claimDispatches(10, NOON)]);
  expect(claimed.map(({ reference }) => reference)).toEqual([submission.execution.reference]);
  expect(commits).toEqual([2]);
});

test('a submission that cannot be inserted fails alone', async () => {
  const { store, sql, verify } = open();
  sql.exec(`CREATE TRIGGER refuse BEFORE INSERT ON payload_rows WHEN NEW.inputs = '{"refused":1}'
    BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  const submissions = [unnamed(), unnamed({ refused: 1 }), unnamed(), unnamed()];
  const results = await Promise.allSettled(submissions.map((one) => store.add(one)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'refused' } });
  const ids = sql.prepare('SELECT correlation_id FROM executions ORDER BY submitted_at, reference').pluck().all();
  expect(ids).toEqual([0, 2, 3].map((index) => submissions[index]?.execution.correlationId));
  expect(verify()).toEqual([]);
});

test('an atomic batch that is refused leaves nothing, and the commit beside it is whole', async () => {
  const { store, sql, verify } = open();
  await store.add(named('order-1'));
  const conflicting = { ...named('order-1'), fingerprint: 'cd'.repeat(32) };
  const [before, batch, after] = await Promise.all([
    store.add(unnamed()),
    store.addAll([unnamed(), unnamed(), conflicting], true),
    store.add(unnamed()),
  ]);
  expect([before.outcome, after.outcome]).toEqual(['added', 'added']);
  expect(batch.map(({ outcome }) => outcome)).toEqual(['withheld', 'withheld', 'conflict']);
  expect(sql.prepare('SELECT count(*) FROM execution_rows').pluck().get()).toBe(3);
  expect(verify()).toEqual([]);
});

test('submissions that were not committed are gone, and the next ones are stored', async () => {
  const { store, sql, verify } = open();
  sql.exec(`CREATE TRIGGER refuse BEFORE INSERT ON audit_rows BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  await expect(store.add(unnamed())).rejects.toThrow('refused');
  sql.exec('DROP TRIGGER refuse');
  expect((await store.add(unnamed())).outcome).toBe('added');
  expect(sql.prepare('SELECT count(*) FROM execution_rows').pluck().get()).toBe(1);
  expect(verify()).toEqual([]);
});

test('rows wait only while work is collected', () => {
  const client = new Database(':memory:');
  onTestFinished(() => void client.close());
  client.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT) STRICT');
  const rows = createAppendedRows(client);
  const notes = rows.table('notes', '(id, text)', '(?, ?)');
  const count = () => client.prepare('SELECT count(*) FROM notes').pluck().get();
  rows.collect(() => notes.add([1, 'waits']));
  expect([count(), notes.waiting()]).toEqual([0, 1]);
  notes.add([2, 'is inserted at once, after the first']);
  expect([count(), notes.waiting()]).toEqual([2, 0]);
  rows.collect(() => notes.add([3, 'is dropped']));
  rows.discard();
  rows.write();
  expect([count(), notes.waiting()]).toEqual([2, 0]);
  rows.collect(() => notes.add([2, 'has the id of another']));
  expect(() => rows.write()).toThrow('UNIQUE');
  notes.add([4, 'later']);
  expect(count()).toBe(3);
});
