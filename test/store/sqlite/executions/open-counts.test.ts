// How things stand is read from small indexes, however many executions have ended.

import { expect, onTestFinished, test, vi } from 'vitest';
import { createBacklog } from '../../../../src/store/shared/backlog.ts';
import { STATUS_CODES } from '../../../../src/store/shared/codes.ts';
import {
  createQueueMonitor,
  FIRST_POLLED,
  LEAST_POLLED,
  QUEUED_BEFORE,
} from '../../../../src/store/sqlite/executions/open-counts.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { prepareStatements } from '../../../../src/store/sqlite/statements.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

function planOf(statement: string, ...values: object[]): string[] {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  const plan = database.client.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...values) as { detail: string }[];
  return plan.map(({ detail }) => detail);
}

test('the longest open of those that are polled is the first that fits in the index of open executions, without sorting', () => {
  expect(planOf(FIRST_POLLED)).toEqual(['SCAN execution_rows USING INDEX execution_rows_open']);
});

test('or it is found in the index of those that are polled, and one row is read', () => {
  expect(planOf(LEAST_POLLED)).toEqual([
    'SEARCH execution_rows USING INTEGER PRIMARY KEY (rowid=?)',
    'SCALAR SUBQUERY 1',
    'SEARCH execution_rows USING COVERING INDEX execution_rows_to_poll',
  ]);
});

test.each([
  [10_000, 300_000, FIRST_POLLED],
  [300_000, 10_000, LEAST_POLLED],
])('with %i that wait and %i that are polled, the fewer are read', async (count, pollable, expected) => {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  const { waiting } = prepareStatements(database.client);
  const asked: string[] = [];
  vi.spyOn(database.client, 'prepare').mockImplementation((sql) => {
    const get = () => void asked.push(sql);
    return { pluck: () => ({ get }) } as unknown as ReturnType<typeof database.client.prepare>;
  });
  vi.spyOn(waiting, 'all').mockReturnValue([{ status: STATUS_CODES.QUEUED, count, oldest: 1 }]);
  const backlog = createBacklog();
  backlog.reset([], [{ app: 'a', count: pollable }], pollable);
  await createQueueMonitor(database.client, { waiting }, backlog).queueState();
  expect(asked).toEqual([expected]);
});

test('the position in the queue is counted in ranges of its index', () => {
  const place = { app: 'a', priority: 4, dispatchAt: 1, reference: 'r', limit: 10 };
  const found = planOf(QUEUED_BEFORE, place).filter((step) => step.includes('execution_rows'));
  const covering = 'SEARCH execution_rows USING COVERING INDEX execution_rows_to_dispatch';
  expect(found).toEqual([
    `${covering} (app=? AND priority>?)`,
    `${covering} (app=? AND priority=? AND dispatch_at<?)`,
    expect.stringMatching(/^SEARCH execution_rows USING COVERING INDEX \w+ \(reference=\?\)$/),
  ]);
});
