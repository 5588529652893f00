// A database that has lost its last commits, as after the promotion of a standby that lagged behind: what left the queue in them is in the
// queue again, and was sent.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import type { CommittedChange } from '../../../src/store/port.ts';
import { createLeftQueue } from '../../../src/store/postgres/executions/left-queue.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON, submitted } from '../../support/executions.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 100 });

/** Opens receivers on one database. The first one leads. */
async function openAll(count: number) {
  const url = await database();
  const log = quietLog();
  const stores: PostgresStore[] = [];
  for (let n = 0; n < count; n += 1) stores.push(await openPostgresStore({ url, world: systemWorld, log }));
  opened.push(...stores);
  const [leader, other] = stores as [PostgresStore, PostgresStore];
  return { url, log, leader, other };
}

/** Runs the work, takes the database back to before it, and ends all connections to it. */
async function lose(url: string, work: () => Promise<void>): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('CREATE TEMP TABLE executions_before AS TABLE execution_rows');
    await client.query('CREATE TEMP TABLE work_before AS TABLE work');
    const { rows } = await client.query<{ newest: number }>('SELECT max(id) AS newest FROM audit_rows_all');
    await work();
    await client.query("SET session_replication_role = 'replica'");
    await client.query('BEGIN');
    await client.query('DELETE FROM audit_rows_all WHERE id > $1', [rows[0]?.newest]);
    await client.query('DELETE FROM execution_rows');
    await client.query('INSERT INTO execution_rows OVERRIDING SYSTEM VALUE TABLE executions_before');
    await client.query('DELETE FROM work');
    await client.query('INSERT INTO work TABLE work_before');
    await client.query('COMMIT');
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cxone-%' AND datname = current_database()",
    );
  });
}

/** Claims until the store is available again, and has claimed or decided about all that is due. */
async function claimed(store: PostgresStore): Promise<string[]> {
  const found: string[] = [];
  await expect
    .poll(
      async () => {
        try {
          found.push(...(await store.claimDispatches(10, NOON)).map(({ reference }) => reference));
          return (await store.nextDue()).dispatchAt;
        } catch (error) {
          return String(error);
        }
      },
      { timeout: 10_000 },
    )
    .toBe(null);
  return found;
}

const unsent = {
  type: 'unsent',
  httpStatus: 429,
  latencyMs: 1,
  message: 'busy',
  retryAt: NOON,
  giveUpAt: NOON + 300_000,
} as const;

