// The contract, against every store there is.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { quietLog } from '../support/quiet-log.ts';
import { activityContract } from './activity-contract.ts';
import { storeContract } from './contract.ts';
import { outboxContract } from './outbox-contract.ts';
import { pausesContract } from './pauses-contract.ts';
import { resubmissionContract } from './resubmission-contract.ts';
import { retentionContract } from './retention-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openSqlite = async () =>
  createSqliteStore({
    path: join(folder, `${++files}.db`),
    world: systemWorld,
    log: quietLog(),
    fatal: (error) => {
      throw error;
    },
  });

storeContract('SQLite', openSqlite);

storeContract('memory, as the HTTP tests use it', async () => createMemoryStore());

outboxContract('SQLite', openSqlite);

outboxContract('memory, as the HTTP tests use it', async () => createMemoryStore());

retentionContract('SQLite', openSqlite);

retentionContract('memory, as the HTTP tests use it', async () => createMemoryStore());

activityContract('SQLite', openSqlite);

activityContract('memory, as the HTTP tests use it', async () => createMemoryStore());

pausesContract('SQLite', openSqlite);

pausesContract('memory, as the HTTP tests use it', async () => createMemoryStore());

resubmissionContract('SQLite', openSqlite);

resubmissionContract('memory, as the HTTP tests use it', async () => createMemoryStore());
