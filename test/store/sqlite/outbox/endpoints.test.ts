// Endpoints on SQLite: a pause survives a restart.

import { expect, onTestFinished, test } from 'vitest';
import { systemWorld } from '../../../../src/lib/world.ts';
import { createSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { NOON } from '../../../support/executions.ts';
import { fatal } from '../../../support/fatal.ts';
import { quietLog } from '../../../support/quiet-log.ts';
import { temporaryDatabase } from '../../../support/temporary-database.ts';

const SHOP = { app: 'shop', origin: 'https://shop.example' };

function openStore(path = temporaryDatabase()) {
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  onTestFinished(() => store.close());
  return { store, path };
}

test('a pause is kept until it is resumed, also after a restart', async () => {
  const { store, path } = openStore();
  const pause = { ...SHOP, since: NOON, by: 'operator:alice', reason: 'maintenance' };
  expect(await store.pauseEndpoint(pause)).toBe(true);
  await store.close();
  const again = openStore(path).store;
  expect(await again.pausedEndpoints()).toEqual([pause]);
  expect(await again.resumeEndpoint(SHOP)).toBe(true);
  expect(await again.pausedEndpoints()).toEqual([]);
});
