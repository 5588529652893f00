// Endpoints on SQLite: a pause survives a restart, and what waits for an endpoint or was sent to it is found along indexes.

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anExecution, callback, completed, NOON } from '../../../support/executions.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const SHOP = { app: 'shop', origin: 'https://shop.example' };

function openStore(path = join(temporaryFolder(), 'receiver.db')) {
  const fatal = (error: unknown) => {
    throw error;
  };
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return { store, path };
}

test('a pause is kept with its first reason until it is resumed, also after a restart', async () => {
  const { store, path } = openStore();
  const pause = { ...SHOP, since: NOON, by: 'operator:alice', reason: 'maintenance' };
  expect(await store.pauseEndpoint(pause)).toBe(true);
  expect(await store.pauseEndpoint({ ...pause, by: 'operator:bob', reason: null })).toBe(false);
  await store.close();
  const again = openStore(path).store;
  expect(await again.pausedEndpoints()).toEqual([pause]);
  expect(await again.resumeEndpoint({ ...SHOP, app: 'other' })).toBe(false);
  expect(await again.resumeEndpoint(SHOP)).toBe(true);
  expect(await again.pausedEndpoints()).toEqual([]);
});

test('what waits for an endpoint is counted, its next notification is hastened, and the newest are listed', async () => {
  const { store } = openStore();
  const hosts = ['shop', 'shop', 'other', 'shop'];
  const ids: string[] = [];
  for (const [index, host] of hosts.entries()) {
    const execution = anExecution({ app: 'shop', notifyUrl: `https://${host}.example/hook` });
    ids.push(execution.correlationId);
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await store.record(execution.reference, callback(completed()), NOON + index);
  }
  expect(await store.waitingIn(SHOP, 100)).toBe(3);
  expect(await store.waitingIn(SHOP, 2)).toBe(2);
  const later = NOON + 60_000;
  await store.claimNotifications(SHOP, { limit: 3, probe: false }, NOON + 10, later);
  expect(await store.claimNotifications(SHOP, { limit: 3, probe: false }, NOON + 20, later)).toEqual([]);
  await store.hasten(SHOP, NOON + 20);
  expect(await store.claimNotifications(SHOP, { limit: 3, probe: false }, NOON + 20, later)).toHaveLength(1);
  const recent = await store.recentTo(SHOP, 100);
  expect(recent.map(({ correlationId }) => correlationId)).toEqual([ids[3], ids[1], ids[0]]);
  expect((await store.recentTo(SHOP, 2)).map(({ correlationId }) => correlationId)).toEqual([ids[3]]);
});
