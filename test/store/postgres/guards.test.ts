// The trail cannot be rewritten by SQL, not even by the owner of the tables, as long as its triggers are there.

import { beforeAll, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const TABLES = ['execution_rows', 'audit_rows_all', 'audit_event_names', 'incident_events', 'operator_activity_rows'];

const REFUSED = [
  'UPDATE execution_rows SET id = DEFAULT WHERE id = 1',
  'UPDATE execution_rows SET reference = gen_random_uuid() WHERE id = 1',
  "UPDATE execution_rows SET correlation_id = 'other' WHERE id = 1",
  "UPDATE execution_rows SET idempotency_key = 'other' WHERE id = 1",
  "UPDATE execution_rows SET app = 'other' WHERE id = 1",
  "UPDATE execution_rows SET action_id = 'other' WHERE id = 1",
  'UPDATE execution_rows SET status = 5 WHERE id = 1',
  'DELETE FROM execution_rows WHERE id = 1',
  'UPDATE audit_rows_all SET id = 50 WHERE id = 1',
  'UPDATE audit_rows SET id = 500000 WHERE id = 1',
  'UPDATE audit_rows SET execution = 2 WHERE id = 1',
  'DELETE FROM audit_rows WHERE id = 1',
  'DELETE FROM audit_rows_from_1 WHERE id = 1',
  'TRUNCATE audit_rows_from_1',
  'TRUNCATE audit_rows_from_100001',
  "UPDATE audit_event_names SET name = 'FAILED' WHERE code = 1",
  'DELETE FROM audit_event_names WHERE code = 1',
  "UPDATE incident_events SET event = 'ENDED'",
  "UPDATE operator_activity_rows SET operator = 'bob'",
  "UPDATE operator_activity_rows SET id = DEFAULT WHERE outcome = 'running'",
  'DELETE FROM operator_activity_rows',
  ...TABLES.map((table) => `TRUNCATE ${table}`),
];

describe.skipIf(serverUrl === null)('the guards of the tables on PostgreSQL', () => {
  let url: string;
  beforeAll(async () => {
    if (serverUrl === null) return;
    url = await newReceiverDatabase();
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
    const executions = [anExecution({ idempotencyKey: 'key' }), anExecution()];
    for (const execution of executions) await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await store.claimDispatches(2, systemWorld.now());
    await store.record(executions[0]?.reference ?? '', callback(completed()), systemWorld.now());
    await store.beginActivity({
      startedAt: systemWorld.now(),
      by: 'alice',
      action: 'poll',
      target: null,
      filter: null,
      reason: null,
    });
    await store.close();
    await withClient(url, (client) =>
      client.query(`SELECT add_audit_partition(100001, 200000);
        INSERT INTO incident_events (incident, at, event) VALUES ('one', '', 'BEGAN')`),
    );
  });

  const contents = () =>
    withClient(url, async (client) => {
      const read: unknown[][] = [];
      for (const table of TABLES) read.push((await client.query(`SELECT * FROM ${table} ORDER BY 1`)).rows);
      return read;
    });

  test.for(REFUSED)('%s is refused', async (statement) => {
    const before = await contents();
    expect(before.every((rows) => rows.length > 0)).toBe(true);
    await withClient(url, (client) =>
      expect(client.query(statement)).rejects.toThrow(/append-only|terminal status never changes/),
    );
    expect(await contents()).toEqual(before);
  });
});
