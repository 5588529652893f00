// How much room the database takes, and how much there is.

import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Instruments } from './instruments.ts';

export function disk(make: Instruments, databasePath: string): void {
  make.gauge('database_size_bytes', 'Size of the database file', () => sizeOf(databasePath));
  make.gauge('wal_size_bytes', 'Size of the write-ahead log beside it', () => sizeOf(`${databasePath}-wal`));
  make.gauge('disk_free_bytes', 'Room that is left on the disk of the database', () => {
    const { bavail, bsize } = statfsSync(dirname(databasePath));
    return bavail * bsize;
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
