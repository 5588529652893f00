// The contract of the port, against SQLite on a file.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fatal } from '../support/fatal.ts';
import { quietLog } from '../support/quiet-log.ts';
import { emptyDatabase } from '../support/temporary-database.ts';
import { activityContract } from './activity-contract.ts';
import { storeContract } from './contract.ts';
import { endpointsContract } from './endpoints-contract.ts';
import { incidentsContract } from './incidents-contract.ts';
import { outboxContract } from './outbox-contract.ts';
import { pausesContract } from './pauses-contract.ts';
import { resubmissionContract } from './resubmission-contract.ts';
import { retentionContract } from './retention-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openSqlite = async () => {
  const path = join(folder, `${++files}.db`);
  writeFileSync(path, emptyDatabase(), { mode: 0o600 });
  return createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
};

storeContract('SQLite', openSqlite);

outboxContract('SQLite', openSqlite);

retentionContract('SQLite', openSqlite);

activityContract('SQLite', openSqlite);

pausesContract('SQLite', openSqlite);

resubmissionContract('SQLite', openSqlite);

incidentsContract('SQLite', openSqlite);

endpointsContract('SQLite', openSqlite);
