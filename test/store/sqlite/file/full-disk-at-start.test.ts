// A disk that gets full while a new database gets its tables is named, with the remedy.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { withFileError } from '../../../../src/store/sqlite/file/database-refused.ts';
import { migrateSchema } from '../../../../src/store/sqlite/file/schema-version.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

test.for([1, 2, 3, 5, 10, 20, 40])('with room for %i pages', (pages) => {
  const file = join(temporaryFolder(), 'receiver.db');
  const client = new Database(file);
  onTestFinished(() => void client.close());
  client.pragma('journal_mode = WAL');
  client.pragma(`max_page_count = ${pages}`);
  const start = () => withFileError(file, () => migrateSchema(client));
  expect(start).toThrow(/^.*receiver\.db cannot .* full(?: disk)?: make room and start again/);
  client.pragma('max_page_count = 100000');
  expect(start).not.toThrow();
});
