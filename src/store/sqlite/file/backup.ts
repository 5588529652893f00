// Copies a database that may be in use, verifies the copy, and only then gives it its name.
//
// VACUUM INTO works on one snapshot, whatever is written meanwhile. SQLite's backup interface does not: each write by another
// connection starts it over (703 times in 20 s under load, without an end), and during an open write transaction it copies nothing.

import { closeSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { reasonOf } from '../../../lib/log.ts';
import { syncToDiskSync } from '../../../lib/sync-to-disk.ts';
import type { AuditHead } from '../../port.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { INCREMENTAL_VACUUM } from '../retention/incremental-vacuum.ts';
import { readHead, verifyAudit } from '../verify/verify.ts';
import { withFileError } from './database-refused.ts';
import { openWithMode, PRIVATE_MODE } from './file-mode.ts';
import { realDatabasePath } from './lock.ts';
import { openReadOnly } from './open-readonly.ts';

/** No copy was made under the requested name, unless the message says otherwise; it states the cause. */
export class BackupFailed extends Error {
  override readonly name = 'BackupFailed';
}

export interface BackupReport {
  readonly path: string;
  readonly bytes: number;
  readonly executions: number;
  readonly open: number;
  readonly entries: number;
  readonly head: AuditHead;
}

type Progress = (done: number, total: number) => void;

/** @throws {DatabaseRefused} before anything is written. @throws {BackupFailed} with nothing under `target`. */
export function backUp(source: string, target: string, progress?: Progress, mode = PRIVATE_MODE): BackupReport {
  const path = unusedPath(target);
  const partial = `${path}.partial`;
  const report = copyVerified(source, partial, { progress, mode });
  publishCopy(partial, path);
  return { ...report, path };
}

/** Returns the real path, if a database may be put there. @throws {DatabaseRefused} */
export function unusedPath(target: string): string {
  const path = withFileError(target, () => realDatabasePath(target));
  if (!existsSync(dirname(path))) throw new DatabaseRefused(`${dirname(path)} does not exist: make the folder first`);
  // The WAL of another database would be replayed into this one.
  const taken = ['', '-wal', '-shm', '-journal'].map((suffix) => path + suffix).find((name) => existsSync(name));
  if (taken !== undefined) throw new DatabaseRefused(`${taken} exists: nothing is overwritten, move it away first`);
  return path;
}

export interface CopyOptions {
  readonly progress?: Progress | undefined;
  /** Mode of the copy. */
  readonly mode?: number;
  /** Opens the original; default: `openReadOnly`. */
  readonly open?: (source: string) => Database;
  /** Called with each fault of the original, which the copy then has, too. Default: a fault makes the copy unsound. */
  readonly excuse?: (fault: string) => void;
}

/** Makes a verified copy at `partial` and syncs it to disk. An unsound copy is kept as `….unsound`. */
export function copyVerified(
  source: string,
  partial: string,
  { progress, mode = PRIVATE_MODE, open = openReadOnly, excuse = refuse }: CopyOptions = {},
): Omit<BackupReport, 'path'> {
  const client = open(source);
  try {
    create(partial, mode);
    try {
      const before = readHead(client);
      // The copy can return space even if the original cannot.
      if (client.pragma('auto_vacuum', { simple: true }) !== INCREMENTAL_VACUUM)
        client.pragma('auto_vacuum = INCREMENTAL');
      withFileError(partial, () => client.prepare('VACUUM INTO ?').run(partial));
      syncToDiskSync(partial);
      return examine(client, partial, before, { progress, excuse });
    } catch (error) {
      if (error instanceof Unsound) {
        const kept = partial.replace(/\.partial$/, '.unsound');
        renameSync(partial, kept);
        throw new BackupFailed(`${error.message}; the copy is kept as ${kept}`);
      }
      discardCopy(partial);
      throw new BackupFailed(`no copy was made: ${reasonOf(error)}`, { cause: error });
    }
  } finally {
    client.close();
  }
}

function create(partial: string, mode: number): void {
  try {
    closeSync(openWithMode(partial, mode));
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw new DatabaseRefused(reasonOf(error), { cause: error });
    throw new DatabaseRefused(
      `${partial} exists: another copy is being made, or one was interrupted; remove it if none is being made`,
    );
  }
}

class Unsound extends Error {}

function refuse(fault: string): never {
  throw new Unsound(fault);
}

interface Examining {
  readonly progress: Progress | undefined;
  readonly excuse: (fault: string) => void;
}

function examine(
  source: Database,
  partial: string,
  before: AuditHead,
  { progress, excuse }: Examining,
): Omit<BackupReport, 'path'> {
  const copy = openReadOnly(partial);
  try {
    const damage = copy.pragma('integrity_check', { simple: true });
    if (damage !== 'ok') throw new Unsound(`the copy is damaged: ${String(damage)}`);
    const schema = 'SELECT type, name, sql FROM sqlite_schema ORDER BY type, name';
    if (JSON.stringify(copy.prepare(schema).all()) !== JSON.stringify(source.prepare(schema).all())) {
      throw new Unsound('the copy has other tables, triggers or indexes than the original');
    }
    const { findings, entries, head } = verifyAudit(copy, progress ? { progress } : {});
    if (findings[0] !== undefined) excuse(`the trail does not hold: ${findings[0].message}`);
    else if (head.id < before.id || !standsIn(source, head)) throw new Unsound('the copy is not of this trail');
    const counts = copy.prepare<[], Conservation>('SELECT terminal, open, difference FROM conservation').get();
    if (counts === undefined) throw new Unsound('the copy has no counts');
    if (counts.difference !== 0) excuse(`conservation is off by ${counts.difference}: executions are missing`);
    const executions = copy.prepare<[], number>('SELECT count(*) FROM executions').pluck().get() ?? 0;
    return { bytes: statSync(partial).size, executions, open: counts.open, entries, head };
  } finally {
    copy.close();
  }
}

interface Conservation {
  readonly terminal: number;
  readonly open: number;
  readonly difference: number;
}

/** Whether the original still has this entry, or had it before it was pruned. */
function standsIn(source: Database, head: AuditHead): boolean {
  const hash = source.prepare<[number], string>('SELECT hash FROM audit_events WHERE id = ?').pluck().get(head.id);
  if (hash !== undefined) return hash === head.hash;
  const pruned = source.prepare<[], AuditHead>('SELECT pruned_through AS id, hash FROM audit_checkpoint').get();
  if (pruned === undefined || pruned.id < head.id) return false;
  return pruned.id > head.id || pruned.hash === head.hash;
}

/** Gives the file its name in one step, and never replaces another file. @throws {BackupFailed} */
export function publishCopy(partial: string, path: string, sync = syncToDiskSync): void {
  let isPublished = false;
  try {
    sync(partial);
    try {
      linkSync(partial, path);
    } catch (error) {
      // promise: copy-replaces-no-file
      if ((error as { code?: string }).code === 'EEXIST' || existsSync(path)) {
        throw new BackupFailed(
          `no copy was made: ${path} was made by another program meanwhile, and nothing is overwritten; move it away, and run this command again`,
          { cause: error },
        );
      }
      // The file system has no hard links.
      renameSync(partial, path);
    }
    isPublished = true;
    discardCopy(partial);
    sync(dirname(path));
  } catch (error) {
    // promise: failed-copy-has-no-name
    if (isPublished) withdraw(path, error);
    discardCopy(partial);
    if (error instanceof BackupFailed) throw error;
    throw new BackupFailed(`no copy was made: ${reasonOf(error)}`, { cause: error });
  }
}

/** Removes a copy of which a step behind its name has failed. A disk that fails may refuse that, too. */
function withdraw(path: string, cause: unknown): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    const doubt = `${path} is complete and verified, but it may not outlast a loss of power (${reasonOf(cause)})`;
    throw new BackupFailed(
      `${doubt}, and it could not be removed (${reasonOf(error)}): check the disk, remove it, and run this command again`,
      { cause },
    );
  }
}

export function discardCopy(partial: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal', '.lock', '.lock-journal'])
    rmSync(partial + suffix, { force: true });
}
