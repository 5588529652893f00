// The store on SQLite in memory, for tests that need no file: it opens in a millisecond, and commits each mutation at once, so that a
// test which moves the clock does not have to let the event loop turn.

import Database from 'better-sqlite3';
import { setAndReadBack } from '../../src/store/sqlite/file/pragma.ts';
import { type SqliteStore, storeOn } from '../../src/store/sqlite/store.ts';
import { fatal } from './fatal.ts';
import { createManualWorld } from './manual-world.ts';
import { quietLog } from './quiet-log.ts';
import { emptyDatabase } from './temporary-database.ts';

/** Lets each statement be compiled when it is first used: a store has two hundred, and most tests use a few of them. */
function prepareLazily(client: Database.Database): void {
  const prepare = client.prepare.bind(client);
  client.prepare = ((source: string) => {
    const modes: ('pluck' | 'raw')[] = [];
    let compiled: Database.Statement | undefined;
    const statement = () => {
      compiled ??= modes.reduce((one, mode) => one[mode](), prepare(source));
      return compiled;
    };
    const inMode = (mode: 'pluck' | 'raw') => () => {
      modes.push(mode);
      compiled?.[mode]();
      return lazy;
    };
    const lazy = {
      run: (...values: unknown[]) => statement().run(...values),
      get: (...values: unknown[]) => statement().get(...values),
      all: (...values: unknown[]) => statement().all(...values),
      iterate: (...values: unknown[]) => statement().iterate(...values),
      pluck: inMode('pluck'),
      raw: inMode('raw'),
    };
    return lazy;
  }) as unknown as typeof client.prepare;
}

/** @param listedRepeats entries of one execution and one event after which repeats are counted; default: as in a receiver. */
export function createStoreInMemory(listedRepeats?: number): SqliteStore {
  const content = Buffer.from(emptyDatabase());
  // The versions in the header that ask for a write-ahead log, which SQLite does not open in memory.
  content.fill(1, 18, 20);
  const client = new Database(content);
  setAndReadBack(client, 'recursive_triggers', 'ON', 1);
  prepareLazily(client);
  const database = {
    ...{ client, file: ':memory:', restored: null, isQueueUnheld: false, modeChanges: [] },
    watch: { missing: () => null },
    close: () => void client.close(),
  };
  const tools = { world: createManualWorld(), log: quietLog(), fatal };
  return storeOn(database, { ...tools, path: ':memory:', listedRepeats, quietTurns: 0 });
}
