// A copy or a move of the database that cannot be completed leaves nothing that could be taken for one.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishCopy } from '../../../../src/store/sqlite/file/backup.ts';
import { openFileSource } from '../../../../src/store/sqlite/file/move/source.ts';
import { openFileTarget } from '../../../../src/store/sqlite/file/move/target.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

test('a copy of which a step behind its name fails has no name', () => {
  const folder = temporaryFolder();
  const [partial, path] = [join(folder, 'copy.db.partial'), join(folder, 'copy.db')];
  writeFileSync(partial, 'copied');
  mkdirSync(`${partial}-wal`);
  expect(() => publishCopy(partial, path)).toThrow();
  expect(readdirSync(folder)).toEqual(['copy.db.partial-wal']);
});

test('a move to a file that cannot be opened leaves nothing beside it', () => {
  const folder = temporaryFolder();
  const rescued = 'receiver.db.move-rescue-2026.db';
  writeFileSync(join(folder, rescued), 'rescued');
  expect(() => openFileTarget(join(folder, 'receiver.db'), 0o600)).toThrow(rescued);
  expect(readdirSync(folder)).toEqual([rescued]);
});

test('the end of a move succeeds on a disk without room for the rest of the log, and gives the file back', () => {
  const file = temporaryDatabase();
  openDatabase(file).close();
  const source = openFileSource(file, 0o600);
  source.client.pragma = () => {
    throw new Error('database or disk is full');
  };
  source.close();
  openFileSource(file, 0o600).close();
});
