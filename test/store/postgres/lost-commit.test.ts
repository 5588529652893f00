// A connection that is lost around a commit: the receipt shows whether the batch was committed, and nothing is guessed.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { type Store, StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON, submitted } from '../../support/executions.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/postgres/cutting-proxy.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

async function openThroughProxy(world = systemWorld): Promise<{ store: Store; proxy: CuttingProxy; url: string }> {
  const url = await database();
  const { store, proxy } = await openOn(url, world);
  return { store, proxy, url };
}

async function openOn(url: string, world = systemWorld): Promise<{ store: Store; proxy: CuttingProxy }> {
  const proxy = await startCuttingProxy(url);
  const store = await openPostgresStore({ url: proxy.url, world, log: quietLog() });
  closing.push(store, proxy);
  return { store, proxy };
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 100 });

/** The sessions in which the function for the outcome of one execution waits for a lock. */
const WAITS = `SELECT pid FROM pg_stat_activity
  WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT apply_outcome%' AND datname = current_database()`;

const receipts = (url: string) =>
  withClient(url, async (client) => (await client.query('SELECT 1 FROM receipts')).rowCount ?? 0);

describe.skipIf(serverUrl === null)('a lost connection', () => {
  test('after the commit: the change is acknowledged, once', async () => {
    const { store, proxy, url } = await openThroughProxy();
    const execution = anExecution();
    await store.add(asNew(execution));
    const events: string[] = [];
    store.watch((changes) => void events.push(...changes.map(({ entry }) => `${entry.id} ${entry.event}`)));
    const sent = proxy.lose('response');
    const recorded = store.record(execution.reference, callback(completed()), NOON);
    await sent;
    await expect.poll(() => receipts(url)).toBe(2);
    proxy.cut();
    expect(await recorded).toMatchObject({ outcome: 'resolved', execution: { status: 'COMPLETED' } });
    expect(events).toEqual(['2 CALLBACK_COMPLETED']);
    expect(await store.head()).toMatchObject({ id: 2 });
    expect(await chainFaults(url)).toEqual({ entries: 2, faults: [] });
  });

  test('after the commit of something other than an execution: it is acknowledged, once', async () => {
    const { store, proxy, url } = await openThroughProxy();
    const activity = { by: 'operator:alice', action: 'cancel', target: null, filter: null, reason: null } as const;
    const execution = anExecution({}, NOON);
    await store.add(asNew(execution));
    const writes = [
      () => store.beginActivity({ ...activity, startedAt: NOON }),
      () => store.moveDueTimes({ from: NOON, to: NOON + 5_000 }),
    ];
    for (const [n, write] of writes.entries()) {
      await expect.poll(() => store.ping(NOON).then(() => 'active', String)).toBe('active');
      const sent = proxy.lose('response');
      const written = write();
      await sent;
      await expect.poll(() => receipts(url)).toBe(n + 2);
      proxy.cut();
      await written;
    }
    expect((await store.listActivity({ limit: 10 })).items).toMatchObject([{ ...activity, outcome: 'running' }]);
    expect((await store.nextDue()).dispatchAt).toBe(NOON + 5_000);
  });

  test('before the commit: the change is rejected, and can be repeated', async () => {
    const { store, proxy, url } = await openThroughProxy();
    const execution = anExecution();
    const sent = proxy.lose('request');
    const added = store.add(asNew(execution)).catch((error: unknown) => error);
    await sent;
    proxy.cut();
    expect(await added).toBeInstanceOf(StoreUnavailable);
    expect(await receipts(url)).toBe(0);
    await expect.poll(() => store.add(asNew(execution)).then(({ outcome }) => outcome, String)).toBe('added');
    expect(await store.trail(execution.correlationId)).toHaveLength(1);
  });

  test('before a commit that arrives after all: it is refused, since its change was rejected', async () => {
    const url = await database();
    // The leader: the server ends its connection with the next one, and refuses the commit already for that.
    await openOn(url);
    const { store, proxy } = await openOn(url);
    const execution = anExecution();
    const sent = proxy.lose('late');
    const added = store.add(asNew(execution)).catch((error: unknown) => error);
    await sent;
    proxy.cut();
    expect(await added).toBeInstanceOf(StoreUnavailable);
    expect(await proxy.deliver()).toContain('CX001');
    expect(await store.find(execution.correlationId)).toBe(undefined);
    expect(await receipts(url)).toBe(0);
  });

  test.each([
    { end: 'is applied all the same', isApplied: true },
    { end: 'is ended by the server', isApplied: false },
  ])('while the outcome of one execution is applied, which $end: its receipt decides', async ({ isApplied }) => {
    const { store, proxy, url } = await openThroughProxy();
    const execution = anExecution();
    await store.add(asNew(execution));
    for (const event of [{ type: 'dispatched' } as const, submitted()]) {
      await store.record(execution.reference, event, NOON);
    }
    const before = await receipts(url);
    const record = () => store.record(execution.reference, callback(completed()), NOON);
    await withClient(url, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM execution_rows FOR UPDATE');
      const sent = proxy.lose('response');
      const recorded = record().catch((error: unknown) => error);
      await sent;
      // In a transaction, the first look at the sessions would be repeated.
      const waits = () => withClient(url, async (other) => (await other.query<{ pid: number }>(WAITS)).rows);
      await expect.poll(waits).toHaveLength(1);
      const [waiting] = await waits();
      proxy.cut();
      if (!isApplied) await client.query('SELECT pg_terminate_backend($1)', [waiting?.pid]);
      await client.query('ROLLBACK');
      if (isApplied) expect(await recorded).toMatchObject({ outcome: 'resolved', execution: { status: 'COMPLETED' } });
      else expect(await recorded).toBeInstanceOf(StoreUnavailable);
    });
    expect(await receipts(url)).toBe(isApplied ? before + 1 : before);
    await expect
      .poll(() => record().then((change) => change?.outcome, String))
      .toBe(isApplied ? 'duplicate' : 'resolved');
    expect(await chainFaults(url)).toMatchObject({ faults: [] });
  });

  test('after which the database stays away does not keep the store from closing: the change stays in doubt', async () => {
    const { store, proxy, url } = await openThroughProxy({
      ...systemWorld,
      sleep: (ms, signal) => systemWorld.sleep(ms / 100, signal),
    });
    const sent = proxy.lose('response');
    const added = store.add(asNew()).catch((error: unknown) => error);
    await sent;
    // The store also reads its own entry, before it knows that it has committed it.
    await expect.poll(() => receipts(url)).toBe(1);
    await proxy.close();
    await store.close();
    expect(await added).toMatchObject({ name: 'InDoubt' });
  });
});
