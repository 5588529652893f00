// Lists of executions by their ids find them however many newer ones there are.

import { describe, expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, NOON, submitted } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();

/** More than one step of a scan has. */
const NEWER = `INSERT INTO execution_rows (reference, submitted_at, timeout_seconds, grace_seconds, retry_uncertain, priority,
    correlation_id, app, action_id, fingerprint, sample_level, status)
  SELECT ('ffffffff-ffff-7fff-8fff-' || lpad(n::text, 12, '0'))::uuid, 0, 30, 10, false, 5, 'newer-' || n, 'shop', 'charge', '', 0, 4
  FROM generate_series(1, 5001) AS n`;

describe.skipIf(serverUrl === null)('executions that are older than many others', () => {
  test.each([
    ['their correlation ids', { correlationIds: ['old-1', 'old-2', 'none'] }, ['old-2', 'old-1']],
    ['the beginning of a correlation id', { id: 'old-' }, ['old-2', 'old-1']],
    ['the id at CXone', { executionId: 'cx-old' }, ['old-1']],
    ['an id and a status', { id: 'old-', status: 'QUEUED' }, ['old-2']],
  ] as const)('are found by %s at once', async (_, filter, expected) => {
    const url = await database();
    const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
    onTestFinished(() => store.close());
    for (const [n, correlationId] of ['old-1', 'old-2'].entries()) {
      const execution = anExecution({ correlationId }, NOON + n);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
      if (n > 0) continue;
      await store.record(execution.reference, { type: 'dispatched' }, NOON);
      await store.record(execution.reference, submitted({ executionId: 'cx-old' }), NOON);
    }
    await withClient(url, (client) => client.query(NEWER));
    const query = { app: 'shop', limit: 10, ...filter, scanMs: 0 };
    const found = await store.list(query);
    expect([found.items.map(({ correlationId }) => correlationId), found.next]).toEqual([expected, null]);
    expect((await store.list({ ...query, app: 'bulk' })).items).toEqual([]);
    const [first] = (await store.list({ ...query, limit: 1 })).items;
    expect(first?.correlationId).toBe(expected[0]);
  });
});
