// The control endpoints, as a test in another language uses them.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/simulator/fates/catalogue.ts';
import { createManualWorld, type ManualWorld } from '../support/manual-world.ts';
import { openStage, type Stage } from './stage.ts';

let world: ManualWorld;
let stage: Stage;
beforeEach(async () => {
  world = createManualWorld();
  stage = await openStage({ world });
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const get = async (path: string): Promise<unknown> => (await stage.call(path)).json();

const post = (path: string, body?: unknown) =>
  stage.call(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });

test('GET /simulator lists the control endpoints', async () => {
  const help = await (await stage.call('/simulator')).text();
  for (const path of ['stats', 'executions', 'fates', 'outage', 'revoke-tokens', 'reset']) {
    expect(help).toContain(`/simulator/${path}`);
  }
});

test('GET /simulator/stats returns the sums', async () => {
  await stage.execute('one');
  await stage.execute('two', 'refused-422');
  await stage.poll('sim-0000');
  await world.advance(500);
  await stage.simulator.quiet();
  expect(await get('/simulator/stats')).toEqual({
    requests: { token: 1, execute: 2, poll: 1 },
    answers: { token: { 200: 1 }, execute: { 200: 1, 422: 1 }, poll: { 404: 1 } },
    callbacks: { 200: 1 },
    pendingCallbacks: 0,
    correlationIds: 2,
    runs: 1,
    inFlight: 0,
    inFlightPeak: 1,
  });
});

test('GET /simulator/executions has the posts, runs, polls and callbacks of each correlation id', async () => {
  const response = (await (await stage.execute('one')).json()) as { executionId: string };
  await world.advance(500);
  await stage.simulator.quiet();
  await stage.poll(response.executionId);
  const at = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
  const { executionId } = response;
  const record = {
    correlationId: 'one',
    actionId: 'charge',
    fate: 'callback',
    runs: 1,
    executionIds: [executionId],
    endsAt: at,
    posts: [{ at, answer: 200 }],
    polls: [{ at, answer: 200 }],
    callbacks: [{ at, executionId, kind: 'outcome json', attempt: 1, answer: '200' }],
  };
  expect(await get('/simulator/executions')).toEqual({ items: [record] });
  expect(await get('/simulator/executions/one')).toEqual(record);
  expect((await stage.call('/simulator/executions/two')).status).toBe(404);
});

test('GET /simulator/fates is the catalogue', async () => {
  const { items } = (await get('/simulator/fates')) as { items: { fate: string }[] };
  expect(items.map(({ fate }) => fate)).toEqual(catalogue.map(({ fate }) => fate));
});

describe('POST /simulator/outage', () => {
  test('gives every call the same response until it ends, and nothing runs', async () => {
    await stage.execute('before');
    expect((await post('/simulator/outage', { answer: 503, seconds: 10 })).status).toBe(200);
    expect((await stage.execute('during')).status).toBe(503);
    expect((await stage.poll('any')).status).toBe(503);
    expect((await stage.call('/api/v2/oauth/token', { method: 'POST' })).status).toBe(503);
    expect(stage.simulator.execution('during')).toMatchObject({ runs: 0, posts: [{ answer: 503 }] });
    await world.advance(9_999);
    expect((await stage.execute('during')).status).toBe(503);
    await world.advance(1);
    expect((await stage.execute('during')).status).toBe(200);
  });

  test('may reset connections, of some calls only, and be ended early', async () => {
    await stage.execute('before');
    await post('/simulator/outage', { answer: 'reset', seconds: 3600, calls: ['execute'] });
    await expect(stage.execute('during')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect((await stage.poll('sim-0000')).status).toBe(404);
    await post('/simulator/outage', { answer: 'reset', seconds: 0 });
    expect((await stage.execute('during')).status).toBe(200);
  });

  test.for([
    [{ answer: 'sleep', seconds: 1 }, 'answer'],
    [{ answer: 503 }, 'seconds'],
    [{ answer: 503, seconds: -1 }, 'seconds'],
    [{ answer: 503, seconds: 1, calls: ['dance'] }, 'calls.0'],
    [{ answer: 503, seconds: 1, until: 'tomorrow' }, 'until'],
    ['no object', 'the body'],
  ] as const)('refuses %j', async ([body, hint]) => {
    const response = await post('/simulator/outage', body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { message: string }).message).toContain(hint);
  });
});

test('POST /simulator/revoke-tokens makes every token a 401', async () => {
  await stage.execute('before');
  await post('/simulator/revoke-tokens');
  expect((await stage.execute('after')).status).toBe(401);
});

test('POST /simulator/reset deletes all state and drops pending callbacks', async () => {
  await stage.execute('one', { runMs: 3_600_000 });
  await post('/simulator/outage', { answer: 503, seconds: 3600 });
  expect((await post('/simulator/reset')).status).toBe(200);
  await stage.simulator.quiet();
  expect(await get('/simulator/stats')).toMatchObject({
    correlationIds: 0,
    runs: 0,
    pendingCallbacks: 0,
    callbacks: {},
  });
  expect(await get('/simulator/executions')).toEqual({ items: [] });
  expect((await stage.execute('one')).status).toBe(401);
  expect((await stage.execute('one', undefined, { token: await stage.token() })).status).toBe(200);
});

test('any other path is a 404 that names the control endpoints', async () => {
  const response = await stage.call('/nowhere');
  expect([response.status, await response.json()]).toEqual([404, { message: expect.stringContaining('/simulator') }]);
});

test('POST /simulator/executions/{correlationId}/release sends the callbacks that are held back, and no earlier', async () => {
  await stage.execute('one', { runMs: 0, callbacks: [{ held: true }] });
  await stage.execute('two', { runMs: 0, callbacks: [{ held: true }] });
  await world.advance(86_400_000);
  expect(stage.callbacks).toEqual([]);
  expect((await post('/simulator/executions/one/release')).status).toBe(200);
  await expect.poll(() => stage.callbacks.length).toBe(1);
  expect(stage.simulator.stats()).toMatchObject({ pendingCallbacks: 1 });
});
