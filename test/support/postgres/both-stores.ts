// A store on SQLite and one on PostgreSQL that are called as one, to compare what they show.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { openStore } from '../../cli/harness.ts';
import { quietLog } from '../quiet-log.ts';
import { createReusedDatabase, newDatabase } from './databases.ts';

export interface BothStores {
  /** Each call goes to both, and has the result of PostgreSQL. */
  readonly store: Store;
  readonly sqlite: Store;
  readonly postgres: Store;
  /** The URL of the database, and the path of the file. */
  readonly url: string;
  readonly path: string;
}

export interface TwoStores extends BothStores {
  close(): Promise<void>;
}

/** Opens both, empty, until they are closed. */
export async function openKeptStores(database = newDatabase): Promise<TwoStores> {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  const { store: sqlite, path } = openStore(join(folder, 'receiver.db'));
  const url = await database();
  const options = { url, world: systemWorld, log: quietLog() };
  const postgres: Store = await openPostgresStore(options);
  const store = new Proxy(postgres, {
    get:
      (target, name) =>
      async (...given: unknown[]) => {
        await (Reflect.get(sqlite, name) as (...these: unknown[]) => Promise<unknown>)(...given);
        return (Reflect.get(target, name) as (...these: unknown[]) => Promise<unknown>)(...given);
      },
  });
  const close = async () => {
    await sqlite.close();
    await postgres.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { store, sqlite, postgres, url, path, close };
}

/** Returns a function that opens both, empty. They are closed after the test. */
export function createBothStores(): () => Promise<BothStores> {
  const database = createReusedDatabase();
  const closing: TwoStores[] = [];
  afterEach(async () => {
    for (const stores of closing.splice(0)) await stores.close();
  });
  return async () => {
    const stores = await openKeptStores(database);
    closing.push(stores);
    return stores;
  };
}
