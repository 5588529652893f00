// Gives free space back to the disk, a little at a time.

import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { unchanged, type Writer } from '../group-commit.ts';

/** PRAGMA auto_vacuum: free pages are given back when that is asked for. */
export const INCREMENTAL_VACUUM = 2;

/** A longer WAL is left alone: something is written or read in bulk, and copying it all at once would take long. */
const LONG_WAL_BYTES = 64 * 1024 * 1024;

export async function reclaimSpace(
  client: Database,
  writer: Pick<Writer<unknown>, 'mutate'>,
  pages: number,
): Promise<number | null> {
  if (client.pragma('auto_vacuum', { simple: true }) !== INCREMENTAL_VACUUM) return null;
  const left = () => Number(client.pragma('freelist_count', { simple: true }));
  if (left() > 0) {
    await writer.mutate(() => unchanged(client.pragma(`incremental_vacuum(${pages})`)));
    if (left() > 0) return left();
  }
  truncate(client);
  return 0;
}

/** The file shrinks only when the WAL is copied into it. A reader that stands in the way is not waited for: another time will do. */
function truncate(client: Database): void {
  const wal = statSync(`${client.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (wal > 0 && wal <= LONG_WAL_BYTES) client.pragma('wal_checkpoint(TRUNCATE)');
}
