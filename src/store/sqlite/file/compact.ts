// Makes a file as small as what is in it, and able to give space back from then on: a sound copy takes its place in one step.

import { chmodSync, chownSync, existsSync, renameSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { type BackupReport, copyVerified, discardCopy, syncToDisk } from './backup.ts';
import { DatabaseRefused, takeLock, withFileError } from './open.ts';
import { openReadOnly } from './open-readonly.ts';

/** Beside what the copy takes. */
const SPARE_BYTES = 16 * 1024 * 1024;

export interface CompactReport extends BackupReport {
  /** How long the file was before. */
  readonly bytesBefore: number;
}

type Progress = (done: number, total: number) => void;

/**
 * No receiver may run on the file meanwhile: its lock is taken. Killed at any moment, it leaves the one file or the other.
 * @throws {DatabaseRefused} before anything is written. @throws {BackupFailed} with the file as it was.
 */
export function compact(path: string, progress?: Progress): CompactReport {
  const file = resolve(path);
  refuseUnknown(file);
  const lock = withFileError(file, () => takeLock(file));
  const partial = `${file}.compact.partial`;
  try {
    discardCopy(partial);
    bringTogether(file);
    refuseFullDisk(file);
    const { size, mode, uid, gid } = statSync(file);
    const report = copyVerified(file, partial, progress);
    try {
      if (isWritten(file))
        throw new DatabaseRefused(`${file} was written meanwhile: nothing was changed, try it again`);
      bringTogether(file);
      chmodSync(partial, mode);
      chownSync(partial, uid, gid);
      syncToDisk(partial);
      renameSync(partial, file);
      syncToDisk(dirname(file));
    } finally {
      discardCopy(partial);
    }
    return { ...report, path: file, bytesBefore: size };
  } finally {
    lock.close();
  }
}

/** Also whether it is there at all. */
function refuseUnknown(file: string): void {
  openReadOnly(file).close();
}

/** One file alone: a WAL beside it would be replayed into the one that takes its place. */
function bringTogether(file: string): void {
  const client = withFileError(file, () => new Database(file));
  try {
    withFileError(file, () => client.pragma('wal_checkpoint(TRUNCATE)'));
  } finally {
    client.close();
  }
  if (['-wal', '-shm', '-journal'].some((suffix) => existsSync(file + suffix))) {
    throw new DatabaseRefused(`${file} is open in another program: close it and try it again`);
  }
}

function isWritten(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function refuseFullDisk(file: string): void {
  const { bavail, bsize } = statfsSync(dirname(file));
  const free = bavail * bsize;
  const client = openReadOnly(file);
  const page = (name: string) => Number(client.pragma(name, { simple: true }));
  const needed = (page('page_count') - page('freelist_count')) * page('page_size') + SPARE_BYTES;
  client.close();
  if (free >= needed) return;
  const mib = (bytes: number) => Math.ceil(bytes / (1024 * 1024));
  throw new DatabaseRefused(
    `${dirname(file)} has ${mib(free)} MiB free and the copy takes ${mib(needed)}: make room first`,
  );
}
