// A held request does not read the database until there is something to return.

import { expect, test } from 'vitest';
import { createWaiters } from '../../src/usecases/wait-for-outcome.ts';
import { anExecution, callback, completed, NOON, RUNNING } from '../support/executions.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { createStoreInMemory } from '../support/store-in-memory.ts';

async function open() {
  const world = createManualWorld();
  const store = createStoreInMemory();
  let looks = 0;
  const findBrief = (id: string) => {
    looks += 1;
    return store.findBrief(id);
  };
  const waiters = createWaiters({ ...store, findBrief }, world, { perCaller: 2, total: 3 });
  const execution = anExecution();
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  const { signal } = new AbortController();
  return { world, store, waiters, execution, signal, looks: () => looks };
}

test('the commit of an outcome wakes every waiting request at once', async () => {
  const { world, store, waiters, execution, signal } = await open();
  const waiting = [1, 2, 3].map(() => waiters.wait(execution.correlationId, 60_000, signal));
  await world.settle();
  await store.record(execution.reference, callback(completed()), NOON);
  for (const found of await Promise.all(waiting)) expect(found).toMatchObject({ execution: { status: 'COMPLETED' } });
  expect(world.sleepers).toBe(0);
  expect(waiters.size).toBe(0);
});

test('the commit of an outcome at another receiver wakes a waiting request', async () => {
  const world = createManualWorld();
  const store = createStoreInMemory();
  // What this receiver would commit itself is what another one commits here.
  const here = { ...store, watch: () => () => {}, watchOthers: store.watch };
  const waiters = createWaiters(here, world, { perCaller: 1, total: 1 });
  const execution = anExecution();
  await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
  const waiting = waiters.wait(execution.correlationId, 60_000, new AbortController().signal);
  await world.settle();
  await store.record(execution.reference, callback(completed()), NOON);
  expect(await waiting).toMatchObject({ execution: { status: 'COMPLETED' } });
  expect(world.sleepers).toBe(0);
});

test('progress wakes no request, and the database is read only before and after', async () => {
  const { world, store, waiters, execution, signal, looks } = await open();
  const waiting = waiters.wait(execution.correlationId, 60_000, signal);
  await world.settle();
  await store.record(execution.reference, callback(RUNNING), NOON);
  await world.advance(59_999);
  expect(looks()).toBe(1);
  await world.advance(1);
  expect(await waiting).toMatchObject({ execution: { status: 'PENDING' } });
  expect(looks()).toBe(2);
});

test('an ended or unknown execution is answered without waiting', async () => {
  const { store, waiters, execution, signal } = await open();
  await store.record(execution.reference, callback(completed()), NOON);
  expect(await waiters.wait(execution.correlationId, 60_000, signal)).toMatchObject({
    execution: { status: 'COMPLETED' },
  });
  expect(await waiters.wait('unknown', 60_000, signal)).toBeUndefined();
});

test('a disconnected client and a stopping service end the wait', async () => {
  const { world, waiters, execution, signal } = await open();
  const client = new AbortController();
  const gone = waiters.wait(execution.correlationId, 60_000, client.signal);
  const staying = waiters.wait(execution.correlationId, 60_000, signal);
  await world.settle();
  client.abort();
  expect(await gone).toMatchObject({ execution: { status: 'QUEUED' } });
  expect(waiters.size).toBe(1);
  waiters.release();
  expect(await staying).toMatchObject({ execution: { status: 'QUEUED' } });
  expect(await waiters.wait(execution.correlationId, 60_000, signal)).toMatchObject({
    execution: { status: 'QUEUED' },
  });
});

test('a caller has a bounded number of held requests, and all callers together', async () => {
  const { waiters } = await open();
  const leave = waiters.reserve('app:shop');
  expect([waiters.reserve('app:shop'), waiters.reserve('app:other')]).not.toContain(null);
  expect(waiters.reserve('app:shop')).toBeNull();
  expect(waiters.reserve('operator:alice')).toBeNull();
  leave?.();
  expect(waiters.reserve('app:shop')).not.toBeNull();
});
