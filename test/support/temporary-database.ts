// Databases without executions: the migrations of a new file take longer than most tests, and run once in a process.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from './temporary.ts';

let content: Buffer | undefined;

/** Returns the content of a file on which no receiver ran yet. */
export function emptyDatabase(): Buffer {
  content ??= migrated();
  return content;
}

function migrated(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  try {
    const path = join(folder, 'empty.db');
    const { client, close } = openDatabase(path);
    // The mark of the file: without it, a copy is a new database.
    client.exec('DELETE FROM database_file');
    close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the path of a new one, deleted after its test. */
export function temporaryDatabase(): string {
  const path = join(temporaryFolder(), 'receiver.db');
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  return path;
}
