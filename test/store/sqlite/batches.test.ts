// What SQLite adds to the contract for many submissions at once: one commit, and a chain that holds when they are taken back.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { Submission } from '../../../src/execution/execution.ts';
import { batchName, itemName } from '../../../src/execution/idempotency-key.ts';
import { type JsonObject, LargeJson } from '../../../src/execution/json.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import type { NewExecution } from '../../../src/store/intake-port.ts';
import type { Store } from '../../../src/store/port.ts';
import { createSqliteStore } from '../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../src/store/sqlite/verify/verify.ts';
import { anExecution } from '../../support/executions.ts';
import { fatal } from '../../support/fatal.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { temporaryDatabase } from '../../support/temporary-database.ts';

function open(path = temporaryDatabase()) {
  /** How many mutations each commit held. */
  const commits: number[] = [];
  const store = createSqliteStore({
    path,
    world: systemWorld,
    log: quietLog(),
    fatal,
    observeCommit: (mutations) => void commits.push(mutations),
  });
  const sql = new Database(path);
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  const count = () => sql.prepare('SELECT count(*) FROM executions').pluck().get();
  return { store, sql, path, commits, count };
}

function many(length: number, overrides: Partial<NewExecution> = {}, submission: Partial<Submission> = {}) {
  return Array.from({ length }, () => ({
    execution: anExecution(submission),
    fingerprint: 'print',
    queueCapacity: 100_000,
    ...overrides,
  }));
}

const added = (outcomes: Awaited<ReturnType<Store['addAll']>>) =>
  outcomes.filter(({ outcome }) => outcome === 'added').length;

test('a thousand are one commit', async () => {
  const { store, commits, count } = open();
  expect(added(await store.addAll(many(1000), false))).toBe(1000);
  expect([commits, count()]).toEqual([[1], 1000]);
});

test('concurrent large batches are a commit each, so that no caller waits for all of them; small ones share one', async () => {
  const { store, commits, count } = open();
  await Promise.all([1, 2, 3].map(() => store.addAll(many(200), false)));
  expect(commits).toEqual([1, 1, 1]);
  await Promise.all([1, 2, 3].map(() => store.addAll(many(50), false)));
  expect([commits, count()]).toEqual([[1, 1, 1, 3], 750]);
});

const long = (): Partial<Submission> => ({
  inputs: LargeJson.asText(`{"text":"${'x'.repeat(100_000)}"}`) as JsonObject,
});

test('a long batch is several commits, in its order, and what is short does not wait for all of them', async () => {
  const { store, sql, commits } = open();
  const settled: string[] = [];
  const submissions = [...many(5, {}, long()), ...many(1)];
  const batch = store.addAll(submissions, false).then((outcomes) => {
    settled.push('batch');
    return added(outcomes);
  });
  await Promise.all([batch, store.addAll(many(1), false).then(() => settled.push('short'))]);
  expect([await batch, settled, commits]).toEqual([6, ['short', 'batch'], [2, 1, 1]]);
  const [, ...stored] = sql.prepare('SELECT correlation_id FROM execution_rows ORDER BY id').pluck().all();
  expect(stored).toEqual(submissions.map(({ execution }) => execution.correlationId));
  expect(verifyAudit(sql)).toMatchObject({ findings: [], entries: 7 });
});

test('a long batch that is accepted together, or not at all, is one commit', async () => {
  const { store, commits } = open();
  expect(added(await store.addAll(many(5, {}, long()), true))).toBe(5);
  expect(commits).toEqual([1]);
});

test('when the commit fails, nothing of a batch is there, and the next one goes through', async () => {
  const { store, sql, count } = open();
  const [first] = many(1);
  await store.addAll(many(3), false);
  // The same reference twice breaks a rule of the table in the middle of the batch.
  const broken = [...many(2), ...many(1, { execution: anExecution({ correlationId: 'a' }) })];
  const twin = { ...anExecution({ correlationId: 'b' }), reference: broken[2]?.execution.reference ?? '' };
  await expect(store.addAll([...broken, ...many(1, { execution: twin })], false)).rejects.toThrow();
  expect(count()).toBe(3);
  expect((await store.openCounts()).QUEUED).toBe(3);
  expect(added(await store.addAll([first as NewExecution], false))).toBe(1);
  expect(verifyAudit(sql)).toMatchObject({ findings: [], entries: 4 });
});

test('after a batch that was taken back the chain holds, also when it is read again', async () => {
  const { store, sql, path, count } = open();
  const tooMany = many(5, { queueCapacity: 4 });
  await Promise.all([store.addAll(many(2), false), store.addAll(tooMany, true), store.addAll(many(1), true)]);
  expect(count()).toBe(3);
  expect(verifyAudit(sql)).toMatchObject({ findings: [], entries: 3 });
  expect(sql.prepare('SELECT difference FROM conservation').pluck().get()).toBe(0);
  await store.close();
  const again = open(path);
  expect(added(await again.store.addAll(many(1), true))).toBe(1);
  expect(verifyAudit(again.sql)).toMatchObject({ findings: [], entries: 4 });
});

test('whether a key was used for another request is found in its index, however many there are', async () => {
  const { store, sql } = open();
  const name = (index: number) => itemName(batchName('key', 'print'), index);
  const batch = many(3).map((one, index) => ({ ...one, execution: anExecution({ idempotencyKey: name(index) }) }));
  await store.addAll(batch, false);
  const stored = sql.prepare('SELECT idempotency_key FROM executions ORDER BY reference').pluck().all();
  expect(stored).toEqual(['key print 0', 'key print 1', 'key print 2']);
  const plan = sql
    .prepare(
      'EXPLAIN QUERY PLAN SELECT 1 FROM execution_rows WHERE app = ? AND idempotency_key >= ? AND idempotency_key < ?',
    )
    .all('shop', 'key', 'key!') as { detail: string }[];
  expect(plan.map(({ detail }) => detail).join()).toContain('execution_rows_by_idempotency_key');
});
