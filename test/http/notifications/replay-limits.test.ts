// Replays: an app that replays its notifications in a loop is refused for a while, and operators are not.

import { expect, test } from 'vitest';
import { createReplayLimits } from '../../../src/http/notifications/replay-limits.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { ALICE_KEY, startHttp } from '../harness.ts';

const APP = { kind: 'app', name: 'orders' } as const;
const OTHER = { kind: 'app', name: 'billing' } as const;
const ALICE = { kind: 'operator', name: 'orders', role: 'administrator' } as const;

test('an app may replay a thousand at once and fifty a second after that, whatever other apps do', async () => {
  const world = createManualWorld();
  const limits = createReplayLimits(world);
  const allowed = () => Array.from({ length: 1_100 }, () => limits.begin(APP)).filter((refusal) => refusal === null);
  expect(allowed()).toHaveLength(1_000);
  expect(limits.begin(OTHER)).toBeNull();
  expect(limits.begin(ALICE)).toBeNull();
  await world.advance(2_000);
  expect(allowed()).toHaveLength(100);
});

test('what one request replays counts for the next one, up to five minutes', async () => {
  const world = createManualWorld();
  const limits = createReplayLimits(world);
  expect(limits.begin(APP)).toBeNull();
  limits.count(APP, 1_000_000);
  const refusal = limits.begin(APP);
  expect([refusal?.status, Number(refusal?.headers.get('retry-after'))]).toEqual([429, 281]);
  await world.advance(281_000);
  expect(limits.begin(APP)).toBeNull();
});

test('an app that has replayed many gets 429 with Retry-After, for one notification and for many', async () => {
  await using http = await startHttp({ store: { replayNotifications: async () => ({ replayed: 1_100, next: null }) } });
  await http.submit({ correlationId: 'order-1', notifyUrl: 'https://hooks.example/executions' });
  await http.call('POST', '/v1/executions/order-1/cancel');
  const [notification] = (await http.call('GET', '/v1/notifications')).json.items;
  const [many, one] = ['/v1/notifications/replay', `/v1/notifications/${notification.id}/replay`];
  expect((await http.call('POST', many, { body: {} })).json).toEqual({ replayed: 1_100 });
  for (const path of [many, one]) {
    const refused = await http.call('POST', path, { body: {} });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3']);
    expect(refused.json.type).toMatch(/too-many-replays$/);
    expect((await http.call('POST', path, { key: ALICE_KEY, body: {} })).status).not.toBe(429);
  }
  await http.world.advance(3_000);
  expect((await http.call('POST', many, { body: {} })).status).toBe(202);
});
