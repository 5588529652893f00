// Moves the content of a PostgreSQL database back to a new SQLite file, which gets its name when it is complete and verified.
//
// Before that, the database is marked, so that no receiver continues on it. Killed at any moment, the command can be repeated.

import { withoutLogin } from '../../lib/database-url.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import { shownOnServer } from '../postgres/move/shown-rows.ts';
import { openServerSource, type ServerSource } from '../postgres/move/source.ts';
import { DatabaseRefused } from '../shared/database-refused.ts';
import { BackupFailed } from '../sqlite/file/backup.ts';
import { withFileError } from '../sqlite/file/database-refused.ts';
import { realDatabasePath } from '../sqlite/file/lock.ts';
import { shownInFile } from '../sqlite/file/move/shown-rows.ts';
import { type FileTarget, openFileTarget } from '../sqlite/file/move/target.ts';
import { readHead, verifyAudit } from '../sqlite/verify/verify.ts';
import { type Copied, refuseDifference } from './compare.ts';
import { copyTables } from './copy-tables.ts';
import { MoveFailed, type MoveOptions, type MoveReport } from './report.ts';

export interface ToFileOptions extends MoveOptions {
  /** The URL of the database. */
  readonly from: string;
  /** The new file. */
  readonly to: string;
  /** Mode of the file. */
  readonly mode: number;
  readonly log: Log;
}

/**
 * @throws {DatabaseRefused} before anything is written, with the remedy.
 * @throws {MoveFailed} with the database as it was and without a file, unless the message says otherwise.
 */
export async function moveToFile(options: ToFileOptions): Promise<MoveReport> {
  const file = withFileError(options.to, () => realDatabasePath(options.to));
  const source = await openServerSource(options.from, file, options.log);
  try {
    const target = openFileTarget(options.to, options.mode);
    try {
      return await moveBetween(source, target, options);
    } finally {
      target.discard();
    }
  } catch (error) {
    if (error instanceof DatabaseRefused || error instanceof MoveFailed) throw error;
    throw new MoveFailed(`nothing was moved: ${reasonOf(error)}`, { cause: error });
  } finally {
    await source.close();
  }
}

const MARKED =
  'The database still has everything. It may be marked as moved, so that no receiver starts on it: run the same command again, or with --cancel to stay with the database';

async function moveBetween(source: ServerSource, target: FileTarget, options: ToFileOptions): Promise<MoveReport> {
  const head = await source.head();
  const counts = await copyTables(source.tables, target.write, options);
  target.finish();
  const { client } = target;
  const copied: Copied = {
    ...{
      source: shownOnServer(source.all),
      target: shownInFile(client, (text) => text),
      head,
      moved: readHead(client),
    },
    names: { source: 'the database', trail: 'the trail' },
    verify: (progress) => verifyAudit(client, { progress }),
  };
  await refuseDifference(copied, options);
  const open = client.prepare<[], number>('SELECT open FROM conservation').pluck().get() ?? 0;
  try {
    // promise: moved-database-is-marked-before-the-file-appears
    await source.commitMark(target.file, head);
    target.publish();
  } catch (error) {
    const why = error instanceof BackupFailed ? error.message : reasonOf(error);
    throw new MoveFailed(`the move is not complete: ${why}. ${MARKED}`, { cause: error });
  }
  return {
    ...{ from: withoutLogin(options.from), to: target.file, open, head, wasMoved: false, choices: [] },
    executions: counts.get('execution_rows') ?? 0,
    entries: counts.get('audit_rows') ?? 0,
    notifications: counts.get('notification_rows') ?? 0,
  };
}
