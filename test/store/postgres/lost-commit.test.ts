// A connection that is lost around a commit: the receipt shows whether the batch was committed, and nothing is guessed.

import { afterEach, describe, expect, test } from 'vitest';
import { systemWorld } from '../../../src/lib/world.ts';
import { type Store, StoreUnavailable } from '../../../src/store/port.ts';
import { openPostgresStore } from '../../../src/store/postgres/store.ts';
import { anExecution, callback, completed, NOON } from '../../support/executions.ts';
import { chainFaults } from '../../support/postgres/chain.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/postgres/cutting-proxy.ts';
import { createReusedDatabase, serverUrl, withClient } from '../../support/postgres/databases.ts';
import { quietLog } from '../../support/quiet-log.ts';

const database = createReusedDatabase();
const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

async function openThroughProxy(): Promise<{ store: Store; proxy: CuttingProxy; url: string }> {
  const url = await database();
  const proxy = await startCuttingProxy(url);
  const options = { url: proxy.url, world: systemWorld, log: quietLog() };
  const store = await openPostgresStore(options);
  closing.push(store, proxy);
  return { store, proxy, url };
}

const asNew = (execution = anExecution()) => ({ execution, fingerprint: 'print', queueCapacity: 100 });

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
});
