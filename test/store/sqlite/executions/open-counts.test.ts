// How things stand is read from small indexes, however many executions have ended.

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OLDEST_POLLED } from '../../../../src/store/sqlite/executions/open-counts.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

test('the longest open of those that are polled is found in their index, and one row is read', () => {
  const database = openDatabase(join(temporaryFolder(), 'receiver.db'));
  onTestFinished(() => database.close());
  const plan = database.client.prepare(`EXPLAIN QUERY PLAN ${OLDEST_POLLED}`).all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH execution_rows USING INTEGER PRIMARY KEY (rowid=?)',
    'SCALAR SUBQUERY 1',
    'SEARCH execution_rows USING COVERING INDEX execution_rows_to_poll',
  ]);
});
