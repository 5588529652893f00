// Reads are planned for their values: a sample of a period does not read all executions, and a claim does not read the queue.

import { expect, test } from 'vitest';
import { addressesIn } from '../../../src/lib/database-url.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { createReads } from '../../../src/store/postgres/connection/reads.ts';
import { createRollupReader } from '../../../src/store/postgres/rollups/read.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { NOON } from '../../support/executions.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const EXECUTIONS = 20_000;
const HOUR = 3_600_000;

/** Executions in the order of their references, of which one in a hundred has a high level. */
const fill = (url: string) =>
  withClient(url, async (client) => {
    const at = `lpad(to_hex(${NOON} + n), 12, '0')`;
    await client.query(`INSERT INTO execution_rows (reference, submitted_at, sent_at, timeout_seconds, grace_seconds, retry_uncertain, priority,
        correlation_id, app, action_id, fingerprint, sample_level, status)
      SELECT (${at} || '70008' || lpad(to_hex(n), 15, '0'))::uuid, ${NOON} + n, ${NOON} + n, 30, 10, false, 4, n::text, 'shop', 'look-up', '',
        CASE WHEN n % 100 = 0 THEN 9 ELSE 0 END, 4 FROM generate_series(1, ${EXECUTIONS}) AS n`);
    await client.query(`INSERT INTO rollup_rows (kind, hour, app, action_id, a, b, c, d, e, count)
      VALUES (1, '2026-01-01T12:00:00.000Z', 'shop', 'look-up', 'accepted', '', 0, 0, 0, ${EXECUTIONS})`);
    await client.query('VACUUM ANALYZE execution_rows');
  });

/** How often each index was scanned. */
const scans = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      "SELECT indexrelname AS name, idx_scan::integer AS scans FROM pg_stat_user_indexes WHERE relname = 'execution_rows'",
    );
    return new Map<string, number>(rows.map((row) => [row.name, row.scans]));
  });

test.skipIf(serverUrl === null)(
  'a sample of a period uses the index of samples, and does not read the period',
  async () => {
    const url = await newReceiverDatabase();
    await fill(url);
    const reads = createReads({
      ...{ addresses: addressesIn(url), log: quietLog(), applicationName: 'test' },
      ...{ connections: 1, world: systemWorld },
    });
    try {
      const { observations } = await createRollupReader(reads).sample({
        actionId: 'look-up',
        from: NOON,
        to: NOON + HOUR,
      });
      expect(observations.length).toBe(EXECUTIONS / 100);
    } finally {
      // The server counts what a connection has scanned when it ends.
      await reads.close();
    }
    await expect.poll(async () => (await scans(url)).get('execution_rows_sample')).toBeGreaterThan(0);
  },
);

/** How many rows were read without an index. */
const readWithoutIndex = (url: string, table: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query(
      'SELECT seq_tup_read::integer AS read FROM pg_stat_user_tables WHERE relname = $1',
      [table],
    );
    return rows[0].read as number;
  });

test.skipIf(serverUrl === null)('a claim reads the executions that it claims, and not the queue', async () => {
  const url = await newReceiverDatabase();
  await fill(url);
  await withClient(url, async (client) => {
    await client.query(`INSERT INTO work (reference, execution, app, action_id, priority, status, submitted_at, dispatch_at, expire_at)
      SELECT reference, id, (ARRAY['shop', 'crm', 'bulk'])[1 + id % 3], action_id, 4, 1, submitted_at, submitted_at, submitted_at + ${HOUR}
      FROM execution_rows`);
    await client.query('ANALYZE work');
  });
  // The server counts what a connection has read when it ends.
  const before = await readWithoutIndex(url, 'work');
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  try {
    await store.nextDue();
    const named = {
      app: 'shop',
      priority: 4,
      dispatchAt: NOON + 9_000,
      reference: '019b7990-0000-7000-8000-000000000000',
    };
    await store.queuedBefore(named, 10);
    await store.claimDispatches(6, NOON + HOUR);
    await store.claimPolls(6, NOON + HOUR, NOON + HOUR);
  } finally {
    await store.close();
  }
  const connections = () =>
    withClient(url, async (client) => {
      const { rows } = await client.query(
        `SELECT count(*)::integer AS count FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return rows[0].count;
    });
  await expect.poll(connections).toBe(0);
  expect((await readWithoutIndex(url, 'work')) - before).toBe(0);
});
