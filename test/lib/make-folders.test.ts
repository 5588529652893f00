// Folders that the receiver makes for its files.

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolders } from '../../src/lib/make-folders.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('a folder is made with those above it, and the first of them is returned', () => {
  const top = temporaryFolder();
  expect(makeFolders(join(top, 'a', 'b', 'c'), 0o700)).toBe(join(top, 'a'));
  expect(statSync(join(top, 'a', 'b', 'c')).mode & 0o777).toBe(0o700);
  expect(makeFolders(join(top, 'a', 'b'))).toBeUndefined();
});

test('a path through a file is an error', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => makeFolders(file)).toThrow('EEXIST');
  expect(() => makeFolders(join(file, 'below'))).toThrow('ENOTDIR');
});

test.runIf(existsSync('/proc/self'))(
  'a file system that has no place for a folder is an error, and no endless wait',
  () => {
    expect(() => makeFolders('/proc/receiver/data')).toThrow('ENOENT');
  },
);
