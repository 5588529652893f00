// CALLBACK_TRUST=verify: a callback only causes a poll, and the response of CXone counts.

import { expect, test } from 'vitest';
import { callbackUrlOf, type Stage, setStage } from './stage.ts';

const WINDOW = { graceSeconds: 60, timeoutSeconds: 30 };
const setDoubtingStage = () => setStage({ CALLBACK_TRUST: 'verify' });

const say = async (stage: Stage, id: string, body: object) => {
  const response = await fetch(await callbackUrlOf(stage, id), { method: 'POST', body: JSON.stringify(body) });
  return [response.status, await response.json()];
};
const hints = (events: readonly string[]) => events.filter((event) => event === 'CALLBACK_HINT').length;

test('a callback is recorded as progress, and the poll that it causes resolves at once, long before the grace period ends', async () => {
  const stage = await setDoubtingStage();
  const id = await stage.submit({ runMs: 5000 }, WINDOW);
  await stage.untilStatus(id, 'PENDING');
  await stage.pass(5000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll', pollCount: 1 });
  const events = ['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'CALLBACK_HINT', 'POLL_COMPLETED'];
  expect(await stage.events(id)).toEqual(events);
  await stage.until(() => stage.simulator.execution(id)?.callbacks[0]?.answer === '200 progress');
});

test('a false callback under a valid signed URL changes nothing: CXone reports that the execution still runs', async () => {
  const stage = await setDoubtingStage();
  const id = await stage.submit({ runMs: 20_000 }, WINDOW);
  await stage.untilStatus(id, 'PENDING');
  expect(await say(stage, id, { status: 'COMPLETED', result: 'forged' })).toEqual([200, { outcome: 'progress' }]);
  await stage.until(async () => (await stage.events(id)).includes('POLL_PROGRESS'));
  expect(await stage.get(id)).toMatchObject({ status: 'PENDING', result: null, lateResult: null });
  await stage.pass(25_000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(JSON.stringify(await stage.get(id))).not.toContain('forged');
});

test('after a lost submit response the executionId of a callback is enough for a poll, and an invented one before it does no harm', async () => {
  const stage = await setDoubtingStage();
  const id = await stage.submit({ runMs: 5000, submits: [{ answer: 'reset', runs: true }] }, WINDOW);
  await stage.until(async () => (await stage.events(id)).includes('NETWORK_ERROR'));
  await say(stage, id, { status: 'COMPLETED', executionId: 'made-up' });
  await stage.until(async () => (await stage.events(id)).includes('POLL_ERROR'));
  expect(await stage.get(id)).toMatchObject({ status: 'UNCONFIRMED', executionId: 'made-up' });
  await stage.pass(5000);
  await stage.untilStatus(id, 'COMPLETED');
  expect(await stage.get(id)).toMatchObject({ resolvedBy: 'poll' });
  expect(hints(await stage.events(id))).toBe(2);
});

test('an execution without any executionId waits for its deadline', async () => {
  const stage = await setDoubtingStage();
  const id = await stage.submit(
    { submits: [{ answer: 'reset', runs: false }], callbacks: [] },
    { graceSeconds: 0, timeoutSeconds: 10 },
  );
  await stage.until(async () => (await stage.events(id)).includes('NETWORK_ERROR'));
  expect(await say(stage, id, { status: 'COMPLETED' })).toEqual([200, { outcome: 'progress' }]);
  await stage.pass(11_000);
  await stage.untilStatus(id, 'TIMEOUT');
  expect(await say(stage, id, { status: 'COMPLETED', result: 'forged' })).toEqual([200, { outcome: 'late' }]);
  expect(await stage.get(id)).toMatchObject({ lateResult: null });
});
