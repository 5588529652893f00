// A decision that ends one execution and does nothing else has a shorter way into the database, with the same result.

import { Client } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ExecutionEvent } from '../../../src/execution/event.ts';
import { systemWorld } from '../../../src/lib/world.ts';
import type { Aggregate } from '../../../src/store/postgres/batch/aggregate.ts';
import { createBatch } from '../../../src/store/postgres/batch/batch.ts';
import { callFor } from '../../../src/store/postgres/batch/call.ts';
import { isChanged } from '../../../src/store/postgres/batch/part.ts';
import { APPLY_OUTCOME, APPLY_OUTCOMES } from '../../../src/store/postgres/connection/statements.ts';
import { applyEvent } from '../../../src/store/postgres/executions/apply-event.ts';
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

/** The counts of all executions, however many rows state them. */
const COUNTS = `SELECT kind, app, action_id, a, b, c, d, e, sum(count) AS count FROM rollup_rows
  GROUP BY kind, app, action_id, a, b, c, d, e ORDER BY kind, app, action_id, a, b, c, d, e`;

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

describe.skipIf(serverUrl === null)('decisions that end one execution each, at the same moment', () => {
  const EVENTS: readonly ExecutionEvent[] = [
    callback(completed({ [TEXT]: TEXT })),
    callback(completed(null)),
    callback(failed(TEXT)),
    { type: 'cancelled', by: `app:${TEXT}` },
    callback(completed({ '{NULL},': 'NULL' })),
  ];

  test('store what each of them stores alone, in one statement', async () => {
    const urls = await Promise.all([newReceiverDatabase(), newReceiverDatabase()]);
    const [one, other] = [await openOn(urls[0]), await openOn(urls[1])];
    const alone: string[] = [];
    const together: string[] = [];
    for (const event of EVENTS) {
      const reference = await recorded(one);
      await one.record(reference, event, NOON);
      alone.push(reference);
      together.push(await recorded(other));
    }
    const all = () => Promise.all(EVENTS.map((event, i) => other.record(together[i] ?? '', event, NOON)));
    expect(await commitsOf(all)).toEqual(['apply_outcomes']);
    for (const [i, reference] of alone.entries()) {
      const { counts: _, ...stored } = await storedOf(urls[0], reference);
      expect(stored).toMatchObject({ execution: { version: 3, entries: 4 }, work: 0 });
      expect(await storedOf(urls[1], together[i] ?? '')).toMatchObject(stored);
    }
    const [counts, those] = await Promise.all(urls.map((url) => withClient(url, (client) => client.query(COUNTS))));
    expect(those?.rows).toEqual(counts?.rows);
    expect(await chainFaults(urls[1])).toEqual({ entries: 20, faults: [] });
    expect(await other.head()).toMatchObject({ id: 20 });
  });

  test('at two receivers count once, and the others are decided again', async () => {
    const url = await newReceiverDatabase();
    const stores = await Promise.all([openOn(url), openOn(url)]);
    const [first] = stores as [PostgresStore, PostgresStore];
    const references = [await recorded(first), await recorded(first), await recorded(first)];
    const all = await Promise.all(
      stores.flatMap((store, n) =>
        references.map((reference) => store.record(reference, callback(completed({ n })), NOON)),
      ),
    );
    const outcomes = all.map((one) => one?.outcome).toSorted();
    expect(outcomes).toEqual([...references.map(() => 'conflict'), ...references.map(() => 'resolved')]);
    expect(await chainFaults(url)).toMatchObject({ faults: [] });
  });

  test.each([
    { versions: [2, 6], result: { added: null, stale: [2], first: 7, head: 7, hash: expect.any(String) } },
    { versions: [6, 2], result: { added: null, stale: [1], first: 7, head: 7, hash: expect.any(String) } },
    { versions: [6, 6], result: { added: null, stale: [1, 2], first: null, head: null, hash: null } },
  ])('are stale alone: versions $versions', async ({ versions, result }) => {
    const url = await newReceiverDatabase();
    const store = await openOn(url);
    const references = [await recorded(store), await recorded(store)];
    const before = await Promise.all(references.map((reference) => storedOf(url, reference)));
    const both = (value: unknown) => [value, value];
    const decisions = [
      ...[[1, 2], versions, references, both(4), both(1), both(NOON), both('{}'), both(null), both(NOON), both(8)],
      ...[both(null), both(null), both(null), both('""'), both('{}'), both(true), both(2)],
      ...[
        [1, 2],
        both(2),
        both('2026-03-01T12'),
        both('shop'),
        both('a'),
        both(''),
        both(''),
        both(1),
        both(0),
        both(5),
      ],
      both(1),
    ];
    const { rows } = await withClient(url, async (client) => {
      const { slot, epoch } = (await client.query('SELECT slot, epoch FROM receivers')).rows[0];
      return client.query(APPLY_OUTCOMES, [slot, epoch, 100, 0, ...decisions]);
    });
    expect(rows).toEqual([{ result }]);
    for (const [i, reference] of references.entries()) {
      const { counts: _, ...stored } = before[i];
      const isStale = versions[i] !== 2;
      const expected = isStale ? stored : { execution: { version: 3, status: 4, entries: 4 }, work: 0 };
      expect(await storedOf(url, reference)).toMatchObject(expected);
    }
  });
});

const ARRIVAL = { hintedAt: null, calledBackAt: null, pollCompletedAt: null };

const loadedAs = (id: number): Aggregate => ({
  execution: { ...anExecution(), status: 'PENDING', executionId: null, dispatchAt: null },
  ...{ id, version: 2, notifications: [], repeats: [], listed: null, entryBytes: 0 },
  ...{ payloadPrunedAt: null, payloadSha256: null, arrival: ARRIVAL },
});

/** A result of each of two executions. Returns the function that commits it if they are read in this order. */
function functionFor(order: (references: readonly [string, string]) => readonly string[]): string {
  const both = [loadedAs(1), loadedAs(2)] as const;
  const references = [both[0].execution.reference, both[1].execution.reference] as const;
  const names = { byCorrelationId: new Map(), byKey: new Map(), underKey: new Map() };
  const batch = createBatch(new Map(both.map((one) => [one.execution.reference, one])), names, () => 0);
  for (const reference of order(references)) batch.partOf(reference);
  for (const reference of references) {
    const part = batch.partOf(reference);
    if (part !== undefined) applyEvent(part, { type: 'cancelled', by: 'app:shop' }, NOON, 100);
  }
  const options = { isAllOrNothing: false, knownHead: 0, limits: [] };
  return callFor(batch, batch.read.filter(isChanged), options).name;
}

test('an entry is that of the execution in the same place; otherwise both are committed in a batch', () => {
  expect(functionFor((references) => references)).toBe('apply_outcomes');
  expect(functionFor((references) => references.toReversed())).toBe('apply_batch');
});
