// The dispatcher: a submission is stored before it is sent, sent once, and never lost.

import { expect, test } from 'vitest';
import { TokenUnavailable } from '../../src/cxone/port.ts';
import { StoreUnavailable } from '../../src/store/port.ts';
import { startTestBackground } from '../support/background.ts';
import { completed } from '../support/executions.ts';
import { ACCEPTED, RESET, TOO_MANY } from '../support/fake-cxone.ts';

test('CXone receives an execution only after it is stored as sent, with a callback URL of its own', async () => {
  const { add, cxone, find } = startTestBackground();
  const stored: unknown[] = [];
  cxone.onExecute = async ({ correlationId }) => {
    stored.push((await find(correlationId)).status);
    return ACCEPTED;
  };
  const id = await add({ inputs: { amount: 7 } });
  const { reference } = await find(id);
  expect(stored).toEqual(['UNCONFIRMED']);
  expect(cxone.executed).toMatchObject([
    { execution: { inputs: { amount: 7 } }, callbackUrl: `https://receiver.example/webhook/${reference}` },
  ]);
  expect(await find(id)).toMatchObject({ status: 'PENDING', executionId: 'cx-1', latencyMs: 5 });
  expect(cxone.permitsOut).toBe(0);
});

test('an execution that CXone possibly received is not sent again, and ends at its deadline', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onExecute = async () => RESET;
  const id = await add({ graceSeconds: 10, timeoutSeconds: 30 });
  await world.advance(39_999);
  expect(await find(id)).toMatchObject({ status: 'UNCONFIRMED' });
  await world.advance(1);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', error: { code: 408 } });
  expect(cxone.executed).toHaveLength(1);
  expect(await events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'NETWORK_ERROR', 'POLL_TIMEOUT']);
});

