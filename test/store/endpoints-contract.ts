// The contract of endpoints of apps, against every store on disk.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, NOON } from '../support/executions.ts';

const SHOP = { app: 'shop', origin: 'https://shop.example' };

export function endpointsContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of endpoints: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test('a pause is kept with its first reason until it is resumed', async () => {
      const pause = { ...SHOP, since: NOON, by: 'operator:alice', reason: 'maintenance' };
      expect(await store.pauseEndpoint(pause)).toBe(true);
      expect(await store.pauseEndpoint({ ...pause, by: 'operator:bob', reason: null })).toBe(false);
      expect(await store.pausedEndpoints()).toEqual([pause]);
      expect(await store.resumeEndpoint({ ...SHOP, app: 'other' })).toBe(false);
      expect(await store.resumeEndpoint(SHOP)).toBe(true);
      expect(await store.pausedEndpoints()).toEqual([]);
    });

    test('what waits for an endpoint is counted, its next notification is hastened, and the newest are listed', async () => {
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
  });
}
