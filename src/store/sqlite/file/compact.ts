// Makes a file as small as its content, and able to return space from then on: a verified copy replaces it in one step.

import { chmodSync, chownSync, existsSync, renameSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { reasonOf } from '../../../lib/log.ts';
import { syncToDiskSync } from '../../../lib/sync-to-disk.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { BackupFailed, type BackupReport, copyVerified, discardCopy } from './backup.ts';
import { withFileError } from './database-refused.ts';
import { isInWalMode, refuseForeignWal } from './foreign-wal.ts';
import { markPlaced, unadopted } from './identity.ts';
import { type DatabaseLock, realDatabasePath, takeLock } from './lock.ts';
import { openReadOnly } from './open-readonly.ts';

/** Free space that is required besides that of the copy. */
const SPARE_BYTES = 16 * 1024 * 1024;

const ONCE = 'start the receiver on it once, stop it, and compact it then';

export interface CompactReport extends BackupReport {
  /** Size of the file before. */
  readonly bytesBefore: number;
}

type Progress = (done: number, total: number) => void;

/**
 * Takes the lock of the file, so that no receiver runs on it. Killed at any moment, it leaves the old file or the new one.
 * @throws {DatabaseRefused} before anything is written. @throws {BackupFailed} with the file as it was, unless the message says otherwise.
 */
export function compact(path: string, progress?: Progress, sync = syncToDiskSync): CompactReport {
  // A symbolic link stays: the file that it leads to is replaced.
  const file = withFileError(path, () => realDatabasePath(path));
  refuseUnknown(file);
  const { mode, uid, gid } = statSync(file);
  const lock = withFileError(file, () => takeLock(file, mode & 0o777));
  const partial = `${file}.compact.partial`;
  try {
    refuseForeignWal(file, lock.note);
    discardCopy(partial);
    refuseUnadopted(file, lock);
    mergeWal(file);
    refuseFullDisk(file);
    const { size } = statSync(file);
    const report = copyVerified(file, partial, { progress });
    let isReplaced = false;
    try {
      if (isWritten(file))
        throw new DatabaseRefused(`${file} was written meanwhile: nothing was changed, try it again`);
      mergeWal(file);
      markAsDatabase(partial);
      chmodSync(partial, mode);
      chownSync(partial, uid, gid);
      sync(partial);
      renameSync(partial, file);
      isReplaced = true;
      sync(dirname(file));
    } catch (error) {
      if (error instanceof DatabaseRefused) throw error;
      // promise: uncertain-compaction-is-named
      const what = isReplaced
        ? `${file} is compacted and verified, but a loss of power may bring back the file from before: check the disk, and run this command again before the receiver starts`
        : 'not compacted';
      throw new BackupFailed(`${what}: ${reasonOf(error)}`, { cause: error });
    } finally {
      discardCopy(partial);
    }
    return { ...report, path: file, bytesBefore: size };
  } finally {
    lock.close();
  }
}

/** @throws {DatabaseRefused} also when there is no such file */
function refuseUnknown(file: string): void {
  openReadOnly(file).close();
}

/** The next start would take the compacted file for the database itself: its queue would be sent, and its ids would repeat. */
function refuseUnadopted(file: string, lock: DatabaseLock): void {
  const isBackup = isInWalMode(file) === false;
  const client = openReadOnly(file);
  try {
    // promise: backup-is-not-compacted
    const from = unadopted({ file, client, lock, isBackup });
    if (from === null) return;
    const what = from === 'backup' ? 'a backup' : 'a copy of another file';
    throw new DatabaseRefused(`${file} is ${what}, so that its queue may have been sent: ${ONCE}`);
  } finally {
    client.close();
  }
}

/** The header of a copy says that it is a backup, and ids continue after a gap in a backup. This copy is the database itself. */
function markAsDatabase(partial: string): void {
  const client = new Database(partial);
  try {
    client.pragma('journal_mode = WAL');
    markPlaced(partial, client);
  } finally {
    client.close();
  }
}

/** A WAL that stays would be replayed into the file that takes its place. */
function mergeWal(file: string): void {
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