test('a possibly received execution is sent again when its submission states that this is safe', async () => {
  const { add, cxone, find, world } = startTestBackground();
  cxone.onExecute = async () => (cxone.executed.length === 1 ? RESET : ACCEPTED);
  const id = await add({ retryUncertain: true });
  await world.advance(5000);
  expect(cxone.executed).toHaveLength(2);
  expect(await find(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
});

test('an execution that CXone certainly did not process is sent again, not before the time that CXone asked for', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onExecute = async () => (cxone.executed.length === 1 ? TOO_MANY : ACCEPTED);
  const id = await add();
  expect(await find(id)).toMatchObject({ status: 'QUEUED' });
  await world.advance(19_999);
  expect(cxone.executed).toHaveLength(1);
  await world.advance(501);
  expect(await find(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
  expect(await events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'RATE_LIMITED', 'DISPATCHED', 'SUBMITTED']);
});

test('an action that gets 401 while others succeed waits alone, and the queue continues', async () => {
  const { add, cxone, find, world } = startTestBackground();
  const refused = { ...TOO_MANY, httpStatus: 401, retryAfterMs: 0, isolated: true };
  cxone.onExecute = async ({ actionId }) => (actionId === 'forbidden' ? refused : ACCEPTED);
  for (let count = 0; count < 10; count += 1) await add({ actionId: 'forbidden' });
  await world.advance(2_000);
  const id = await add();
  await world.settle();
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
});

test('an execution is not sent after its queue timeout', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onExecute = async () => ({ ...TOO_MANY, httpStatus: 503, retryAfterMs: 0 });
  const id = await add();
  await world.advance(300_000);
  const { length } = cxone.executed;
  expect(length).toBeGreaterThan(5);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', resolvedBy: 'deadline' });
  expect((await events(id)).at(-1)).toBe('QUEUE_TIMEOUT');
  await world.advance(300_000);
  expect(cxone.executed).toHaveLength(length);
});

test('without a token nothing leaves the queue, the audit trail states why, and new submissions do not request one', async () => {
  const { add, cxone, find, events, log, world } = startTestBackground();
  cxone.onAuthorize = async () => {
    throw new TokenUnavailable('the token endpoint answered 401: invalid_client', {
      retryAfterMs: 10_000,
      httpStatus: 401,
    });
  };
  const id = await add();
  for (let i = 0; i < 20; i += 1) await add();
  expect(cxone.authorizations).toBe(1);
  expect(await find(id)).toMatchObject({ status: 'QUEUED', attempts: 0 });
  expect(await events(id)).toEqual(['ACCEPTED', 'TOKEN_ERROR']);
  expect(log.lines[0]?.facts['reason']).toBe('the token endpoint answered 401: invalid_client');
  cxone.onAuthorize = async () => {};
  await world.advance(10_500);
  expect(await find(id)).toMatchObject({ status: 'PENDING', attempts: 1 });
});

test('a missing token is one line in the log for each reason, and again after there was a token', async () => {
  const { add, cxone, log, world } = startTestBackground();
  const refuseFor = async (reason: string) => {
    cxone.onAuthorize = async () => {
      throw new TokenUnavailable(reason);
    };
    await add();
    await world.advance(60_000);
  };
  await refuseFor('connection refused');
  expect(cxone.authorizations).toBeGreaterThan(5);
  await refuseFor('invalid_client');
  cxone.onAuthorize = async () => {};
  await world.advance(60_000);
  await refuseFor('invalid_client');
  expect(log.lines.map(({ message, facts }) => [message, facts['reason']])).toEqual([
    ['no token: executions stay queued', 'connection refused'],
    ['no token: executions stay queued', 'invalid_client'],
    ['no token: executions stay queued', 'invalid_client'],
  ]);
});

test('while CXone is unreachable the queue tries at intervals, and continues when CXone responds', async () => {
  const { add, cxone, store, world } = startTestBackground();
  cxone.limit = 5;
  cxone.onExecute = async () => ({ ...TOO_MANY, httpStatus: 0, message: 'connection refused', retryAfterMs: 0 });
  for (let i = 0; i < 200; i += 1) await add();
  await world.advance(60_000);
  expect(cxone.executed.length).toBeLessThan(200);
  cxone.onExecute = async () => ACCEPTED;
  await world.advance(6_000);
  expect((await store.openCounts()).PENDING).toBeGreaterThan(100);
  await world.advance(30_000);
  expect(await store.openCounts()).toEqual({ QUEUED: 0, UNCONFIRMED: 0, PENDING: 200 });
});

test('the submit response is recorded even if the store cannot commit for a while', async () => {
  const { add, cxone, find, store, world } = startTestBackground();
  const { record } = store;
  let failures = 3;
  store.record = async (...args) => {
    failures -= 1;
    if (failures >= 0) throw new StoreUnavailable('disk full');
    return record(...args);
  };
  const id = await add();
  expect(await find(id)).toMatchObject({ status: 'UNCONFIRMED' });
  await world.advance(3000);
  expect(await find(id)).toMatchObject({ status: 'PENDING', executionId: 'cx-1' });
  expect(cxone.executed).toHaveLength(1);
});

test('the dispatcher claims only as many executions as CXone may be sent at once', async () => {
  const { add, cxone, store, world } = startTestBackground();
  cxone.limit = 2;
  cxone.onExecute = async () => {
    await world.sleep(1000);
    return ACCEPTED;
  };
  for (let i = 0; i < 5; i += 1) await add();
  expect(await store.openCounts()).toEqual({ QUEUED: 3, UNCONFIRMED: 2, PENDING: 0 });
});

test('a callback that overtakes the submit response resolves; the response then changes nothing', async () => {
  const { add, cxone, find, events, record, world } = startTestBackground();
  cxone.onExecute = async () => {
    await world.sleep(1000);
    return ACCEPTED;
  };
  const id = await add();
  await record(id, { type: 'callback', executionId: null, report: completed('early') });
  await world.advance(1000);
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback', executionId: 'cx-1' });
  expect(await events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'CALLBACK_COMPLETED', 'SUBMITTED']);
});

test('stopping sends nothing new and records the requests in progress', async () => {
  const { add, cxone, find, stop, world } = startTestBackground();
  cxone.onExecute = async () => {
    await world.sleep(1000);
    return ACCEPTED;
  };
  const under = await add();
  const stopped = stop();
  const later = await add();
  await world.advance(1000);
  await stopped;
  expect(await find(under)).toMatchObject({ status: 'PENDING' });
  expect(await find(later)).toMatchObject({ status: 'QUEUED' });
});
