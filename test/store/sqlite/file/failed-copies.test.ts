// A copy or a move of the database that cannot be completed leaves nothing that could be taken for one, or says what it leaves.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { publishCopy } from '../../../../src/store/sqlite/file/backup.ts';
import { compact } from '../../../../src/store/sqlite/file/compact.ts';
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

/** A disk that fails when the names in this folder are to outlast a loss of power. */
const failingAt =
  (folder: string, before: () => void = () => {}) =>
  (path: string) => {
    if (path !== folder) return;
    before();
    throw new Error('EIO: i/o error, fsync');
  };

test('a copy whose name may not outlast a loss of power is removed, and one that cannot be removed is named', () => {
  const folder = temporaryFolder();
  const [partial, path] = [join(folder, 'copy.db.partial'), join(folder, 'copy.db')];
  writeFileSync(partial, 'copied');
  expect(() => publishCopy(partial, path, failingAt(folder))).toThrow('no copy was made: Error: EIO');
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(partial, 'copied');
  // What is in its place cannot be removed as a file.
  const blocked = failingAt(folder, () => {
    rmSync(path);
    mkdirSync(path);
  });
  const doubt =
    /copy\.db is complete and verified, but it may not outlast .* EIO.*could not be removed .*: check the disk, remove it/;
  expect(() => publishCopy(partial, path, blocked)).toThrow(doubt);
});

test('a copy replaces no file that was made meanwhile, and says what to do', () => {
  const folder = temporaryFolder();
  const [partial, path] = [join(folder, 'copy.db.partial'), join(folder, 'copy.db')];
  writeFileSync(partial, 'copied');
  writeFileSync(path, 'of another program');
  expect(() => publishCopy(partial, path)).toThrow(
    `no copy was made: ${path} was made by another program meanwhile, and nothing is overwritten; move it away, and run this command again`,
  );
  expect(readdirSync(folder)).toEqual(['copy.db']);
  expect(readFileSync(path, 'utf8')).toBe('of another program');
});

test('a compacted file whose name may not outlast a loss of power is in place, and the message says so', () => {
  const file = temporaryDatabase();
  openDatabase(file).close();
  const { ino } = statSync(file);
  const doubt =
    /receiver\.db is compacted and verified, but a loss of power may bring back the file .* run this command again .* EIO/;
  expect(() => compact(file, undefined, failingAt(dirname(file)))).toThrow(doubt);
  expect(statSync(file).ino).not.toBe(ino);
  expect(() => compact(file, undefined, failingAt(`${file}.compact.partial`))).toThrow(/^not compacted: Error: EIO/);
  expect(compact(file)).toMatchObject({ path: file });
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
