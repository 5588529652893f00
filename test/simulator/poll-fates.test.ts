// The effect of each fate of polls on a plain client.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseJson } from '../../src/execution/json.ts';
import { eventually } from '../support/eventually.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { idIn, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const ended = async (fate: string) => idIn(await stage.execute(fate, { fate, runMs: 0 }));

test('poll-errors: two polls get a 500, the third the result', async () => {
  const executionId = await ended('poll-errors');
  const answers: number[] = [];
  for (let n = 0; n < 4; n += 1) answers.push((await stage.poll(executionId)).status);
  expect(answers).toEqual([500, 500, 200, 200]);
  expect(stage.simulator.execution('poll-errors')?.polls.map(({ answer }) => answer)).toEqual(answers);
});

test('poll-reset: the first poll is reset, the second gets the result', async () => {
  const executionId = await ended('poll-reset');
  await expect(stage.poll(executionId)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'COMPLETED' });
});

test('poll-hang: the first poll gets no response, the second gets the result', async () => {
  const executionId = await ended('poll-hang');
  const token = await stage.token();
  const impatient = new AbortController();
  const unanswered = stage.call(`/api/v2/dx/actions/charge/executions/${executionId}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: impatient.signal,
  });
  await eventually(() => stage.simulator.execution('poll-hang')?.polls[0]?.answer === 'hang');
  impatient.abort();
  await expect(unanswered).rejects.toMatchObject({ name: 'AbortError' });
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'COMPLETED' });
});

test('poll-gone: a 404, however often', async () => {
  const executionId = await ended('poll-gone');
  expect((await stage.poll(executionId)).status).toBe(404);
  expect((await stage.poll(executionId)).status).toBe(404);
  expect(stage.callbacks).toEqual([]);
});

test('gone-then-callback: polls get a 404, and yet the callback comes', async () => {
  const executionId = await idIn(await stage.execute('order', 'gone-then-callback'));
  expect((await stage.poll(executionId)).status).toBe(404);
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(1);
});

test('slow-run: polls find it running, then completed', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world });
  const executionId = await idIn(await stage.execute('order', 'slow-run'));
  expect(await (await stage.poll(executionId)).json()).toEqual({ executionId, status: 'RUNNING' });
  await world.advance(5_000);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'COMPLETED' });
});

test('never-ends: polls find it running for ever', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world });
  const executionId = await idIn(await stage.execute('order', 'never-ends'));
  await world.advance(3_500_000);
  expect(await (await stage.poll(executionId)).json()).toMatchObject({ status: 'RUNNING' });
  expect(stage.callbacks).toEqual([]);
});

test.for([
  ['big-integers', 1],
  ['big-integers-polled', 0],
] as const)('%s: an id and a result that a double cannot hold keep every digit', async ([fate, callbacks]) => {
  const response = await (await stage.execute(fate, fate)).text();
  const digits = /"executionId":(\d+),/.exec(response)?.[1] ?? '';
  expect(BigInt(digits)).toBeGreaterThan(2n ** 53n);
  expect(String(Number(digits))).not.toBe(digits);
  await stage.world.sleep(400);
  await stage.simulator.quiet();
  const outcome = await (await stage.poll(digits)).text();
  expect(outcome).toContain(`"executionId":${digits},`);
  expect(outcome).toContain('"order":9007199254740993');
  expect(outcome).toContain('"serial":18446744073709551615');
  expect(stage.callbacks.map(({ body }) => body)).toEqual(Array.from({ length: callbacks }, () => outcome));
});

test('integers over 2^53 in the inputs come back in the echo as they were sent', async () => {
  const body = `{"inputs":{"account":9007199254740993},"context":{"callbackUrl":"${stage.callbackUrl}"},"asyncExecution":true}`;
  await stage.execute('order', undefined, { body });
  await stage.simulator.quiet();
  expect(stage.callbacks[0]?.body).toContain('"account":9007199254740993');
  expect(parseJson(stage.callbacks[0]?.body ?? '')).toMatchObject({ status: 'COMPLETED' });
});

test('an unknown execution, or one of another action, is a 404', async () => {
  const executionId = await ended('lost-callback');
  expect((await stage.poll('sim-0000')).status).toBe(404);
  expect((await stage.poll(executionId, 'refund')).status).toBe(404);
  expect((await stage.poll(executionId)).status).toBe(200);
});
