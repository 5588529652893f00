// A role that loses a right, or tables that lose an index, while a receiver runs: the store is not available, and what the receiver has to
// record waits.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore, type PostgresStore } from '../../../src/store/postgres/store.ts';
import { retryUntilCommitted } from '../../../src/store/retry-until-committed.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { newDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const closing: PostgresStore[] = [];

afterEach(async () => {
  for (const store of closing.splice(0)) await store.close();
});

const open = async (url: string) => {
  const store = await openPostgresStore({ url, world: systemWorld, log: quietLog() });
  closing.push(store);
  return store;
};

async function openAsRole() {
  const url = new URL(await newDatabase());
  const name = url.pathname.slice(1);
  const role = `${name}_role`;
  const change = (text: string) => withClient(url.href, (client) => client.query(text));
  await change(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ALTER DATABASE ${name} OWNER TO ${role};
    ALTER SCHEMA public OWNER TO ${role}`);
  const as = Object.assign(new URL(url), { username: role, password: 'secret' });
  return { url: as.href, store: await open(as.href), role, change };
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 100 });

/** What a database administrator changes by mistake, and how it is undone. */
const MISTAKES: readonly [name: string, broken: (role: string) => string, repaired: (role: string) => string][] = [
  [
    'the role may not write a table any more',
    (role) => `REVOKE ALL ON execution_rows FROM ${role}`,
    (role) => `GRANT ALL ON execution_rows TO ${role}`,
  ],
  [
    'a table is gone for a while',
    () => 'ALTER TABLE execution_rows RENAME TO set_aside',
    () => 'ALTER TABLE set_aside RENAME TO execution_rows',
  ],
];

describe.skipIf(serverUrl === null)('a store', () => {
  test.each(MISTAKES)('of which %s is not available, and a response of CXone waits until it is', async (...mistake) => {
    const [, broken, repaired] = mistake;
    const { store, role, change } = await openAsRole();
    const execution = anExecution();
    await store.add(asNew(execution));
    await change(broken(role));
    await expect(store.add(asNew())).rejects.toThrow(StoreUnavailable);
    await expect(store.find(execution.correlationId)).rejects.toThrow(StoreUnavailable);

    let attempts = 0;
    const sleep = async () => {
      attempts += 1;
      await change(repaired(role));
    };
    const record = () => store.record(execution.reference, callback(completed()), NOON);
    const recorded = await retryUntilCommitted(record, { ...systemWorld, sleep }, new AbortController().signal);
    expect([attempts, recorded]).toEqual([1, expect.objectContaining({ outcome: 'resolved' })]);
  });

  test('of which a right is missing is refused with the tables', async () => {
    const { url, role, change } = await openAsRole();
    await change(`REVOKE DELETE ON work FROM ${role}; REVOKE SELECT ON audit_rows FROM ${role}`);
    await expect(open(url)).rejects.toThrow(
      'the database of DATABASE_URL does not let this user read and write audit_rows, work: GRANT ALL on them to the user',
    );
    await change(`GRANT ALL ON work, audit_rows TO ${role}`);
    await open(url);
  });

  const INDEXES = [
    ['correlation_id', 'execution_rows_by_correlation_id', '(correlation_id)'],
    ['app, idempotency_key', 'execution_rows_by_idempotency_key', '(app, idempotency_key)'],
  ];
  test.each(INDEXES)('of which the unique index on %s is gone serves no more until it is back', async (...index) => {
    const [columns, name, definition] = index;
    const { url, store, change } = await openAsRole();
    const problem = `the database has no valid unique index on execution_rows (${columns}), without which a submission may be sent twice`;
    const pinged = () => store.ping(NOON).then(() => 'committed', String);
    await change(`DROP INDEX ${name}`);
    await expect.poll(pinged).toContain(problem);
    await expect(store.add(asNew())).rejects.toThrow(StoreUnavailable);
    await expect(open(url)).rejects.toThrow(problem);
    await change(`CREATE UNIQUE INDEX by_hand ON execution_rows ${definition}`);
    await expect.poll(pinged, { timeout: 10_000 }).toBe('committed');
    expect((await store.add(asNew())).outcome).toBe('added');
    await change("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_hand'::regclass");
    await expect.poll(pinged).toContain(problem);
  });
});
