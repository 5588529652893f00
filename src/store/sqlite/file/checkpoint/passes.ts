// A pass copies frames of the write-ahead log into the database beside the writer, through a connection of its own.

import Database from 'better-sqlite3';
import { setAndReadBack } from '../pragma.ts';

export interface PassReport {
  /** Frames in the log when the pass began. */
  readonly frames: number;
  /** The number of these that are in the database now: fewer while a reader needs an older state. */
  readonly copied: number;
}

export interface Passes {
  /** @throws {Error} with SQLite's result code as `code`, or without one after the end. */
  run(): Promise<PassReport>;
  /** Resolves with the reason when no further pass can run. */
  readonly ended: Promise<string>;
  /** Resolves after the pass that is under way. */
  close(): Promise<void>;
}

export interface PassConnection {
  /** @throws {Database.SqliteError} */
  pass(): PassReport;
  close(): void;
}

/**
 * Opens the database that this process has open. Only SQLite opens the file here, as in `openReadOnlyAgain`.
 * @param file the real path. @throws {Database.SqliteError}
 */
export function openPassConnection(file: string): PassConnection {
  const client = new Database(file, { fileMustExist: true, timeout: 0 });
  try {
    // Without a sync of the database, the log would start again before its content is on the disk.
    setAndReadBack(client, 'synchronous', 'FULL', 2);
    // A connection that has read nothing does not know that there is a log.
    client.prepare('SELECT count(*) FROM sqlite_schema').get();
    const checkpoint = client.prepare<[], CheckpointRow>('PRAGMA wal_checkpoint(PASSIVE)');
    return { pass: () => reportOf(checkpoint.get() as CheckpointRow), close: () => void client.close() };
  } catch (error) {
    client.close();
    throw error;
  }
}

interface CheckpointRow {
  readonly busy: 0 | 1;
  /** Frames in the log; -1 if another program runs a checkpoint. */
  readonly log: number;
  readonly checkpointed: number;
}

function reportOf({ busy, log, checkpointed }: CheckpointRow): PassReport {
  if (busy === 1) throw Object.assign(new Error('another program runs a checkpoint'), { code: 'SQLITE_BUSY' });
  return { frames: log, copied: checkpointed };
}
