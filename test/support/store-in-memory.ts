// The store on SQLite in memory, for tests that need no file: it opens in a millisecond, and commits each mutation at once, so that a
// test which moves the clock need not let the event loop turn.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { setAndReadBack } from '../../src/store/sqlite/file/pragma.ts';
import { type SqliteStore, storeOn } from '../../src/store/sqlite/store.ts';
import { createManualWorld } from './manual-world.ts';
import { quietLog } from './quiet-log.ts';

let empty: Buffer | undefined;

/** Returns the content of a database without executions. */
function emptyDatabase(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  try {
    const { client, close } = openDatabase(join(folder, 'empty.db'));
    // SQLite opens no write-ahead log in memory.
    client.pragma('journal_mode = DELETE');
    const content = client.serialize();
    close();
    return content;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param listedRepeats entries of one execution and one event after which repeats are counted; default: as in a receiver. */
export function createStoreInMemory(listedRepeats?: number): SqliteStore {
  empty ??= emptyDatabase();
  const client = new Database(empty);
  setAndReadBack(client, 'recursive_triggers', 'ON', 1);
  const database = {
    ...{ client, orm: drizzle(client), file: ':memory:', restored: null, modeChanges: [] },
    watch: { missing: () => null },
    close: () => void client.close(),
  };
  const fatal = (error: unknown) => {
    throw error;
  };
  const tools = { world: createManualWorld(), log: quietLog(), fatal };
  return storeOn(database, { ...tools, path: ':memory:', listedRepeats, quietTurns: 0 });
}
