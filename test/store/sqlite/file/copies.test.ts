// Copies of content beside the database: they are named after an erasure, and a start reports a rescue copy.

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copiesBeside } from '../../../../src/store/sqlite/file/copies.ts';
import { openDatabase } from '../../../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

function folderWith(...names: string[]): string {
  const folder = temporaryFolder();
  for (const name of names) writeFileSync(join(folder, name), 'content');
  return folder;
}

test('copies from upgrades and rescues, and a log that was put aside, are named', () => {
  const copies = ['receiver-before-upgrade-from-0.1.0.db', 'receiver-rescue-2026.db', 'receiver.db-wal.foreign'];
  const folder = folderWith(...copies, 'other-rescue-2026.db', 'receiver.db-wal');
  expect(copiesBeside(join(folder, 'receiver.db')).map((path) => basename(path))).toEqual(copies);
});

test.for([
  ['receiver-rescue-2026.db', 'restore -- --send-queued'],
  ['receiver-rescue-2026.ndjson', 'restore a backup'],
] as const)('a start without the file, beside %s, is refused with the remedy', ([rescue, remedy]) => {
  const folder = folderWith(rescue);
  const file = join(folder, 'receiver.db');
  const start = () => openDatabase(file);
  expect(start).toThrow(remedy);
  expect(start).toThrow(join(folder, rescue));
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, '');
  expect(start).toThrow('missing or empty');
  rmSync(join(folder, rescue));
  const database = start();
  onTestFinished(() => database.close());
  expect(existsSync(file)).toBe(true);
});
