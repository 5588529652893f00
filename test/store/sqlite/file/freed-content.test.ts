// Content that is deleted from the database is overwritten in its file.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

test('a connection that writes overwrites what it deletes (secure_delete)', () => {
  const database = openDatabase(join(temporaryFolder(), 'receiver.db'));
  expect(database.client.pragma('secure_delete', { simple: true })).toBe(1);
  database.close();
});
