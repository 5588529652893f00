// Events whose rows are inserted together: what is stored is as if each event had a commit of its own.

import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { ExecutionEvent } from '../../../../src/execution/event.ts';
import type { Dispatchable } from '../../../../src/execution/execution.ts';
import { systemWorld } from '../../../../src/lib/world.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { verifyAudit } from '../../../../src/store/sqlite/verify/verify.ts';
import {
  anExecution,
  callback,
  completed,
  failed,
  NOON,
  polled,
  RUNNING,
  submitted,
} from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const LISTED_REPEATS = 2;

type Step = readonly [execution: number, event: ExecutionEvent];

const executions: readonly Dispatchable[] = Array.from({ length: 30 }, () => anExecution());

async function open() {
  const path = temporaryDatabase();
  const commits: number[] = [];
  const store = createSqliteStore({
    ...{ path, world: systemWorld, log: quietLog(), listedRepeats: LISTED_REPEATS },
    fatal,
    observeCommit: (mutations) => void commits.push(mutations),
  });
  const sql = new Database(path, { readonly: true });
  onTestFinished(async () => {
    sql.close();
    await store.close();
  });
  const submissions = executions.map((execution) => ({
    execution,
    fingerprint: 'ab'.repeat(32),
    queueCapacity: 100,
  }));
  await store.addAll(submissions, true);
  await store.claimDispatches(100, NOON);
  for (const { reference } of executions) await store.record(reference, submitted(), NOON + 1_000);
  commits.length = 0;
  const record = ([index, event]: Step, order: number) =>
    store.record(executions[index]?.reference ?? '', event, NOON + 10_000 + order);
  const all = (query: string) => sql.prepare(query).all();
  const stored = () => ({
    findings: verifyAudit(sql).findings,
    entries: all('SELECT * FROM audit_events ORDER BY id'),
    repeats: all('SELECT * FROM audit_repeats ORDER BY 1, 2'),
    executions: all('SELECT * FROM executions ORDER BY reference'),
    outcomes: all('SELECT * FROM outcome_rows ORDER BY id'),
    ended: all('SELECT * FROM rollup_ended ORDER BY 1, 2, 3, 4, 5, 6, 7'),
    counted: all('SELECT * FROM rollup_outcomes ORDER BY 1, 2, 3, 4, 5, 6, 7, 8'),
  });
  const resubmit = async (index: number) => (await store.addAll(submissions.slice(index, index + 1), false))[0];
  return { record, resubmit, stored, commits };
}

/** Returns the outcomes of the steps in one commit, which must be those of the steps one by one, as must be all rows. */
async function together(steps: readonly Step[]): Promise<readonly (string | undefined)[]> {
  const [one, other] = [await open(), await open()];
  const outcomes = (await Promise.all(steps.map(one.record))).map((recorded) => recorded?.outcome);
  // On a busy machine, the first one may be alone.
  expect(one.commits.length).toBeLessThan(steps.length);
  const alone: (string | undefined)[] = [];
  for (const [order, step] of steps.entries()) alone.push((await other.record(step, order))?.outcome);
  expect(outcomes).toEqual(alone);
  expect(one.stored()).toEqual(other.stored());
  expect(one.stored().findings).toEqual([]);
  return outcomes;
}

test('callbacks that end executions', async () => {
  const outcomes = await together(
    executions.map((_, index): Step => [index, callback(index % 3 === 0 ? failed() : completed({ index }))]),
  );
  expect(new Set(outcomes)).toEqual(new Set(['resolved']));
});

test('a callback that repeats another one of the commit is compared with its result', async () => {
  const steps: readonly Step[] = [
    [0, callback(completed({ charge: 1 }))],
    [0, callback(completed({ charge: 1 }))],
    [0, callback(completed({ charge: 2 }))],
  ];
  expect(await together(steps)).toEqual(['resolved', 'duplicate', 'conflict']);
});

test('repeats beyond the listed ones are counted, although those are of the same commit', async () => {
  const { record, stored } = await open();
  const repeat: Step = [0, callback(RUNNING)];
  await Promise.all(Array.from({ length: 6 }, (_, order) => record(repeat, order)));
  expect(stored().repeats).toMatchObject([{ event: 'CALLBACK_PROGRESS', count: 4 }]);
});

test('evidence is bounded by that of the same commit', async () => {
  const { record, stored } = await open();
  // Read again by an operator, so that they are not counted as repeats.
  const mismatch = (letter: string): Step => [
    0,
    { ...callback(completed({ text: letter.repeat(2_500_000) }), 'cx-other'), origin: { reread: 1, by: 'alice' } },
  ];
  await Promise.all([mismatch('a'), mismatch('b')].map(record));
  const omitted = stored().entries.filter((entry) => (entry as { detail: string }).detail.includes('"omitted"'));
  expect(omitted).toHaveLength(1);
});

test('an outcome that a poll and a callback bring in one commit has both times', async () => {
  const { record, stored } = await open();
  const steps: readonly Step[] = [
    [0, polled(completed(null))],
    [0, callback(completed(null))],
  ];
  await Promise.all(steps.map(record));
  expect(stored().ended).toMatchObject([{ channel: 'poll', has_skew: 1 }]);
});

test('a repeated submission gets the status that a callback of the same commit brought', async () => {
  const { record, resubmit } = await open();
  const [, repeated] = await Promise.all([record([0, callback(completed({ charge: 1 }))], 0), resubmit(0)]);
  expect(repeated).toMatchObject({ outcome: 'replayed', execution: { status: 'COMPLETED' } });
});

test('polls, callbacks and timeouts', async () => {
  const steps: readonly Step[] = [
    [0, polled(completed(null))],
    [0, callback(completed(null))],
    [1, polled(RUNNING)],
    [1, callback(completed())],
    [1, polled(completed())],
    [2, { type: 'expired' }],
    [2, callback(completed())],
  ];
  expect(await together(steps)).toEqual([
    'resolved',
    'duplicate',
    'progress',
    'resolved',
    'duplicate',
    'resolved',
    'late',
  ]);
});
