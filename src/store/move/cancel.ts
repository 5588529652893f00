// Removes the mark of a move that was interrupted before it moved anything, so that receivers start on the source again.

import { existsSync } from 'node:fs';
import { withoutLogin } from '../../lib/database-url.ts';
import type { Log } from '../../lib/log.ts';
import { openServerSource } from '../postgres/move/source.ts';
import { openMoveTarget } from '../postgres/move/target.ts';
import { DatabaseRefused } from '../shared/database-refused.ts';
import { withFileError } from '../sqlite/file/database-refused.ts';
import { realDatabasePath } from '../sqlite/file/lock.ts';
import { readMoveMark, removeMoveMark } from '../sqlite/file/move/mark.ts';
import { openFileSource } from '../sqlite/file/move/source.ts';
import { readHead } from '../sqlite/verify/verify.ts';

/** @throws {DatabaseRefused} if the database has the content of the file. */
export async function cancelMoveToPostgres(from: string, mode: number, to: string, log: Log): Promise<void> {
  const { file, client, close } = openFileSource(from, mode);
  try {
    const mark = readMoveMark(client);
    if (mark === null) throw new DatabaseRefused(`${file} has no mark of a move: a receiver may start on it`);
    if (mark.url !== withoutLogin(to))
      throw new DatabaseRefused(`the move of ${file} was to ${mark.url}: name that with --to`);
    const target = await openMoveTarget(to, log);
    try {
      // promise: finished-move-is-not-cancelled
      if (await target.holds(readHead(client))) {
        throw new DatabaseRefused(
          `${mark.url} has the content of ${file}: the move is complete. To move back: move --from ${mark.url} --to FILE`,
        );
      }
      removeMoveMark(client);
    } finally {
      await target.close();
    }
  } finally {
    close();
  }
}

/** @throws {DatabaseRefused} if the file exists, or the move was to another file. */
export async function cancelMoveToFile(from: string, to: string, log: Log): Promise<void> {
  const file = withFileError(to, () => realDatabasePath(to));
  if (existsSync(file)) throw new DatabaseRefused(`${file} exists: the move is complete`);
  const source = await openServerSource(from, file, log);
  try {
    await source.commitWithoutMark();
  } finally {
    await source.close();
  }
}
