// The contract, against a SQLite store whose long reads run on a thread.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import type { Store } from '../../src/store/port.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fatal } from '../support/fatal.ts';
import { quietLog } from '../support/quiet-log.ts';
import { searchingContract } from './contract-searching.ts';

const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the store contract: SQLite with a reader thread', () => {
  let store: Store;
  let files = 0;

  beforeEach(() => {
    files += 1;
    store = createSqliteStore({
      path: join(folder, `${files}.db`),
      world: systemWorld,
      log: quietLog(),
      fatal,
      readerThread: true,
    });
  });
  afterEach(() => store.close());

  searchingContract(() => store);
});
