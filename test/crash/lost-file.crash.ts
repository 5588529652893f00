// The database disappears while the receiver runs: nothing more is acknowledged, and everything accepted is in the rescue copy.

import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { inspectCopy } from './inspect.ts';
import { callBack, get, type Setting, settingFor, startReceiver, submit } from './receiver.ts';

const BODY = { actionId: 'charge', graceSeconds: 600, inputs: { simulate: { fate: 'lost-callback' } } };

async function ready(setting: Setting): Promise<number> {
  return (await get(setting, '/readyz')).status;
}

async function accepted(setting: Setting, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const response = await submit(setting, BODY);
    expect(response.status).toBe(202);
    ids.push(((await response.json()) as { correlationId: string }).correlationId);
  }
  return ids;
}

test.each([
  ['removed', (path: string) => rmSync(path)],
  ['moved away', (path: string) => renameSync(path, `${path}.moved`)],
  ['left without its -wal', (path: string) => rmSync(`${path}-wal`)],
])('the database is %s', async (_what, lose) => {
  const simulator = createSimulator({ requestsPerSecond: 0, latencyMs: 2, jitterMs: 0 });
  onTestFinished(() => simulator.close());
  const folder = temporaryFolder();
  const setting = await settingFor(join(folder, 'receiver.db'), (await simulator.listen()).url);
  const receiver = startReceiver(setting);
  expect(await receiver.listening).toBe(true);
  const ids = await accepted(setting, 5);
  expect(await ready(setting)).toBe(200);

  lose(setting.database);
  for (const refused of [await submit(setting, BODY), await callBack(setting, ids[0] as string)]) {
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  }
  await expect.poll(() => ready(setting), { timeout: 2_000, interval: 100 }).toBe(503);
  receiver.child.kill('SIGTERM');
  const { code, stdout } = await receiver.ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('the database file is gone')]);

  const [rescue = ''] = readdirSync(folder).filter((name) => name.includes('-rescue-'));
  mkdirSync(join(folder, 'aside'));
  for (const name of readdirSync(folder).filter((found) => found.startsWith('receiver.db'))) {
    renameSync(join(folder, name), join(folder, 'aside', name));
  }
  const restore = ['restore', '--send-queued', join(folder, rescue)];
  const restored = await run(restore, { DATABASE_PATH: setting.database }, folder).finished;
  expect([restored.code, restored.stderr]).toEqual([0, '']);
  const { rows, faults } = inspectCopy(setting.database);
  expect([faults, ids.filter((id) => !rows.has(id))]).toEqual([[], []]);

  const again = startReceiver(setting);
  expect(await again.listening).toBe(true);
  expect((await callBack(setting, ids[0] as string)).status).toBe(200);
  const lost = await fetch(`${setting.url}/v1/events`, {
    headers: { authorization: 'Bearer the-shop-key-0123456789', 'last-event-id': '1000' },
  });
  expect([lost.status, await lost.json()]).toEqual([410, expect.objectContaining({ resumeAfter: expect.any(Number) })]);
});

test('a lock that is removed stops the receiver before another one commits', async () => {
  const simulator = createSimulator({ requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const setting = await settingFor(join(temporaryFolder(), 'receiver.db'), (await simulator.listen()).url);
  const first = startReceiver(setting);
  expect(await first.listening).toBe(true);
  await accepted(setting, 1);
  rmSync(`${setting.database}.lock`);
  expect((await submit(setting, BODY)).status).toBe(503);
});
