// A decision that ends one execution and does nothing else has a shorter way into the database, with the same result.

import { Client } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ExecutionEvent } from '../../../src/execution/event.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import { APPLY_OUTCOME } from '../../../src/store/postgres/connection/statements.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, failed, NOON, RUNNING, submitted } from '../../support/executions.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { newReceiverDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const opened: PostgresStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function openOn(url: string): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  opened.push(store);
  return store;
}

const SENT: readonly ExecutionEvent[] = [{ type: 'dispatched' }, submitted()];

/** Adds an execution to which these events have happened. Returns its reference. */
async function recorded(store: PostgresStore, events = SENT, overrides: Parameters<typeof anExecution>[0] = {}) {
  const execution = anExecution(overrides);
  await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
  for (const event of events) await store.record(execution.reference, event, NOON);
  return execution.reference;
}

/** Columns that only one execution or one entry can have. */
const OWN = ['id', 'reference', 'correlation_id', 'execution', 'sample_level', 'hash'];

/** What is stored about an execution. Roll-ups are about all executions: those of kind 1 count submissions. */
const STORED = `SELECT json_build_object(
  'execution', to_jsonb(r) - $2::text[],
  'outcome', (SELECT to_jsonb(o) - $2::text[] FROM outcome_rows AS o WHERE o.id = r.id),
  'work', (SELECT count(*) FROM work AS w WHERE w.execution = r.id),
  'entries', (SELECT json_agg(to_jsonb(a) - $2::text[] ORDER BY a.id) FROM audit_rows AS a WHERE a.execution = r.id),
  'counts', (SELECT json_agg(u ORDER BY u.kind) FROM rollup_rows AS u WHERE u.kind <> 1)
) AS stored FROM execution_rows AS r WHERE r.reference = $1`;

const storedOf = (url: string, reference: string) =>
  withClient(url, async (client) => (await client.query(STORED, [reference, OWN])).rows[0].stored);

/** Returns the names of the functions that committed while the work ran. */
async function commitsOf(work: () => Promise<unknown>): Promise<string[]> {
  const query = vi.spyOn(Client.prototype, 'query');
  try {
    await work();
    return query.mock.calls.map(([config]) => String(Object(config).name)).filter((name) => name.startsWith('apply_'));
  } finally {
    query.mockRestore();
  }
}

const TEXT = '\u0000 \ud800 \u2028 ü "quoted" \\';

describe.skipIf(serverUrl === null)('a decision that ends one execution', () => {
  test.each<[string, ExecutionEvent]>([
    ['a result', callback(completed({ [TEXT]: TEXT }))],
    ['no result', callback(completed(null))],
    ['an error', callback(failed(TEXT))],
    ['a cancel', { type: 'cancelled', by: 'app:shop' }],
  ])('stores alone what it stores in a batch: %s', async (_, event) => {
    const urls = await Promise.all([newReceiverDatabase(), newReceiverDatabase()]);
    const [one, other] = [await openOn(urls[0]), await openOn(urls[1])];
    const [alone, together, beside] = [await recorded(one), await recorded(other), await recorded(other)];
    expect(await commitsOf(() => one.record(alone, event, NOON))).toEqual(['apply_outcome']);
    const both = () =>
      Promise.all([other.record(together, event, NOON), other.record(beside, callback(RUNNING), NOON)]);
    expect(await commitsOf(both)).toEqual(['apply_batch']);
    const stored = await storedOf(urls[0], alone);
    expect(stored).toMatchObject({ execution: { version: 3, entries: 4 }, work: 0 });
    expect(stored).toEqual(await storedOf(urls[1], together));
    expect(await chainFaults(urls[0])).toEqual({ entries: 4, faults: [] });
    expect(await one.head()).toMatchObject({ id: 4 });
  });

  test('of two receivers at the same moment counts once, and the other one is decided again', async () => {
    const url = await newReceiverDatabase();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    const [first] = stores as [PostgresStore, PostgresStore];
    for (let round = 0; round < 10; round += 1) {
      const reference = await recorded(first);
      const all = await Promise.all(
        stores.map((store, n) => store.record(reference, callback(completed({ n })), NOON)),
      );
      expect(all.map((one) => one?.outcome).toSorted()).toEqual(['conflict', 'resolved']);
    }
    expect(await chainFaults(url)).toMatchObject({ faults: [] });
  });

  test('is stale if the execution has changed since it was read, and nothing of it is stored', async () => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    const reference = await recorded(store);
    await withClient(url, (client) => client.query('UPDATE execution_rows SET version = 7'));
    const before = await storedOf(url, reference);
    const decision = [1, 6, reference, 4, 1, NOON, '{}', null, NOON, 8, null, null, null, '', '{}', true, 2, '[]'];
    const { rows } = await withClient(url, async (client) => {
      const { slot, epoch } = (await client.query('SELECT slot, epoch FROM receivers')).rows[0];
      return client.query(APPLY_OUTCOME, [slot, epoch, 100, 0, ...decision]);
    });
    expect(rows).toEqual([{ result: { added: null, stale: [1], first: null, head: null, hash: null } }]);
    expect(await storedOf(url, reference)).toEqual(before);
  });

  test.each<[string, Parameters<typeof anExecution>[0], readonly ExecutionEvent[], ExecutionEvent]>([
    ['that notifies its app', { notifyUrl: 'https://shop.example/hook' }, SENT, callback(completed())],
    ['of which the executionId was unknown', {}, SENT.slice(0, 1), callback(completed(), 'cx-1')],
    ['that does not end', {}, SENT, callback(RUNNING)],
    ['that has ended', {}, [...SENT, callback(completed())], callback(completed())],
  ])('stores more than the outcome in a batch: of one %s', async (_, overrides, earlier, event) => {
    const store = await openOn(await newReceiverDatabase());
    const reference = await recorded(store, earlier, overrides);
    expect(await commitsOf(() => store.record(reference, event, NOON))).toEqual(['apply_batch']);
  });
});
