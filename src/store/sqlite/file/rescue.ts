// Saves what the open database holds when its file is gone: the connection can still read it, and nothing else can.

import { closeSync, existsSync, fsyncSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import type { Database } from 'better-sqlite3';
import { withCommandName } from '../../../lib/command-name.ts';
import { jsonOnOneLine } from '../../../lib/lines.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import { fileTimestamp } from '../../../lib/time.ts';
import type { World } from '../../../lib/world.ts';
import { openWithMode } from './file-mode.ts';
import type { FileWatch } from './file-watch.ts';

/** A larger database is not copied as a whole, because the receiver answers nothing meanwhile. */
const MAX_COPY_BYTES = 1024 * 1024 * 1024;
const SPARE_BYTES = 16 * 1024 * 1024;

export interface LossOptions {
  readonly client: Database;
  readonly file: string;
  readonly lockPath: string;
  readonly watch: FileWatch;
  readonly mode: number;
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
}

/**
 * Returns a function that checks the files and returns why nothing may be committed any more; null while all is well. The first
 * loss is final until a restart: another receiver may have the path by then.
 */
export function createLossCheck(options: LossOptions): () => string | null {
  const { file, lockPath, watch, log } = options;
  let lost: string | null = null;
  return () => {
    if (lost !== null) return lost;
    const path = watch.missing();
    if (path === null) return null;
    lost = `${path} was removed or replaced while the receiver runs`;
    // The lock holds no data: the database is where it was.
    const saved = path === lockPath ? null : saveAll(options);
    log.error({ database: file, missing: path, rescue: saved?.path ?? null, remedy: remedyFor(file, saved) }, LOST);
    return lost;
  };
}

const LOST = 'the database file is gone: nothing is accepted or acknowledged until the receiver is started again';

interface Saved {
  /** Null when nothing could be written. */
  readonly path: string | null;
  readonly isDatabase: boolean;
  readonly reason?: string;
}

function remedyFor(file: string, saved: Saved | null): string {
  if (saved === null) return 'make sure that no other receiver runs on this database, and start this one again';
  if (saved.path === null) {
    return `nothing could be saved (${saved.reason}): keep this process running, and copy its open files from /proc/${process.pid}/fd`;
  }
  const aside = `stop the receiver, move ${file}* aside`;
  if (!saved.isDatabase) return `${aside}, and restore a backup; what was open is in ${saved.path}`;
  return `${aside}, run ${withCommandName(`npm run -s restore -- --send-queued ${saved.path}`)}, and start the receiver`;
}

/** Next to the database, or where the process can write. */
function saveAll({ client, file, mode, world }: LossOptions): Saved {
  const name = `${parse(file).name}-rescue-${fileTimestamp(world.now())}`;
  let reason = '';
  for (const folder of [dirname(file), process.cwd(), tmpdir()]) {
    if (!existsSync(folder)) continue;
    try {
      return save(client, join(folder, name), mode, folder);
    } catch (error) {
      reason = reasonOf(error);
    }
  }
  return { path: null, isDatabase: false, reason };
}

function save(client: Database, stem: string, mode: number, folder: string): Saved {
  const page = (pragma: string) => Number(client.pragma(pragma, { simple: true }));
  const bytes = page('page_count') * page('page_size');
  const { bavail, bsize } = statfsSync(folder);
  const isDatabase = bytes <= MAX_COPY_BYTES && bytes + SPARE_BYTES <= bavail * bsize;
  const path = `${stem}.${isDatabase ? 'db' : 'ndjson'}`;
  const handle = openWithMode(path, mode);
  try {
    // promise: loss-leaves-rescue-copy
    if (isDatabase) client.prepare('VACUUM INTO ?').run(path);
    else writeOpen(client, handle, bavail * bsize - SPARE_BYTES);
    fsyncSync(handle);
    return { path, isDatabase };
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}

const OPEN = {
  execution: `SELECT executions.* FROM execution_rows AS open CROSS JOIN executions ON executions.correlation_id = open.correlation_id
    WHERE open.resolved_at IS NULL AND open.status <> 0 ORDER BY open.reference`,
  notification: "SELECT * FROM notifications WHERE status = 'PENDING' ORDER BY sequence",
};

/** One JSON document a line, as exports have them. */
function writeOpen(client: Database, handle: number, room: number): void {
  let left = Math.min(room, MAX_COPY_BYTES);
  for (const [type, select] of Object.entries(OPEN)) {
    for (const row of client.prepare<[], object>(select).iterate()) {
      const line = Buffer.from(`${jsonOnOneLine({ type, ...row })}\n`);
      left -= line.length;
      if (left < 0) throw new Error('the open executions have no room on the disk');
      writeSync(handle, line);
    }
  }
}
