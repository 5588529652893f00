// Moves the content of a SQLite file to an empty PostgreSQL database, verified before it is committed.
//
// Everything is written in one transaction of PostgreSQL. Before its commit the file is marked, so that no receiver continues on it.
// Killed at any moment, the command can be repeated: the database then has everything or nothing.

import { withoutLogin } from '../../lib/database-url.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { AuditHead } from '../port.ts';
import { shownOnServer } from '../postgres/move/shown-rows.ts';
import { CommitInDoubt, type MoveTarget, openMoveTarget } from '../postgres/move/target.ts';
import { storable } from '../postgres/storable-json.ts';
import { DatabaseRefused } from '../shared/database-refused.ts';
import { withFileError } from '../sqlite/file/database-refused.ts';
import { markMoved, readMoveMark, removeMoveMark } from '../sqlite/file/move/mark.ts';
import { tablesOfFile } from '../sqlite/file/move/read-tables.ts';
import { shownInFile } from '../sqlite/file/move/shown-rows.ts';
import { type FileSource, openFileSource } from '../sqlite/file/move/source.ts';
import { readHead } from '../sqlite/verify/verify.ts';
import { refuseDifference } from './compare.ts';
import { copyTables } from './copy-tables.ts';
import { MoveFailed, type MoveOptions, type MoveReport } from './report.ts';

export interface ToPostgresOptions extends MoveOptions {
  /** The file. */
  readonly from: string;
  readonly fromMode: number;
  /** The URL of the database. */
  readonly to: string;
  readonly world: Pick<World, 'now'>;
  readonly log: Log;
}

/**
 * @throws {DatabaseRefused} before anything is written, with the remedy.
 * @throws {MoveFailed} with the file as it was, unless the message says otherwise.
 */
export async function moveToPostgres(options: ToPostgresOptions): Promise<MoveReport> {
  const source = openFileSource(options.from, options.fromMode);
  try {
    const target = await openMoveTarget(options.to, options.log);
    try {
      return await moveBetween(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

async function moveBetween(source: FileSource, target: MoveTarget, options: ToPostgresOptions): Promise<MoveReport> {
  const { client, file } = source;
  const url = withoutLogin(options.to);
  const head = readHead(client);
  const mark = readMoveMark(client);
  if (mark !== null && mark.url !== url) throw new DatabaseRefused(`${file} was moved to ${mark.url} already`);
  const wasMoved = mark !== null && (await target.holds(head));
  if (!wasMoved) await copyAndCommit(source, target, { ...options, url, head });
  return { ...countsOf(source), from: file, to: url, head, wasMoved, choices: target.choices };
}

interface Moving extends ToPostgresOptions {
  readonly url: string;
  readonly head: AuditHead;
}

async function copyAndCommit({ client, file }: FileSource, target: MoveTarget, moving: Moving): Promise<void> {
  const { url, head, progress, world } = moving;
  try {
    await target.begin();
    await copyTables(tablesOfFile(client), target.write, { progress });
    await target.finish();
    const copied = {
      ...{ source: shownInFile(client, storable), target: shownOnServer(target.all), head, moved: await target.head() },
      ...{ names: { source: 'the file', trail: `the trail of ${file}` }, verify: target.verify },
    };
    await refuseDifference(copied, moving);
  } catch (error) {
    if (error instanceof DatabaseRefused || error instanceof MoveFailed) throw error;
    throw new MoveFailed(`nothing was moved: ${reasonOf(error)}`, { cause: error });
  }
  // promise: moved-file-is-marked-before-the-commit
  withFileError(file, () => markMoved(client, url, head, new Date(world.now()).toISOString()));
  try {
    await target.commit();
  } catch (error) {
    if (error instanceof CommitInDoubt) {
      const doubt = 'the connection was lost during the commit, so that it is unknown whether everything was moved';
      throw new MoveFailed(`${doubt}: run the same command again (${reasonOf(error)})`, { cause: error });
    }
    removeMoveMark(client);
    throw new MoveFailed(`nothing was moved: ${reasonOf(error)}`, { cause: error });
  }
}

function countsOf({ client }: FileSource): Pick<MoveReport, 'executions' | 'open' | 'entries' | 'notifications'> {
  return {
    executions: countOf(client, 'SELECT count(*) FROM executions'),
    open: countOf(client, 'SELECT open FROM conservation'),
    entries: countOf(client, 'SELECT count(*) FROM audit_rows'),
    notifications: countOf(client, 'SELECT count(*) FROM notifications'),
  };
}

function countOf(client: FileSource['client'], statement: string): number {
  return client.prepare<[], number>(statement).pluck().get() ?? 0;
}
