// A disk that is full or that fails: requests are refused meanwhile, the receiver recovers by itself, and no accepted work is lost.

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../../src/simulator/app.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { need } from './budget.ts';
import { changedCopy, EARLY_CHECKPOINTS } from './changed-copy.ts';
import { inspectCopy } from './inspect.ts';
import {
  callBack,
  get,
  type Receiver,
  type Setting,
  type StartOptions,
  settingFor,
  startReceiver,
  submit,
} from './receiver.ts';
import { fill, tinyDisk } from './tiny-disk.ts';

const INPUTS = { simulate: { callbacks: [], runMs: 600_000 }, filling: 'x'.repeat(2_000) };

async function openSetting(folder: string): Promise<Setting> {
  const simulator = createSimulator({ latencyMs: 0, jitterMs: 0, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url } = await simulator.listen();
  return settingFor(join(folder, 'data', 'receiver.db'), url);
}

async function started(setting: Setting, options: StartOptions = {}): Promise<Receiver> {
  const receiver = startReceiver(setting, options);
  if (!(await receiver.listening)) throw new Error((await receiver.ended).stderr);
  return receiver;
}

/** Submits until it is refused; returns the references of the accepted executions. */
async function submitUntilRefused(setting: Setting): Promise<{ accepted: string[]; refusal: Response }> {
  const accepted: string[] = [];
  for (let i = 0; i < 2_000; i += 1) {
    const answer = await submit(setting, { actionId: 'charge', graceSeconds: 600, inputs: INPUTS });
    if (answer.status !== 202) return { accepted, refusal: answer };
    accepted.push(((await answer.json()) as { correlationId: string }).correlationId);
  }
  throw new Error('the disk does not get full');
}

/** The first execution whose callback is refused: a callback needs less room than a submission. */
async function firstRefused(setting: Setting, references: readonly string[]): Promise<string> {
  for (const reference of references) if ((await callBack(setting, reference)).status !== 200) return reference;
  throw new Error('the disk does not get full');
}

async function stopped(receiver: Receiver): Promise<void> {
  receiver.child.kill('SIGTERM');
  expect(await receiver.ended).toMatchObject({ code: 0, stderr: '' });
}

test('while the disk is full the receiver answers 503 with Retry-After, is not ready and serves reads; with room again it recovers by itself', async () => {
  const disk = tinyDisk(3);
  const setting = await openSetting(disk);
  const receiver = await started(setting);
  const early: string[] = [];
  for (let i = 0; i < 12; i += 1) {
    const answer = await submit(setting, { actionId: 'charge', graceSeconds: 600, inputs: INPUTS });
    early.push(((await answer.json()) as { correlationId: string }).correlationId);
  }
  // A commit that succeeded just now does not make the receiver ready after one that was refused.
  expect((await get(setting, '/readyz')).status).toBe(200);
  const makeRoom = fill(disk);
  const { accepted, refusal } = await submitUntilRefused(setting);
  accepted.push(...early);
  // The rest that a large transaction could not use is enough for a few small ones.
  const correlationId = await firstRefused(setting, early);

  const refused = async (answer: Response, type: string) => {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(await answer.json()).toMatchObject({ type: expect.stringContaining(type) });
  };
  await refused(refusal, 'store-unavailable');
  await refused(await get(setting, '/readyz'), 'not-ready');
  for (let i = 0; i < 20; i += 1) {
    await refused(await submit(setting, { actionId: 'charge', inputs: INPUTS }), 'store-unavailable');
    await refused(await callBack(setting, correlationId), 'store-unavailable');
    await refused(await get(setting, '/readyz'), 'not-ready');
    const found = await get(setting, `/v1/executions/${correlationId}`);
    expect(await found.json()).toMatchObject({ correlationId });
    expect((await get(setting, '/v1/executions')).status).toBe(200);
    expect((await get(setting, `/v1/executions/${correlationId}/audit`)).status).toBe(200);
    expect((await get(setting, '/livez')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  // Room for small writes only: that does not count as ready.
  makeRoom(32 * 1024);
  const large = { actionId: 'charge', inputs: { filling: 'x'.repeat(200_000) } };
  for (let i = 0; i < 15; i += 1) {
    await refused(await submit(setting, large), 'store-unavailable');
    await refused(await get(setting, '/readyz'), 'not-ready');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  makeRoom();
  await expect.poll(async () => (await get(setting, '/readyz')).status, { timeout: 10_000 }).toBe(200);
  for (const reference of accepted) expect((await callBack(setting, reference)).status).toBe(200);
  expect((await submit(setting, { actionId: 'charge' })).status).toBe(202);
  await stopped(receiver);
  const { rows, faults } = inspectCopy(setting.database);
  expect(faults).toEqual([]);
  for (const reference of accepted) expect(rows.get(reference)).toMatchObject({ resolvedBy: 'callback' });
});

test('a SIGTERM while the disk is full ends the receiver with 0, and accepted executions are there with room again', async () => {
  const disk = tinyDisk(3);
  const setting = await openSetting(disk);
  const receiver = await started(setting);
  const makeRoom = fill(disk);
  const { accepted } = await submitUntilRefused(setting);
  await stopped(receiver);
  const again = startReceiver(setting);
  if (!(await again.listening)) {
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^.*receiver\.db .*the disk is full: make room.*\n$/)]);
  } else await stopped(again);
  makeRoom();
  await stopped(await started(setting));
  const { rows, faults } = inspectCopy(setting.database);
  expect([faults, accepted.filter((reference) => !rows.has(reference))]).toEqual([[], []]);
});

/** Errors that the kernel returns instead of doing the call, at a start and while it runs. */
const failing = (call: string, error: string, when: number) => [
  '-o',
  '/dev/null',
  '-e',
  `trace=${call}`,
  '-e',
  `inject=${call}:error=${error}:when=${when}+`,
];

/** Submits until the receiver ends: with 1, and with everything that it accepted in the file. */
async function expectEnd(setting: Setting, receiver: Receiver): Promise<void> {
  const accepted: string[] = [];
  for (;;) {
    const answer = await submit(setting, { actionId: 'charge', graceSeconds: 600, inputs: INPUTS }).catch(() => null);
    if (answer === null) break;
    expect(answer.status).toBe(202);
    accepted.push(((await answer.json()) as { correlationId: string }).correlationId);
  }
  const { code, stdout, stderr } = await receiver.ended;
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout).toContain('the disk failed: ending without acknowledging what was not committed');
  const { rows, faults } = inspectCopy(setting.database);
  expect([faults, accepted.filter((reference) => !rows.has(reference))]).toEqual([[], []]);
}

test.each([
  // A start syncs about 30 times, and once a second while it is slow.
  ['fsync', 'EIO', 45],
  ['fsync', 'EIO', 48],
  ['fsync', 'EIO', 57],
  // A start writes about 200 times.
  ['pwrite64', 'EIO', 400],
])(
  'when %s fails with %s from the %ith on, the receiver ends with 1, and no accepted work is missing',
  async (call, error, when) => {
    need('strace');
    const setting = await openSetting(temporaryFolder());
    const receiver = await started(setting, { strace: failing(call, error, when) });
    await expectEnd(setting, receiver);
    await stopped(await started(setting));
  },
);

/** Of the main file alone, in each thread from its nth call on: more than a start needs, so that they are those of checkpoints. */
const failingCheckpoints = (setting: Setting, call: string, error: string, when: number): StartOptions => ({
  strace: ['-f', '-P', setting.database, ...failing(call, error, when)],
  root: changedCopy(EARLY_CHECKPOINTS),
});

test.each([
  ['fsync', 10],
  ['pwrite64', 100],
])(
  'when %s of the checkpoint thread fails, the receiver ends with 1, and no accepted work is missing',
  async (call, when) => {
    need('strace');
    const setting = await openSetting(temporaryFolder());
    await expectEnd(setting, await started(setting, failingCheckpoints(setting, call, 'EIO', when)));
    await stopped(await started(setting));
  },
  120_000,
);

test('when the checkpoint thread has no room on the disk, work is accepted, and nothing is missing after the end', async () => {
  need('strace');
  const setting = await openSetting(temporaryFolder());
  const receiver = await started(setting, failingCheckpoints(setting, 'pwrite64', 'ENOSPC', 100));
  const accepted: string[] = [];
  for (let i = 0; i < 100; i += 1) {
    const answer = await submit(setting, { actionId: 'charge', graceSeconds: 600, inputs: INPUTS });
    expect(answer.status).toBe(202);
    accepted.push(((await answer.json()) as { correlationId: string }).correlationId);
  }
  receiver.child.kill('SIGTERM');
  const { code, stdout } = await receiver.ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('a checkpoint failed, and is tried again')]);
  const { rows, faults } = inspectCopy(setting.database);
  expect([faults, accepted.filter((reference) => !rows.has(reference))]).toEqual([[], []]);
}, 120_000);

test.each([
  ['fsync', 'EIO', 2, 'the disk fails'],
  ['pwrite64', 'ENOSPC', 4, 'the disk is full'],
])(
  'when %s fails with %s at start, one line on stderr names the file, and the exit code is 1',
  async (call, error, when, what) => {
    need('strace');
    const setting = await openSetting(temporaryFolder());
    const receiver = startReceiver(setting, { strace: failing(call, error, when) });
    expect(await receiver.listening).toBe(false);
    const { code, stdout, stderr } = await receiver.ended;
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(new RegExp(`^.*receiver\\.db .*${what}.*\n$`)),
    ]);
  },
);
