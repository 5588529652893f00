// Opens the database file: alone, migrated, and with every setting that a promise depends on read back.

import Database from 'better-sqlite3';
import { runAtOnce, type Steps } from '../../../lib/steps.ts';
import { systemWorld } from '../../../lib/world.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { isImported } from '../import/imported.ts';
import { refuseLostFile } from './copies.ts';
import { type DataMigration, dataMigration, holdsOldRows } from './data-migration/data-migration.ts';
import type { SliceLimits } from './data-migration/move-rows.ts';
import { hasUnreturnedPages, withoutZeros } from './data-migration/return-pages.ts';
import { stepsWithFileError, withFileError } from './database-refused.ts';
import { createWithMode, type ModeChange, PRIVATE_MODE, setDatabaseMode } from './file-mode.ts';
import { createFileWatch, type FileWatch } from './file-watch.ts';
import { isInWalMode, refuseForeignWal } from './foreign-wal.ts';
import { type Beginning, beginRun, isQueueUnheld, isSameFile, type Restored, readFileRow } from './identity.ts';
import { realDatabasePath, refuseOtherName, takeLock } from './lock.ts';
import { movedMessage, readMoveMark } from './move/mark.ts';
import { setAndReadBack } from './pragma.ts';
import { migrateSchema, schemaVersionOf } from './schema-version.ts';

/** "CXRC": marks a SQLite file as one of this receiver (PRAGMA application_id). */
export const APPLICATION_ID = 0x43585243;

/** PRAGMA user_version of a file that has the tables of this version and has not been found to have kept everything. */
export const UNVERIFIED = 1;

/** A busy wait blocks the event loop, so it is short; the writer tries again by itself. */
const BUSY_TIMEOUT_MS = 20;
/** While the database is opened nothing waits for the event loop: another program may finish its write. */
const OPENING_TIMEOUT_MS = 2_000;

const IMPORTED =
  'was made from exports, for inspection: no receiver starts on it, and commands only read it. Choose another DATABASE_PATH';

export interface OpenDatabase {
  /** The real path, after symbolic links. */
  readonly file: string;
  readonly client: Database.Database;
  /** Not null when the file is a copy, so that its ids continue after a gap. */
  readonly restored: Restored | null;
  /** Whether the queue may have been sent since the file was copied, and is not held yet. */
  readonly isQueueUnheld: boolean;
  /** Files that had another mode than the configured one. */
  readonly modeChanges: readonly ModeChange[];
  /** Finds files that were removed or replaced while the database is open. */
  readonly watch: FileWatch;
  close(): void;
}

/** A file that an older version wrote, before its migration or in the middle of it. */
export interface Upgrade extends DataMigration {
  readonly file: string;
  /** The generation of its tables; null if an upgrade was begun, and rows are left to be moved, or pages to be returned. */
  readonly from: string | null;
  readonly client: Database.Database;
  /** Gives the file the tables of this version. */
  readonly migrate: () => void;
}

/** The treatment of a file that holds a trail and is not, or was not long ago, of this version. */
export interface UpgradeHooks {
  /** Migrates the file, once that is safe, and moves its rows. @throws {DatabaseRefused} */
  readonly upgrade: (upgrade: Upgrade) => Steps;
  /** The file was migrated and is still UNVERIFIED. @throws {DatabaseRefused} */
  readonly verify: (upgraded: Pick<Upgrade, 'file' | 'client'>) => void;
}

const NO_HOOKS: UpgradeHooks = { upgrade: migrateUnwatched, verify: () => {} };

export interface OpenOptions {
  /** Of every file that belongs to the database; default: 0600. */
  readonly mode?: number;
  readonly now?: () => number;
  /** Of an upgrade. */
  readonly slice?: SliceLimits | undefined;
}

/** @throws {DatabaseRefused} */
export function openDatabase(path: string, hooks?: UpgradeHooks, options?: OpenOptions): OpenDatabase {
  return runAtOnce(openInSteps(path, hooks, options));
}

/** Only the upgrade of a file has steps. Ended between two of them, the next start continues it. @throws {DatabaseRefused} */
export function* openInSteps(
  path: string,
  hooks: UpgradeHooks = NO_HOOKS,
  options: OpenOptions = {},
): Steps<OpenDatabase> {
  const { mode = PRIVATE_MODE, now = systemWorld.now, slice } = options;
  // promise: one-lock-for-every-name
  const file = withFileError(path, () => realDatabasePath(path));
  const lock = withFileError(file, () => takeLock(file, mode));
  let client: Database.Database | undefined;
  try {
    const found = withFileError(file, () => {
      refuseLostFile(file);
      refuseForeignWal(file, lock.note);
      const isBackup = isInWalMode(file) === false;
      // promise: database-is-private
      createWithMode(file, mode);
      return { isBackup, modeChanges: setDatabaseMode(file, mode) };
    });
    client = withFileError(file, () => new Database(file, { timeout: OPENING_TIMEOUT_MS }));
    const prepared = { file, client, lock, hooks, isBackup: found.isBackup, now: now(), slice };
    const restored = yield* stepsWithFileError(file, prepareDatabase(prepared));
    const opened = client;
    const watch = createFileWatch(file, lock.path);
    return {
      ...{ file, client, restored, watch },
      isQueueUnheld: isQueueUnheld(client),
      modeChanges: found.modeChanges,
      close: () => {
        if (!opened.open) return;
        if (watch.missing() === null) truncateWal(opened);
        opened.close();
        lock.close();
      },
    };
  } catch (error) {
    client?.close();
    lock.close();
    throw error;
  }
}

