// The effect of each fate of submissions on a plain client.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { idIn, openStage, type Stage } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

test.for([400, 403, 404, 422])('refused-%i: refused for good, and nothing runs', async (status) => {
  for (let n = 0; n < 2; n += 1) {
    const response = await stage.execute('order', `refused-${status}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message: expect.stringContaining(String(status)) });
  }
  expect(stage.simulator.execution('order')).toMatchObject({
    runs: 0,
    posts: [{ answer: status }, { answer: status }],
  });
});

test('unauthorized-once: 401 once, then accepted', async () => {
  expect((await stage.execute('order', 'unauthorized-once')).status).toBe(401);
  expect((await stage.execute('order', 'unauthorized-once')).status).toBe(200);
  expect(stage.simulator.execution('order')).toMatchObject({ runs: 1, posts: [{ answer: 401 }, { answer: 200 }] });
});

test('rate-limited: 429 with Retry-After in seconds, then accepted', async () => {
  const refusal = await stage.execute('order', 'rate-limited');
  expect([refusal.status, refusal.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await stage.execute('order', 'rate-limited')).status).toBe(200);
  expect(stage.simulator.execution('order')).toMatchObject({ runs: 1, posts: [{ answer: 429 }, { answer: 200 }] });
});

test('rate-limited-until: the Retry-After is a date, a second ahead at least', async () => {
  const asked = stage.world.now();
  const refusal = await stage.execute('order', 'rate-limited-until');
  const date = refusal.headers.get('retry-after') ?? '';
  expect(date).toMatch(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/);
  expect(Date.parse(date)).toBeGreaterThanOrEqual(asked + 1000);
  expect((await stage.execute('order', 'rate-limited-until')).status).toBe(200);
});

test('unavailable-once: 503, then accepted', async () => {
  expect((await stage.execute('order', 'unavailable-once')).status).toBe(503);
  expect((await stage.execute('order', 'unavailable-once')).status).toBe(200);
  expect(stage.simulator.execution('order')?.runs).toBe(1);
});

test('error-500-retried: 500 without running, then accepted', async () => {
  expect((await stage.execute('order', 'error-500-retried')).status).toBe(500);
  expect(stage.simulator.execution('order')?.runs).toBe(0);
  expect((await stage.execute('order', 'error-500-retried')).status).toBe(200);
});

describe('an uncertain response', () => {
  const outcomeOf = async (correlationId: string, fate: string): Promise<number | string> => {
    const impatient = new AbortController();
    const outcome = stage.execute(correlationId, fate, { signal: impatient.signal }).then(
      ({ status }) => status,
      (error: Error & { cause?: { code?: string } }) => error.cause?.code ?? error.name,
    );
    if (fate.startsWith('hang')) {
      await eventually(() => stage.simulator.execution(correlationId)?.posts.at(-1)?.answer === 'hang');
      impatient.abort();
    }
    return outcome;
  };

  test.for([
    ['error-500-adopted', 500, 1, 1],
    ['error-500-lost', 500, 0, 0],
    ['reset-adopted', 'ECONNRESET', 1, 1],
    ['reset-lost', 'ECONNRESET', 1, 0],
    ['reset-adopted-by-progress', 'ECONNRESET', 1, 1],
    ['hang-adopted', 'AbortError', 1, 1],
    ['hang-lost', 'AbortError', 1, 0],
  ] as const)('%s: the client sees %s, it runs %i times and calls back %i times', async ([fate, seen, runs, calls]) => {
    expect(await outcomeOf('order', fate)).toBe(seen);
    await stage.simulator.quiet();
    expect(stage.simulator.execution('order')?.runs).toBe(runs);
    expect(stage.callbacks).toHaveLength(calls);
  });

  test('a hang ends when the client disconnects, and is counted as one', async () => {
    await outcomeOf('order', 'hang-lost');
    await expect.poll(() => stage.simulator.stats().inFlight).toBe(0);
    expect(stage.simulator.stats().answers.execute).toEqual({ hang: 1 });
    expect(stage.simulator.execution('order')?.posts).toMatchObject([{ answer: 'hang' }]);
  });

  test('a second POST of an execution runs it again under another id, so that a double charge shows', async () => {
    await outcomeOf('order', 'reset-adopted');
    await outcomeOf('order', 'reset-adopted');
    const record = stage.simulator.execution('order');
    expect(record).toMatchObject({ runs: 2, posts: [{ answer: 'reset' }, { answer: 'reset' }] });
    expect(new Set(record?.executionIds).size).toBe(2);
  });
});

test.for(['bare-acceptance', 'bare-acceptance-lost'])('%s: a 202 without an executionId', async (fate) => {
  const response = await stage.execute('order', fate);
  expect([response.status, await response.json()]).toEqual([202, { status: 'ACCEPTED' }]);
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(fate === 'bare-acceptance' ? 1 : 0);
});

test('html-acceptance: a 200 that is a web page, and a callback', async () => {
  const response = await stage.execute('order', 'html-acceptance');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html']);
  expect(await response.text()).toContain('<p>');
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(1);
});

test('the response to a submission may have no body', async () => {
  const response = await stage.execute('order', { submits: [{ answer: 204 }] });
  expect([response.status, await response.text()]).toEqual([204, '']);
});

test('answered-at-once, failed-at-once: the response has the outcome, and no callback is sent', async () => {
  const completed = await (await stage.execute('one', 'answered-at-once')).json();
  const failed = await (await stage.execute('two', 'failed-at-once')).json();
  expect(completed).toMatchObject({ status: 'COMPLETED', result: { echo: {} }, executionId: expect.any(String) });
  expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'SIMULATED_FAILURE' } });
  expect(stage.simulator.stats().pendingCallbacks).toBe(0);
});

describe('a malformed execute is refused with a 400 that names the fault', () => {
  const body = (change: object) =>
    JSON.stringify({ inputs: {}, context: { callbackUrl: 'http://127.0.0.1/x' }, asyncExecution: true, ...change });

  test.for([
    ['{', 'not JSON'],
    ['[]', 'not a JSON object'],
    [body({ inputs: [] }), 'inputs'],
    [body({ asyncExecution: false }), 'asyncExecution'],
    [body({ asyncExecution: undefined }), 'asyncExecution'],
    [body({ context: {} }), 'context.callbackUrl'],
    [body({ context: { callbackUrl: 'file:///etc/passwd' } }), 'context.callbackUrl'],
    [body({ inputs: { simulate: 7 } }), 'inputs.simulate'],
    [body({ inputs: { simulate: 'no-such-fate' } }), 'no-such-fate'],
    [body({ inputs: { simulate: { runMs: -1 } } }), 'inputs.simulate.runMs'],
    [body({ inputs: { simulate: { polls: [] } } }), 'inputs.simulate.polls'],
    [body({ inputs: { simulate: { submits: [{ answer: 'maybe' }] } } }), 'inputs.simulate.submits.0.answer'],
    [body({ inputs: { simulate: { fatal: true } } }), 'fatal'],
  ])('%s', async ([malformed = '', hint = '']) => {
    const response = await stage.execute('order', undefined, { body: malformed });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { message: string }).message).toContain(hint);
    expect(stage.simulator.execution('order')?.runs).toBe(0);
  });
});

test('a client that sends no correlation id is served, and kept apart from others', async () => {
  const post = async () =>
    stage.call('/api/v2/dx/actions/charge/execute', {
      method: 'POST',
      headers: { authorization: `Bearer ${await stage.token()}` },
      body: JSON.stringify({ context: { callbackUrl: stage.callbackUrl }, asyncExecution: true }),
    });
  expect(await idIn(await post())).not.toBe(await idIn(await post()));
});
