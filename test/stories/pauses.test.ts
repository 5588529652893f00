// Stories of pauses: what an administrator pauses is not sent, whatever restarts, and everything that CXone has continues.

import { expect, test } from 'vitest';
import { parseJson } from '../../src/execution/json.ts';
import { OPERATOR_KEY, OTHER_APP_KEY, type Stage, setStage } from './stage.ts';

const WINDOW = { graceSeconds: 10, timeoutSeconds: 30 };
const key = OPERATOR_KEY;

const pause = (stage: Stage, scope: object) => stage.request('POST', '/v1/pauses', { key, body: scope });
const resume = (stage: Stage, scope: object) => stage.request('POST', '/v1/pauses/resume', { key, body: scope });
const runsOf = (stage: Stage, id: string) => stage.simulator.execution(id)?.runs ?? 0;

test('a pause of one action survives a restart, and what waits is sent as soon as it is resumed', async () => {
  const stage = await setStage();
  await pause(stage, { actionId: 'charge', reason: 'charges twice, ticket 4711' });
  const paused = await stage.submit('callback');
  const free = await stage.submit('callback', { actionId: 'look-up' });
  await stage.untilStatus(free, 'COMPLETED');
  await stage.restart();
  const { body } = await stage.request('GET', '/v1/pauses', { key });
  expect(body.items).toEqual([
    {
      ...{ actionId: 'charge', app: null, since: expect.any(String), by: 'operator:alice' },
      ...{ reason: 'charges twice, ticket 4711', queued: 1 },
    },
  ]);
  const later = await stage.submit('callback', { actionId: 'look-up' });
  await stage.untilStatus(later, 'COMPLETED');
  await stage.pass(20_000);
  expect([(await stage.get(paused)).status, runsOf(stage, paused)]).toEqual(['QUEUED', 0]);
  expect((await resume(stage, { actionId: 'charge' })).body.resumed).toMatchObject({ queued: 1 });
  await stage.untilStatus(paused, 'COMPLETED');
  expect(runsOf(stage, paused)).toBe(1);
});

test('polls, callbacks and timeouts of what CXone has continue while all sending is paused', async () => {
  const stage = await setStage({ QUEUE_TIMEOUT_SECONDS: '60' });
  const called = await stage.submit({ runMs: 5_000 }, WINDOW);
  const lost = await stage.submit('lost-callback', WINDOW);
  for (const id of [called, lost]) await stage.untilStatus(id, 'PENDING');
  await pause(stage, { all: true });
  const waiting = await stage.submit('callback', WINDOW);
  await stage.pass(12_000);
  await stage.untilStatus(called, 'COMPLETED');
  await stage.untilStatus(lost, 'COMPLETED');
  expect(await stage.get(lost)).toMatchObject({ resolvedBy: 'poll' });
  await stage.pass(60_000, 1_000);
  await stage.untilStatus(waiting, 'TIMEOUT');
  expect((await stage.get(waiting)).error.message).toContain('an administrator had paused sending');
  expect([runsOf(stage, called), runsOf(stage, lost), runsOf(stage, waiting)]).toEqual([1, 1, 0]);
  expect(await stage.events(waiting)).toEqual(['ACCEPTED', 'QUEUE_TIMEOUT']);
});

test('pauses of an action and of an app are in force together, and each ends alone', async () => {
  const stage = await setStage();
  await pause(stage, { actionId: 'charge' });
  await pause(stage, { app: 'other' });
  const body = { actionId: 'look-up', inputs: { simulate: { fate: 'callback' } } };
  const ofOther = (await stage.request('POST', '/v1/executions', { key: OTHER_APP_KEY, body })).body.correlationId;
  const charge = await stage.submit('callback');
  const free = await stage.submit('callback', { actionId: 'look-up' });
  await stage.untilStatus(free, 'COMPLETED');
  await resume(stage, { app: 'other' });
  await stage.until(() => runsOf(stage, ofOther) === 1);
  expect(runsOf(stage, charge)).toBe(0);
  await resume(stage, { actionId: 'charge' });
  await stage.untilStatus(charge, 'COMPLETED');
});

test('a request that CXone may have received is not sent again when its action is resumed', async () => {
  const stage = await setStage();
  const uncertain = await stage.submit('reset-lost', WINDOW);
  await stage.untilStatus(uncertain, 'UNCONFIRMED');
  await stage.until(async () => (await stage.events(uncertain)).includes('NETWORK_ERROR'));
  await pause(stage, { actionId: 'charge' });
  await stage.pass(5_000);
  await resume(stage, { actionId: 'charge' });
  await stage.pass(5_000);
  expect((await stage.events(uncertain)).filter((event) => event === 'DISPATCHED')).toHaveLength(1);
});

test('an execution without a result is submitted again, runs once, and the app sees both linked', async () => {
  const stage = await setStage();
  const inputs = { simulate: { fate: 'callback-failed' }, amount: parseJson('12345678901234567890.10') };
  const old = await stage.submit('callback-failed', { ...WINDOW, inputs });
  await stage.untilStatus(old, 'FAILED');
  const path = `/v1/executions/${old}/resubmit`;
  expect((await stage.request('POST', path, { key, body: {} })).status).toBe(422);
  const order = { mayRunTwice: true, reason: 'ticket 4711' };
  const answers = await Promise.all([1, 2, 3].map(() => stage.request('POST', path, { key, body: order })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 202]);
  const ids = new Set(answers.map(({ body }) => body.correlationId));
  expect(ids.size).toBe(1);
  const [id = ''] = ids;
  await stage.untilStatus(id, 'FAILED');
  expect(await stage.get(id)).toMatchObject({ resubmissionOf: old, actionId: 'charge', app: 'shop' });
  expect(await stage.get(old)).toMatchObject({ status: 'FAILED', resubmittedAs: id });
  expect(runsOf(stage, id)).toBe(1);
  const payloads = await stage.service().store.payloads(id);
  expect(JSON.stringify(payloads?.inputs)).toContain('"amount":12345678901234567890.10');
  expect((await stage.events(old)).at(-1)).toBe('RESUBMITTED');
});
