// A file of the database that is removed or replaced is noticed at the next look.

import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileWatch } from '../../../../src/store/sqlite/file/file-watch.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** Returns when the file system has a later time than that of the folder: before Linux 6.13 its time has steps of up to 10 ms. */
function passStepOfTime(folder: string): void {
  const other = temporaryFolder();
  const timeOf = (path: string) => statSync(path, { bigint: true }).ctimeNs;
  do utimesSync(other, 0, 0);
  while (timeOf(other) <= timeOf(folder));
}

function open() {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  const file = join(folder, 'receiver.db');
  const [wal, shm, lock] = [`${file}-wal`, `${file}-shm`, `${file}.lock`];
  for (const path of [file, wal, shm, lock]) writeFileSync(path, '');
  passStepOfTime(folder);
  const clock = { ms: 0 };
  const watch = createFileWatch(file, lock, () => clock.ms);
  /** Looks as often as a receiver with some traffic does, at the files in the first second and at each later one. */
  const lookFor = (ms: number) => {
    for (const end = clock.ms + ms; clock.ms < end; clock.ms += 100) expect(watch.missing()).toBeNull();
  };
  return { folder, file, wal, lock, clock, watch, lookFor };
}

const CHANGES = [
  ['the file is removed', ({ file }) => rmSync(file), 'receiver.db'],
  ['the log is removed', ({ wal }) => rmSync(wal), 'receiver.db-wal'],
  ['the lock is moved away', ({ lock }) => renameSync(lock, `${lock}.old`), 'receiver.db.lock'],
  [
    'the file is replaced',
    ({ file }) => {
      writeFileSync(`${file}.new`, '');
      renameSync(`${file}.new`, file);
    },
    'receiver.db',
  ],
  ['the folder is moved away', ({ folder }) => renameSync(folder, `${folder}.old`), 'receiver.db'],
] as const satisfies readonly (readonly [string, (opened: ReturnType<typeof open>) => void, string])[];

test.each(CHANGES)('%s, at once and after seconds without a change', (_, change, name) => {
  for (const ms of [0, 300, 5_500]) {
    const opened = open();
    opened.lookFor(ms);
    change(opened);
    expect(opened.watch.missing()).toBe(join(opened.folder, name));
  }
});

test('another file of the folder may come and go', () => {
  const { folder, lookFor } = open();
  lookFor(3_500);
  writeFileSync(join(folder, 'export.csv'), '');
  lookFor(3_500);
});

test('a change is noticed at once although a program sets the time of the folder back', () => {
  const { folder, file, watch, lookFor } = open();
  const time = 1_000_000_000;
  utimesSync(folder, time, time);
  passStepOfTime(folder);
  lookFor(3_500);
  rmSync(file);
  utimesSync(folder, time, time);
  expect(watch.missing()).toBe(file);
});

/** A file whose removal changes another folder: as if within the step of time in which this one was looked at. */
function openBehindLink() {
  const { folder, lock, file, clock } = open();
  const target = join(temporaryFolder(), 'target');
  writeFileSync(target, '');
  rmSync(lock);
  symlinkSync(target, lock);
  const watch = createFileWatch(file, lock, () => clock.ms);
  return { missing: join(folder, 'receiver.db.lock'), target, clock, watch };
}

test('a change that leaves the folder as it was is noticed within a second', () => {
  const { missing, target, clock, watch } = openBehindLink();
  for (; clock.ms < 3_000; clock.ms += 100) expect(watch.missing()).toBeNull();
  rmSync(target);
  clock.ms += 1_000;
  expect(watch.missing()).toBe(missing);
});

test('a change within the step of time in which the folder was seen first is noticed at once', () => {
  const { missing, target, watch } = openBehindLink();
  expect(watch.missing()).toBeNull();
  rmSync(target);
  expect(watch.missing()).toBe(missing);
});
