// Recognises a file that is a copy, and lets the ids in it continue beyond all that the lost file may have issued.

import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { DatabaseLock, LockNote } from './lock.ts';
import { setAndReadBack } from './pragma.ts';

/** How the file came to its place: `backup` made it, or another program copied it. */
export type RestoredFrom = 'backup' | 'copy';

export interface Restored {
  readonly from: RestoredFrom;
  /** The first id that is issued now. */
  readonly nextId: number;
}

/** How the file stands to its last start: column `placed`. */
const STARTED = 0;
/** A command has put it in place of a database; no receiver has started on it. */
const PLACED = 1;
/** A start has found a backup, or a copy from before the last start, whose queue is not held yet. */
const UNHELD = 2;

export interface FileRow {
  readonly run: string;
  readonly device: string;
  readonly inode: string;
  readonly lockPath: string;
  readonly placed: typeof STARTED | typeof PLACED | typeof UNHELD;
}

/** Ids may grow this fast from one restore to the next: no file issues a million a second. */
const IDS_PER_SECOND = 1_000_000;

/** Undefined in a database of an older version and in one that never ran. */
export function readFileRow(client: Database): FileRow | undefined {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'database_file'").get();
  if (table === undefined) return undefined;
  return client
    .prepare<[], FileRow>('SELECT run, device, inode, lock_path AS lockPath, placed FROM database_file')
    .get();
}

/** Whether a receiver ran on this very file last. */
export function isSameFile(file: string, row: FileRow): boolean {
  const { dev, ino } = statSync(file);
  return row.inode === String(ino) && row.device === String(dev);
}

