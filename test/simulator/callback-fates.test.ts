// The effect of each fate of callbacks on a plain client.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualWorld } from '../support/manual-world.ts';
import { idIn, openStage, played, type ReceivedCallback, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const GENUINE = '/callback/reference.0123456789abcdef0123456789abcdef';

function said(callback: ReceivedCallback | undefined): unknown {
  return JSON.parse(callback?.body ?? 'null');
}

test('an execution is accepted at once, runs, and calls back with an echo of its inputs', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world });
  const response = await stage.execute('order-1', undefined, { inputs: { amount: 12 } });
  expect(response.status).toBe(200);
  const submitted = (await response.json()) as { executionId: string };
  expect(submitted).toEqual({ executionId: expect.stringMatching(/^sim-[0-9a-f]{16}$/), status: 'PENDING' });
  const { executionId } = submitted;
  expect(await (await stage.poll(executionId)).json()).toEqual({ executionId, status: 'RUNNING' });
  await world.advance(500);
  await stage.simulator.quiet();

  const outcome = { executionId, status: 'COMPLETED', result: { echo: { amount: 12 } } };
  expect(stage.callbacks).toMatchObject([{ path: GENUINE, contentType: 'application/json' }]);
  expect(said(stage.callbacks[0])).toEqual(outcome);
  expect(await (await stage.poll(executionId)).json()).toEqual(outcome);
});

test('a failed execution reports the failure in its callback and to polls', async () => {
  const executionId = await played(stage, 'callback-failed');
  const outcome = { executionId, status: 'FAILED', error: { code: 'SIMULATED_FAILURE', message: expect.any(String) } };
  expect(said(stage.callbacks[0])).toEqual(outcome);
  expect(await (await stage.poll(executionId)).json()).toEqual(outcome);
});

test('progress callbacks come before the completion', async () => {
  const executionId = await played(stage, 'callback-progress');
  expect(stage.callbacks.map(said)).toEqual([
    { executionId, status: 'RUNNING' },
    { executionId, status: 'RUNNING' },
    { executionId, status: 'COMPLETED', result: { echo: {} } },
  ]);
});

test.for([
  ['lost-callback', 'COMPLETED'],
  ['lost-callback-failed', 'FAILED'],
])('%s: no callback is sent, a poll gets the outcome', async ([fate = '', status]) => {
  const executionId = await idIn(await stage.execute(fate, { fate, runMs: 0 }));
  expect(stage.simulator.stats().pendingCallbacks).toBe(0);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status });
  expect(stage.callbacks).toEqual([]);
});

test('a delayed callback comes long after the run has ended', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world });
  const executionId = await idIn(await stage.execute('slow', 'delayed-callback'));
  await world.advance(8_000);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'COMPLETED' });
  expect(stage.callbacks).toEqual([]);
  await world.advance(500);
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(1);
});

test('a late callback arrives after a brief polling window, in which polls find the execution running', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world });
  const executionId = await idIn(await stage.execute('late', 'late-callback'));
  await world.advance(8_000);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'RUNNING' });
  expect(stage.callbacks).toEqual([]);
  await world.advance(1_000);
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(1);
});

test('a duplicate callback is the same twice', async () => {
  await played(stage, 'duplicate-callback');
  expect(stage.callbacks).toHaveLength(2);
  expect(stage.callbacks[1]?.body).toBe(stage.callbacks[0]?.body);
});

test('a burst is the same five times', async () => {
  await played(stage, 'callback-burst');
  expect(stage.callbacks).toHaveLength(5);
  expect(new Set(stage.callbacks.map(({ body }) => body)).size).toBe(1);
});

test('a conflicting callback follows the true one and reports another outcome', async () => {
  const executionId = await played(stage, 'conflicting-callback');
  expect(stage.callbacks.map(said)).toEqual([
    { executionId, status: 'COMPLETED', result: { echo: {} } },
    { executionId, status: 'COMPLETED', result: { untrue: true } },
  ]);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ result: { echo: {} } });
});

test('an early callback has its response before the submission has one', async () => {
  const executionId = await idIn(await stage.execute('early', 'early-callback'));
  expect(said(stage.callbacks[0])).toMatchObject({ executionId, status: 'COMPLETED' });
  expect(stage.simulator.execution('early')?.callbacks).toMatchObject([{ answer: '200' }]);
});

test('a garbled callback is not JSON, and as a form it has no status', async () => {
  await played(stage, 'garbled-callback');
  expect(() => said(stage.callbacks[0])).toThrow(SyntaxError);
  expect(new URLSearchParams(stage.callbacks[0]?.body).has('status')).toBe(false);
});

test('a form callback has the same members, form-encoded', async () => {
  const executionId = await played(stage, 'form-callback');
  expect(stage.callbacks[0]?.contentType).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(stage.callbacks[0]?.body))).toEqual({
    executionId,
    status: 'COMPLETED',
    result: '{"echo":{}}',
  });
});

test('an oversized callback is over 1 MiB', async () => {
  await played(stage, 'oversized-callback');
  expect(stage.callbacks[0]?.body.length).toBeGreaterThan(2 ** 20);
});

test('a forged callback differs from the genuine URL in one character and comes first', async () => {
  await played(stage, 'forged-callback');
  const [forged, genuine] = stage.callbacks.map(({ path }) => path);
  expect(genuine).toBe(GENUINE);
  const differing = [...GENUINE].filter((character, index) => character !== forged?.[index]);
  expect([forged?.length, differing.length]).toEqual([GENUINE.length, 1]);
  expect(said(stage.callbacks[0])).toMatchObject({ result: { untrue: true } });
});

test('a callback may be forged alone', async () => {
  await played(stage, 'forged-callback-only');
  expect(stage.callbacks.map(({ path }) => path === GENUINE)).toEqual([false]);
});

test('a mismatching callback names another execution, then the right one arrives', async () => {
  const executionId = await played(stage, 'mismatching-callback');
  expect(stage.callbacks.map(said)).toMatchObject([{ executionId: `not-${executionId}` }, { executionId }]);
});

test('a big result is half a megabyte', async () => {
  await played(stage, 'big-result');
  expect(stage.callbacks[0]?.body.length).toBeGreaterThan(500_000);
});

test('a callback may leave its executionId out', async () => {
  await played(stage, 'callback', { callbacks: [{ names: 'none' }] });
  expect(said(stage.callbacks[0])).toEqual({ status: 'COMPLETED', result: { echo: {} } });
});