describe.skipIf(serverUrl === null)('after a promotion that has lost the last commits', () => {
  test('what the leader had sent is not sent again, and what was not sent is', async () => {
    const { url, log, leader } = await openAll(1);
    const [sent, queued, repeatable] = [anExecution(), anExecution(), anExecution({ retryUncertain: true })];
    await leader.add(asNew(sent));
    await leader.add(asNew(repeatable));
    await lose(url, async () => {
      expect(await leader.claimDispatches(10, NOON)).toHaveLength(2);
    });
    await expect.poll(() => leader.add(asNew(queued)).then(({ outcome }) => outcome, String)).toBe('added');
    expect((await claimed(leader)).toSorted()).toEqual([queued.reference, repeatable.reference].toSorted());
    expect(await leader.find(sent.correlationId)).toMatchObject({ status: 'UNCONFIRMED', attempts: 1 });
    const [, , doubt] = await leader.trail(sent.correlationId);
    expect(doubt?.detail['message']).toBe('the database has lost that it left the queue before: it may have been sent');
    expect(log.lines.map(({ facts }) => facts)).toContainEqual({ executions: 2 });
  });

  test('what another receiver has sent or cancelled is not sent again', async () => {
    const { url, leader, other } = await openAll(2);
    const [sent, cancelled] = [anExecution(), anExecution()];
    const seen: string[] = [];
    const note = (changes: readonly CommittedChange[] | null) =>
      void seen.push(...(changes ?? []).map(({ entry }) => entry.event));
    leader.watchOthers(note);
    other.watchOthers(note);
    await leader.add(asNew(sent));
    await other.add(asNew(cancelled));
    await lose(url, async () => {
      await other.record(cancelled.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      await leader.claimDispatches(10, NOON);
      await expect.poll(() => seen).toEqual(expect.arrayContaining(['CANCELLED', 'DISPATCHED']));
    });
    opened.splice(opened.indexOf(leader), 1);
    await leader.close();
    await expect.poll(other.leadership.leads, { timeout: 10_000 }).toBe(true);
    expect(await claimed(other)).toEqual([]);
    expect((await other.find(cancelled.correlationId))?.status).toBe('UNCONFIRMED');
  });

  test('what CXone has accepted, and what has ended, is not sent again, even if it may be repeated', async () => {
    const { url, leader } = await openAll(1);
    const retryUncertain = true;
    const answered = anExecution();
    const [accepted, cancelled] = [anExecution({ retryUncertain }), anExecution({ retryUncertain })];
    await leader.add(asNew(answered));
    await leader.claimDispatches(10, NOON);
    await leader.record(answered.reference, unsent, NOON);
    await leader.add(asNew(cancelled));
    await leader.add(asNew(accepted));
    await lose(url, async () => {
      await leader.record(answered.reference, callback(completed()), NOON);
      await leader.record(cancelled.reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      expect(await leader.claimDispatches(10, NOON)).toHaveLength(1);
      await leader.record(accepted.reference, submitted(), NOON);
    });
    expect(await claimed(leader)).toEqual([]);
    for (const { correlationId } of [answered, accepted, cancelled]) {
      expect((await leader.find(correlationId))?.status).toBe('UNCONFIRMED');
    }
  });

  test('what was sent is not sent again either if its trail has other entries since', async () => {
    const { url, leader } = await openAll(1);
    const sent = anExecution();
    await leader.add(asNew(sent));
    await lose(url, async () => {
      expect(await leader.claimDispatches(10, NOON)).toHaveLength(1);
    });
    const held = () => leader.record(sent.reference, { type: 'held', httpStatus: 0, message: 'no token' }, NOON);
    await expect.poll(() => held().then((result) => result?.outcome, String)).toBe('progress');
    await held();
    expect(await claimed(leader)).toEqual([]);
    expect((await leader.find(sent.correlationId))?.status).toBe('UNCONFIRMED');
  });

  test.each([
    ['expired', (store: PostgresStore, now: number) => store.expire(10, now)],
    ['claimed', (store: PostgresStore, now: number) => store.claimDispatches(10, now)],
  ] as const)('what was sent is not called unsent when it is %s after its queue timeout', async (_, end) => {
    const { url, leader } = await openAll(1);
    const all = [anExecution(), anExecution({ retryUncertain: true })];
    for (const execution of all) await leader.add(asNew(execution));
    await lose(url, async () => {
      expect(await leader.claimDispatches(10, NOON)).toHaveLength(2);
    });
    const statuses = async () => {
      await end(leader, NOON + 300_000);
      return Promise.all(all.map(async ({ correlationId }) => (await leader.find(correlationId))?.status));
    };
    await expect.poll(() => statuses().catch(String), { timeout: 10_000 }).toEqual(['UNCONFIRMED', 'UNCONFIRMED']);
  });

  test('what has returned to the queue, because it was not processed, is sent again', async () => {
    const { leader } = await openAll(1);
    const execution = anExecution();
    await leader.add(asNew(execution));
    await leader.claimDispatches(10, NOON);
    await leader.record(execution.reference, unsent, NOON);
    expect(await claimed(leader)).toEqual([execution.reference]);
  });
});

test('of what has left the queue, the last ones are remembered', async () => {
  const asked: unknown[] = [];
  const all = async <Row>(_: string, values: readonly unknown[]): Promise<Row[]> => {
    asked.push(values);
    return [];
  };
  const left = createLeftQueue(all, quietLog(), 2);
  const change = (reference: string, id: number): CommittedChange => {
    const execution = { ...anExecution(), reference, dispatchAt: null, status: 'UNCONFIRMED' } as const;
    const { app, correlationId } = execution;
    return {
      ...{ execution, outcome: 'progress' },
      entry: { id, event: 'DISPATCHED', app, correlationId, latencyMs: null, httpStatus: null },
    };
  };
  left.note([change('a', 1), change('b', 2), change('a', 3), change('c', 4), change('c', 2)]);
  await left.returned(['a', 'b', 'c'].map((reference) => ({ reference })));
  expect(asked).toEqual([
    [
      ['a', 'c'],
      [3, 4],
      [2, 2],
    ],
  ]);
  await left.returned([{ reference: 'b' }]);
  expect(asked).toHaveLength(1);
});
