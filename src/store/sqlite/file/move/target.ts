// A new file to which a PostgreSQL database is moved. It gets its name when it is complete and verified.

import { closeSync } from 'node:fs';
import { discardCopy, publishCopy, unusedPath } from '../backup.ts';
import { withFileError } from '../database-refused.ts';
import { openWithMode } from '../file-mode.ts';
import { markPlaced } from '../identity.ts';
import { type OpenDatabase, openDatabase } from '../open.ts';
import { createFileWriter } from './write-tables.ts';

export type FileTarget = ReturnType<typeof openFileTarget>;

/** An unfinished file of an earlier run is replaced. @throws {DatabaseRefused} if the path is in use. */
export function openFileTarget(path: string, mode: number) {
  const file = unusedPath(path);
  const partial = `${file}.move.partial`;
  discardCopy(partial);
  withFileError(partial, () => closeSync(openWithMode(partial, mode)));
  const opened = openPartial(partial, mode);
  const { client } = opened;
  const writer = createFileWriter(client);
  return {
    /** The real path that the file gets. */
    file,
    client,
    write: writer.add,
    /** Writes the rows that wait. */
    finish: writer.flush,
    /** Gives the file its name. @throws {BackupFailed} if the name was taken meanwhile. */
    publish: () => {
      // The first start takes the file over as it is: it is not a backup.
      markPlaced(partial, client);
      opened.close();
      publishCopy(partial, file);
    },
    /** Removes what was not published. */
    discard: () => {
      opened.close();
      discardCopy(partial);
    },
  };
}

function openPartial(partial: string, mode: number): OpenDatabase {
  try {
    return openDatabase(partial, undefined, { mode });
  } catch (error) {
    // promise: failed-move-leaves-no-file
    discardCopy(partial);
    throw error;
  }
}