export interface Beginning {
  readonly file: string;
  readonly client: Database;
  readonly lock: DatabaseLock;
  /** Whether the header says that `backup` wrote the file. */
  readonly isBackup: boolean;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Marks the file as the one that this start runs on, in the file and in its lock, and sets the WAL mode. Of a copy, first notes the gap
 * in its ids. The mark must reach the main file: the write-ahead log of a later crash is compared with it.
 */
export function beginRun(beginning: Beginning): Restored | null {
  const { file, client, lock } = beginning;
  const from = restoredFrom(beginning);
  const isEarlier = isFromBeforeLastStart(beginning);
  // Killed before the queue is held, the next start still holds it.
  // promise: queue-of-a-backup-is-held-after-a-kill
  const placed = from === 'backup' || isEarlier || isQueueUnheld(client) ? UNHELD : STARTED;
  const run = randomUUID();
  const { dev, ino } = statSync(file);
  const page = client
    .prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'database_file'")
    .pluck()
    .get() as number;
  const place = { inode: String(ino), page, pageBytes: Number(client.pragma('page_size', { simple: true })) };
  // Killed between the two notes, each of these texts is right in the main file.
  const row = readFileRow(client);
  const before = row?.run ?? run;
  const runs = [...new Set([...(lock.note?.runs ?? []), before, run])];
  // promise: killed-start-makes-no-database-of-a-copy
  const own = isEarlier ? [run] : [before, run];
  const started = lock.note?.placed ?? [];
  if (lock.note !== null) lock.write({ ...place, runs, own, placed: started });
  let nextId: number | null = null;
  const begin = client.transaction(() => {
    if (from !== null) nextId = leaveGap(client, beginning.now);
    client
      .prepare(
        'INSERT OR REPLACE INTO database_file (id, run, device, inode, lock_path, placed) VALUES (1, ?, ?, ?, ?, ?)',
      )
      .run(run, String(dev), String(ino), lock.path, placed);
  });
  begin.immediate();
  // Only now: a backup is recognised by its header until then.
  setAndReadBack(client, 'journal_mode', 'WAL', 'wal');
  // After the switch SQLite may still hold a lock on a file that was just upgraded, and would refuse the checkpoint.
  client.exec('BEGIN IMMEDIATE; COMMIT');
  const [done] = client.pragma('wal_checkpoint(TRUNCATE)') as [{ readonly busy: 0 | 1 }];
  // Else a long read of another program is in the way, and the main file keeps an older text.
  const isCopied = done.busy === 0;
  const note = { ...place, own: [run], placed: row?.placed === PLACED ? [...started, row.run] : started };
  if (isCopied || lock.note !== null) lock.write({ ...note, runs: isCopied ? [run] : runs });
  return from === null || nextId === null ? null : { from, nextId };
}

/** Whether a start has run on this path since the copy was made, which may have sent its queue. */
function isFromBeforeLastStart({ file, client, lock: { note } }: Omit<Beginning, 'now'>): boolean {
  const row = readFileRow(client);
  if (note === null) return false;
  // A version before the notes wrote it, and one with them has run here since.
  // promise: queue-of-a-copy-of-an-older-version-is-held
  if (row === undefined) return newestIds(client).entry > 0;
  if (isPlaced(file, row, note)) return false;
  // promise: queue-of-an-earlier-copy-is-held
  return !ownRuns(note).includes(row.run);
}

/** Whether a command has put the file in place, and no start has run on it since. */
function isPlaced(file: string, row: FileRow, note: LockNote | null): boolean {
  // promise: copy-of-a-placed-file-is-recognised
  return row.placed === PLACED && isSameFile(file, row) && note?.placed?.includes(row.run) !== true;
}

function ownRuns({ runs, own = runs }: LockNote): readonly string[] {
  return own;
}

/** Marks a copy that a command is about to put in place of a database, so that its next start takes it over as it is. */
export function markPlaced(file: string, client: Database): void {
  if (readFileRow(client) === undefined) return;
  const { dev, ino } = statSync(file);
  client.prepare(`UPDATE database_file SET device = ?, inode = ?, placed = ${PLACED}`).run(String(dev), String(ino));
}

/** Whether the queue may have been sent since the file was copied, and is not held yet. */
export function isQueueUnheld(client: Database): boolean {
  return readFileRow(client)?.placed === UNHELD;
}

/** Notes that the queue is held, or may be sent. */
export function noteQueueHeld(client: Database): void {
  client.prepare(`UPDATE database_file SET placed = ${STARTED} WHERE placed = ${UNHELD}`).run();
}

/** Returns what the file is if no start has taken it over completely: its queue may have been sent; null for the database itself. */
export function unadopted(found: Omit<Beginning, 'now'>): RestoredFrom | null {
  const row = readFileRow(found.client);
  // A file of an older version has no ids that can be compared.
  if (row === undefined && schemaHasNoGaps(found.client)) return found.isBackup ? 'backup' : null;
  return row?.placed === UNHELD ? 'backup' : restoredFrom(found);
}

function schemaHasNoGaps(client: Database): boolean {
  return client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'id_gaps'").get() === undefined;
}

/** Returns how the file came to its place if it is a copy; null for the file that the last receiver ran on. */
function restoredFrom({ file, client, lock, isBackup }: Omit<Beginning, 'now'>): RestoredFrom | null {
  const row = readFileRow(client);
  const { note } = lock;
  if (row !== undefined && isPlaced(file, row, note)) return null;
  if (isBackup) return newestIds(client).entry > 0 ? 'backup' : null;
  // A new file, or one that a version before these rows wrote, in place of another one: only the lock knows of that one.
  if (row === undefined) return note === null ? null : 'copy';
  if (note === null) return isSameFile(file, row) ? null : 'copy';
  // A device number may change with a reboot; here the lock vouches for the file.
  // promise: copied-file-is-recognised
  return ownRuns(note).includes(row.run) && row.inode === String(statSync(file).ino) ? null : 'copy';
}

/** Returns the first id after the gap. */
function leaveGap(client: Database, now: number): number {
  const { entry, notification, next, lostFrom } = newestIds(client);
  const newest = Math.max(entry, notification, next);
  const moment = Math.max(now, Date.parse(lostFrom));
  // promise: restored-ids-never-repeat
  const nextId = Math.max(Math.ceil(moment / 1000) * IDS_PER_SECOND, newest + IDS_PER_SECOND) + 1;
  if (!Number.isSafeInteger(nextId)) throw new Error(`the clock says ${isoTime(now)}, which leaves no ids`);
  client
    .prepare(
      'INSERT INTO id_gaps (restored_at, lost_from, audit_after, notification_after, next_id) VALUES (?, ?, ?, ?, ?)',
    )
    .run(isoTime(now), lostFrom, entry, notification, nextId);
  return nextId;
}

interface NewestIds {
  readonly entry: number;
  readonly notification: number;
  /** The end of the newest gap. */
  readonly next: number;
  readonly lostFrom: string;
}

function newestIds(client: Database): NewestIds {
  return client
    .prepare<[], NewestIds>(
      `SELECT max(pruned_through, coalesce((SELECT max(id) FROM audit_events), 0)) AS entry,
        coalesce((SELECT max(sequence) FROM notifications), 0) AS notification,
        coalesce((SELECT max(next_id) FROM id_gaps), 0) AS next,
        coalesce((SELECT timestamp FROM audit_events ORDER BY id DESC LIMIT 1), '1970-01-01T00:00:00.000Z') AS lostFrom
      FROM audit_checkpoint`,
    )
    .get() as NewestIds;
}
