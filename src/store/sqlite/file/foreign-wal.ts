// Detects a write-ahead log that belongs to another file, before SQLite replays it and so damages the database.

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import type { LockNote } from './lock.ts';

/** SQLite file format 1.3 (offsets in the header of the database) and 4.1 (of the WAL). */
const HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const READ_VERSION_AT = 19;
const WAL_VERSION = 2;
const WAL_HEADER_BYTES = 32;
const WAL_PAGE_SIZE_AT = 8;
const CHUNK_BYTES = 1024 * 1024;

/** Whether a file is in WAL mode. A backup is not: VACUUM INTO writes the rollback mode. Undefined for an empty file or none. */
export function isInWalMode(file: string): boolean | undefined {
  const header = firstBytes(file, HEADER_BYTES);
  if (header === null || header.length < HEADER_BYTES) return undefined;
  return header[READ_VERSION_AT] === WAL_VERSION;
}

/** Returns the name that a foreign log gets beside a database. It may hold content of executions. */
export const foreignWalName = (file: string): string => `${file}-wal.foreign`;

/** @param note of the lock, if it is held. @throws {DatabaseRefused} with the one command that repairs the state. */
export function refuseForeignWal(file: string, note: LockNote | null): void {
  // promise: foreign-wal-is-refused
  const why = foreignWal(file, note);
  if (why === null) return;
  const wal = `${file}-wal`;
  throw new DatabaseRefused(
    `${wal} is the write-ahead log of another file: ${why}. Nothing was changed. If ${file} is the file to run on, put the log aside: mv '${wal}' '${foreignWalName(file)}'`,
  );
}

function foreignWal(file: string, note: LockNote | null): string | null {
  const wal = firstBytes(`${file}-wal`, WAL_HEADER_BYTES);
  // Without a whole header, SQLite reads nothing from it.
  if (wal === null || wal.length < WAL_HEADER_BYTES) return null;
  const header = firstBytes(file, HEADER_BYTES);
  // SQLite reports a file that may not be read.
  if (header === null && existsSync(file)) return null;
  if (header === null || header.length < HEADER_BYTES) return `${file} is missing or empty`;
  // A database of the receiver is in WAL mode before its log has anything.
  if (header[READ_VERSION_AT] !== WAL_VERSION) return `${file} is a backup, which has no log`;
  // 1 stands for 65,536.
  const pageBytes = header.readUInt16BE(PAGE_SIZE_AT) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE_AT);
  if (wal.readUInt32BE(WAL_PAGE_SIZE_AT) !== pageBytes) return 'its pages have another size';
  return note === null ? null : strangerTo(file, note);
}

function strangerTo(file: string, note: LockNote): string | null {
  if (!holdsRun(file, note)) return `${file} is an older copy than the log`;
  const { ino } = statSync(file);
  const lock = statSync(`${file}.lock`, { throwIfNoEntry: false });
  // A folder that was copied as a whole has a copy of the lock, too, and the log belongs to it.
  const isSameFolder = lock !== undefined && String(lock.ino) === note.lockInode;
  return isSameFolder && String(ino) !== note.inode ? `${file} was replaced since the log was written` : null;
}

/** Each start writes a random text into the main file itself, so that an older copy does not have it. */
function holdsRun(file: string, { runs, page, pageBytes }: LockNote): boolean {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(CHUNK_BYTES);
    const found = (at: number, length: number) => {
      const part = bytes.subarray(0, readSync(handle, bytes, 0, length, at));
      return part.length > 0 && runs.some((text) => part.includes(text));
    };
    if (found((page - 1) * pageBytes, pageBytes)) return true;
    // A VACUUM may have moved the page.
    const { size } = statSync(file);
    const step = CHUNK_BYTES - 64;
    for (let at = 0; at < size; at += step) if (found(at, CHUNK_BYTES)) return true;
    return false;
  } finally {
    closeSync(handle);
  }
}

/** Null if the file cannot be opened. access(2) would check the real user, and opening checks the effective one. */
function firstBytes(path: string, length: number): Buffer | null {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(handle, bytes, 0, length, 0));
  } finally {
    closeSync(handle);
  }
}
