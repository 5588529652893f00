// The contract of the store, on PostgreSQL.

import { describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Store } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { createReusedDatabase, serverUrl } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';
import { activityContract } from '../activity-contract.ts';
import { storeContract } from '../contract.ts';
import { endpointsContract } from '../endpoints-contract.ts';
import { incidentsContract } from '../incidents-contract.ts';
import { outboxContract } from '../outbox-contract.ts';
import { pausesContract } from '../pauses-contract.ts';
import { resubmissionContract } from '../resubmission-contract.ts';
import { retentionContract } from '../retention-contract.ts';

const database = createReusedDatabase();

const open = async (): Promise<Store> => {
  const url = await database();
  return openPostgresStore({ url, world: systemWorld, log: quietLog() });
};

describe.skipIf(serverUrl === null)('on PostgreSQL', () => {
  storeContract('PostgreSQL', open);
  outboxContract('PostgreSQL', open);
  activityContract('PostgreSQL', open);
  retentionContract('PostgreSQL', open);
  pausesContract('PostgreSQL', open);
  resubmissionContract('PostgreSQL', open);
  incidentsContract('PostgreSQL', open);
  endpointsContract('PostgreSQL', open);

  test('an erasure states that the server keeps earlier versions of the rows', async () => {
    const store = await open();
    expect(await store.emptyWal()).toBe(false);
    await store.close();
  });
});
