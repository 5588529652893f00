// Forty hosts of notifications whose names DNS does not resolve: other apps, CXone and files see no effect.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHostnameResolver } from '../../src/webhooks/resolve-hostname.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { callbackUrlOf, OTHER_APP_KEY, type Stage, setStage } from './stage.ts';

const SLOW_HOSTS = 40;
const OTHERS = 20;
const OPEN = { graceSeconds: 600, timeoutSeconds: 30 };

async function callBack(stage: Stage, id: string): Promise<void> {
  const response = await fetch(await callbackUrlOf(stage, id), { method: 'POST', body: '{"status":"COMPLETED"}' });
  expect(await response.json()).toEqual({ outcome: 'resolved' });
}

test('executions of other apps are sent and called back while 40 names of one app are not resolved', async () => {
  const { server, queries } = await startDnsServer(() => 'silent');
  const folder = temporaryFolder();
  const [hostsPath, resolvConfPath] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  for (const path of [hostsPath, resolvConfPath]) writeFileSync(path, '');
  // Its clock stands still: no look-up ends.
  const resolve = createHostnameResolver({ world: createManualWorld(), hostsPath, resolvConfPath, servers: [server] });
  const stage = await setStage({}, {}, {}, resolve);
  const slow = Array.from({ length: SLOW_HOSTS }, (_, i) => `slow-${i}`);
  for (const correlationId of slow) {
    const notifyUrl = `https://${correlationId}.example/hook`;
    const submission = { actionId: 'charge', correlationId, notifyUrl, inputs: { simulate: 'lost-callback' }, ...OPEN };
    const { status } = await stage.request('POST', '/v1/executions', { key: OTHER_APP_KEY, body: submission });
    expect(status).toBe(202);
  }
  for (const id of slow) {
    await stage.until(async () => (await stage.service().store.find(id))?.status === 'PENDING');
    await callBack(stage, id);
  }
  // As many look-ups as one app may make at a time.
  await stage.until(() => queries.length >= 4);

  for (let count = 0; count < OTHERS; count += 1) {
    const id = await stage.submit('lost-callback', OPEN);
    await stage.untilStatus(id, 'PENDING');
    await callBack(stage, id);
    expect(await stage.events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'CALLBACK_COMPLETED']);
  }
  expect(new Set(queries).size).toBeLessThanOrEqual(4);
});