/** Pages that are not copied out of the WAL stay in it and are read from there: on a full disk, too, a stop loses nothing. */
export function truncateWal(client: Database.Database): void {
  try {
    client.pragma('wal_checkpoint(TRUNCATE)');
  } catch {
    // The database is closed all the same.
  }
}

interface Preparing extends Beginning {
  readonly hooks: UpgradeHooks;
  readonly slice: SliceLimits | undefined;
}

function* prepareDatabase(preparing: Preparing): Steps<Restored | null> {
  const { file, client, hooks, lock, isBackup } = preparing;
  const isNew = isEmpty(client);
  if (!isNew) refuseForeign(file, client);
  const row = readFileRow(client);
  if (row !== undefined && row.lockPath !== lock.path && isSameFile(file, row)) refuseOtherName(file, row.lockPath);
  // SQLite opens a file that may not be written without an error, and reports it at the first write.
  client.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${APPLICATION_ID}; ROLLBACK`);
  if (!isNew) refuseNewer(file, client);
  const mark = readMoveMark(client);
  // promise: moved-file-runs-no-receiver
  if (mark !== null) throw new DatabaseRefused(movedMessage(file, mark));
  if (isNew) enableIncrementalVacuum(client);
  // A backup stays recognisable by its header until its start is noted, in whatever process.
  // promise: killed-upgrade-of-a-backup-is-a-backup
  if (!isBackup) setAndReadBack(client, 'journal_mode', 'WAL', 'wal');
  // Opening an existing WAL database leaves NORMAL, which loses acknowledged commits when the power fails.
  // promise: synchronous-full
  setAndReadBack(client, 'synchronous', 'FULL', 2);
  setAndReadBack(client, 'recursive_triggers', 'ON', 1);
  // promise: freed-content-is-overwritten
  setAndReadBack(client, 'secure_delete', 'ON', 1);
  setAndReadBack(client, 'journal_size_limit', String(64 * 1024 * 1024), 64 * 1024 * 1024);
  // The migrator commits its own table before the first migration: killed in between, the file must have its mark.
  if (applicationId(client) !== APPLICATION_ID) client.pragma(`application_id = ${APPLICATION_ID}`);
  yield* bringUpToDate(preparing);
  if (client.pragma('user_version', { simple: true }) === UNVERIFIED) hooks.verify({ file, client });
  // promise: imported-file-runs-no-receiver
  if (isImported(client)) throw new DatabaseRefused(`${file} ${IMPORTED}`);
  const restored = beginRun(preparing);
  client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return restored;
}

function* bringUpToDate({ file, client, hooks, slice }: Preparing): Steps {
  const generation = schemaVersionOf(client);
  const from = generation.age === 'older' ? generation.name : null;
  // An upgrade frees many pages at once, and returns them.
  const migrate = () => withoutZeros(client, () => migrateSchema(client));
  const upgrade = { file, from, client, migrate, ...dataMigration(client, slice) };
  const isUpgrade = (from !== null && holdsTrail(client)) || holdsOldRows(client) || hasUnreturnedPages(client);
  yield* isUpgrade ? hooks.upgrade(upgrade) : migrateUnwatched(upgrade);
}

function* migrateUnwatched({ migrate, moveRows, removeMoved }: Upgrade): Steps {
  migrate();
  yield* moveRows();
  yield* removeMoved();
}

/** Lets pruning return space to the disk. A file that has tables can only be replaced by such a copy (compact). */
function enableIncrementalVacuum(client: Database.Database): void {
  client.pragma('auto_vacuum = INCREMENTAL');
  client.exec('VACUUM');
}

function isEmpty(client: Database.Database): boolean {
  return client.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() === 0;
}

function refuseForeign(file: string, client: Database.Database): void {
  if (applicationId(client) !== APPLICATION_ID) {
    throw new DatabaseRefused(`${file} belongs to another application: choose another DATABASE_PATH`);
  }
}

function refuseNewer(file: string, client: Database.Database): void {
  if (schemaVersionOf(client).age === 'newer') {
    throw new DatabaseRefused(
      `${file} was written by a newer version of this receiver: run that version, or restore a backup`,
    );
  }
}

/** Every execution has an entry, or had one that was pruned. */
function holdsTrail(client: Database.Database): boolean {
  const pruned = 'SELECT 1 FROM audit_checkpoint WHERE pruned_through > 0';
  return client.prepare(`SELECT 1 FROM audit_events UNION ALL ${pruned} LIMIT 1`).get() !== undefined;
}

function applicationId(client: Database.Database): unknown {
  return client.pragma('application_id', { simple: true });
}
