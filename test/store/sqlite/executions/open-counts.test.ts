// How things stand is read from small indexes, however many executions have ended.

import { expect, onTestFinished, test } from 'vitest';
import { OLDEST_POLLED, QUEUED_BEFORE } from '../../../../src/store/sqlite/executions/open-counts.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

function planOf(statement: string, ...values: object[]): string[] {
  const database = openDatabase(temporaryDatabase());
  onTestFinished(() => database.close());
  const plan = database.client.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...values) as { detail: string }[];
  return plan.map(({ detail }) => detail);
}

test('the longest open of those that are polled is the first that fits in the index of open executions, without sorting', () => {
  expect(planOf(OLDEST_POLLED)).toEqual(['SCAN execution_rows USING INDEX execution_rows_open']);
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
