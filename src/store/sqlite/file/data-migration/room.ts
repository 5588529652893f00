// The free space that an upgrade needs.

import { statfsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { DatabaseRefused } from '../../../shared/database-refused.ts';
import type { MoveProgress } from './move-rows.ts';
import { canReturnPages } from './return-pages.ts';

const MIB = 1024 * 1024;
/** Free space that is required besides all that is computed. */
const SPARE_BYTES = 16 * MIB;
/** The write-ahead log of the slices does not grow beyond it. */
const MAX_WAL_BYTES = 128 * MIB;

export function sizeOf(client: Database): number {
  const page = (name: string) => Number(client.pragma(name, { simple: true }));
  return page('page_count') * page('page_size');
}

const NOTHING_MOVED = { done: 0, total: 1 };

/** By how much the disk fills until the rows are moved: both tables have them until then, and the new ones are not larger. */
export function bytesToMove(client: Database, { done, total }: MoveProgress = NOTHING_MOVED): number {
  const bytes = sizeOf(client);
  const left = total === 0 ? 0 : (total - done) / total;
  const zeros = canReturnPages(client) ? 0 : bytes;
  return Math.ceil(left * bytes) + zeros + Math.min(bytes, MAX_WAL_BYTES) + SPARE_BYTES;
}

export function refuseFullDisk(
  file: string,
  { free, needed }: { readonly free: number; readonly needed: number },
): void {
  // promise: no-upgrade-without-room
  if (free >= needed) return;
  const mib = (bytes: number) => Math.ceil(bytes / MIB);
  throw new DatabaseRefused(
    `${file} is of an older version and its upgrade needs ${mib(needed)} MiB on the disk, which has ${mib(free)} MiB free. Nothing was changed: make room and start again`,
  );
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
