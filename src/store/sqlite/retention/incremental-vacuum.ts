// Returns free pages of the database to the file system, in small steps.

import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import type { Checkpointer } from '../file/checkpoint/checkpointer.ts';
import { unchanged, type Writer } from '../group-commit.ts';

/** Value of PRAGMA auto_vacuum for a file whose free pages are returned on request. */
export const INCREMENTAL_VACUUM = 2;

/** Maximum size of a WAL that is truncated. A longer WAL belongs to a bulk operation and would take long to copy. */
const MAX_WAL_BYTES = 64 * 1024 * 1024;

interface ReclaimTools {
  readonly writer: Pick<Writer<unknown>, 'mutate'>;
  readonly checkpoints: Pick<Checkpointer, 'alone'>;
}

export async function reclaimSpace(
  client: Database,
  { writer, checkpoints }: ReclaimTools,
  pages: number,
): Promise<number | null> {
  if (client.pragma('auto_vacuum', { simple: true }) !== INCREMENTAL_VACUUM) return null;
  const left = () => Number(client.pragma('freelist_count', { simple: true }));
  if (left() > 0) {
    await writer.mutate(() => unchanged(client.pragma(`incremental_vacuum(${pages})`)));
    if (left() > 0) return left();
  }
  await checkpoints.alone(() => truncate(client));
  return 0;
}

/** Shrinks the file, which happens only when the WAL is copied into it. A reader may prevent it; the next call repeats it. */
function truncate(client: Database): void {
  const wal = statSync(`${client.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (wal > 0 && wal <= MAX_WAL_BYTES) client.pragma('wal_checkpoint(TRUNCATE)');
}
