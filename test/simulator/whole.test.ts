// The simulator as a whole: tokens, rate limit, latency, rates of fates, redelivery, closing.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemWorld } from '../../src/lib/world.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { idIn, openStage, QUICK, type Stage } from './stage.ts';

const CREDENTIALS = { grant_type: 'client_credentials', client_id: 'simulator', client_secret: 'simulator-secret' };

function askToken(stage: Stage, form: Record<string, string>, headers: Record<string, string> = {}) {
  return stage.call('/api/v2/oauth/token', { method: 'POST', body: new URLSearchParams(form), headers });
}

describe('tokens', () => {
  test('client credentials get a token with its lifetime and scopes', async () => {
    await using stage = await openStage({ tokenSeconds: 900 });
    const response = await askToken(stage, CREDENTIALS);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'dx:actions:execute dx:actions:read',
    });
  });

  test('HTTP Basic does as well', async () => {
    await using stage = await openStage({ clientId: 'a b', clientSecret: 'c:d+e' });
    const basic = Buffer.from('a%20b:c%3Ad%2Be').toString('base64');
    const grant = { grant_type: 'client_credentials' };
    expect((await askToken(stage, grant, { authorization: `Basic ${basic}` })).status).toBe(200);
  });

  test('wrong credentials are a 401, another grant a 400', async () => {
    await using stage = await openStage();
    expect((await askToken(stage, { ...CREDENTIALS, client_secret: 'wrong' })).status).toBe(401);
    expect((await askToken(stage, { ...CREDENTIALS, client_id: 'other' })).status).toBe(401);
    const other = await askToken(stage, { ...CREDENTIALS, grant_type: 'password' });
    expect([other.status, await other.json()]).toEqual([400, { error: 'unsupported_grant_type' }]);
  });

  test('no token, an unknown one, an expired one and a revoked one are a 401', async () => {
    const world = createManualWorld();
    await using stage = await openStage({ world, tokenSeconds: 60 });
    expect((await stage.call('/api/v2/dx/actions/a/executions/b')).status).toBe(401);
    expect((await stage.execute('one', 'lost-callback', { token: 'unknown' })).status).toBe(401);
    const token = await stage.token();
    expect((await stage.execute('two', 'lost-callback', { token })).status).toBe(200);
    await world.advance(60_000);
    expect((await stage.execute('three', 'lost-callback', { token })).status).toBe(401);
    const fresh = await stage.token();
    stage.simulator.revokeTokens();
    expect((await stage.execute('four', 'lost-callback', { token: fresh })).status).toBe(401);
    expect(stage.simulator.execution('four')).toMatchObject({ runs: 0, posts: [{ answer: 401 }] });
  });

  test('a token without the scope is a 403 that names the scope', async () => {
    await using stage = await openStage({ scope: 'dx:actions:read' });
    const response = await stage.execute('order');
    expect([response.status, await response.json()]).toEqual([
      403,
      { message: 'the access token lacks the scope dx:actions:execute' },
    ]);
    expect((await stage.poll('sim-0000')).status).toBe(404);
  });

  test('a token response may name no scopes; then all are granted', async () => {
    await using stage = await openStage({ scope: null });
    expect(await (await askToken(stage, CREDENTIALS)).json()).not.toHaveProperty('scope');
    expect((await stage.execute('order')).status).toBe(200);
  });
});

describe('rate limit', () => {
  test('beyond the rate limit a request gets a 429 with Retry-After, and is accepted later', async () => {
    const world = createManualWorld();
    await using stage = await openStage({ world, requestsPerSecond: 3 });
    // The token request counts too.
    const statuses: number[] = [];
    for (const id of ['a', 'b', 'c']) statuses.push((await stage.execute(id, 'lost-callback')).status);
    expect(statuses).toEqual([200, 200, 429]);
    const limited = await stage.execute('c', 'lost-callback');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    expect(stage.simulator.execution('c')).toMatchObject({ runs: 0, posts: [{ answer: 429 }, { answer: 429 }] });
    await world.advance(1000);
    expect((await stage.execute('c', 'lost-callback')).status).toBe(200);
    expect(stage.simulator.stats().answers.execute).toEqual({ 200: 3, 429: 2 });
  });

  test('Retry-After may be a date', async () => {
    const world = createManualWorld();
    await using stage = await openStage({ world, requestsPerSecond: 1, retryAfter: 'date' });
    const limited = await stage.execute('order');
    expect(limited.headers.get('retry-after')).toBe(new Date(world.now() + 1000).toUTCString());
  });
});

test('responses take their latency, and callbacks wait for the run, on an injected clock', async () => {
  const world = createManualWorld();
  await using stage = await openStage({ world, latencyMs: 400, runMs: 5_000 });
  const response = stage.execute('order');
  await expect.poll(() => world.sleepers).toBe(1);
  await world.advance(399);
  expect(stage.simulator.stats().inFlight).toBe(1);
  await world.advance(1);
  const executionId = await idIn(await response);
  await world.advance(4_999);
  expect(stage.callbacks).toEqual([]);
  await world.advance(1);
  await stage.simulator.quiet();
  expect(stage.callbacks).toHaveLength(1);
  expect(world.sleepers).toBe(0);
  expect(executionId).toMatch(/^sim-/);
});

describe('fates by rate', () => {
  const CORRELATION_IDS = Array.from({ length: 200 }, (_, n) => `order-${n}`);

  async function fatesOf(options: Partial<SimulatorOptions>, correlationIds: readonly string[]) {
    await using stage = await openStage({ runMs: 0, ...options });
    for (const id of correlationIds) await stage.execute(id);
    await stage.simulator.quiet();
    return new Map(stage.simulator.executions().map((record) => [record.correlationId, record]));
  }

  const rates = { 'lost-callback': 0.3, 'refused-422': 0.1 } as const;

  test('each fate occurs about as often as its rate, and the rest is called back', async () => {
    const records = [...(await fatesOf({ rates }, CORRELATION_IDS)).values()];
    const share = (fate: string) => records.filter((record) => record.fate === fate).length / records.length;
    expect(share('lost-callback')).toBeCloseTo(0.3, 0);
    expect(share('lost-callback')).toBeGreaterThan(0.2);
    expect(share('refused-422')).toBeGreaterThan(0.04);
    expect(share('callback')).toBeGreaterThan(0.5);
  });

  test('a seed repeats its choices and ids in any order; another seed chooses otherwise', async () => {
    const view = (records: Awaited<ReturnType<typeof fatesOf>>) =>
      CORRELATION_IDS.slice(0, 60).map((id) => [id, records.get(id)?.fate, records.get(id)?.executionIds]);
    const some = CORRELATION_IDS.slice(0, 60);
    const one = view(await fatesOf({ rates, seed: 'one' }, some));
    expect(view(await fatesOf({ rates, seed: 'one' }, some.toReversed()))).toEqual(one);
    expect(view(await fatesOf({ rates, seed: 'two' }, some))).not.toEqual(one);
  });

  test('a seed repeats them for ids that the receiver generated, by action and inputs', async () => {
    const view = async (seed: string, orders: readonly number[]) => {
      await using stage = await openStage({ runMs: 0, rates, seed });
      const ids = new Map<string, string>();
      for (const order of orders) {
        const id = systemWorld.id(systemWorld.now());
        // Two equal submissions are distinguished by their order, and a repetition is not another one.
        await stage.execute(id, undefined, { inputs: { order: Math.floor(order / 2), itself: id } });
        await stage.execute(id, undefined, { inputs: { order: Math.floor(order / 2), itself: id } });
        ids.set(`${order}`, id);
      }
      const found = [...ids].map(([order, id]) => [order, stage.simulator.execution(id)] as const);
      return found.map(([order, record]) => `${order} ${record?.fate} ${record?.executionIds}`);
    };
    const orders = Array.from({ length: 40 }, (_, n) => n);
    const one = await view('one', orders);
    expect(new Set(one.map((line) => line.split(' ').at(-1))).size).toBeGreaterThan(20);
    expect(await view('one', orders)).toEqual(one);
    expect(await view('two', orders)).not.toEqual(one);
  });

  test('inputs that choose a fate take precedence over the rates', async () => {
    await using stage = await openStage({ rates: { 'refused-422': 1 } });
    expect((await stage.execute('one', 'callback')).status).toBe(200);
    expect((await stage.execute('two')).status).toBe(422);
  });

  test('rates that add up to more than 1 are refused', () => {
    expect(() => createSimulator({ rates: { 'lost-callback': 0.7, 'poll-gone': 0.4 } })).toThrow(RangeError);
    expect(() => createSimulator({ rates: { 'lost-callback': Number.NaN } })).toThrow(RangeError);
  });
});

describe('callbacks', () => {
  test('each is recorded with its kind and its response', async () => {
    await using stage = await openStage({}, ({ path }) => (path.endsWith('89abcdef') ? [200, 'resolved'] : 404));
    await stage.execute('order', 'forged-callback');
    await stage.simulator.quiet();
    expect(stage.simulator.execution('order')?.callbacks).toMatchObject([
      { kind: 'another outcome json forged', answer: '404', attempt: 1 },
      { kind: 'outcome json', answer: '200 resolved', attempt: 1 },
    ]);
    expect(stage.simulator.stats().callbacks).toEqual({ 404: 1, '200 resolved': 1 });
  });

  test('one that gets no 2xx is not sent again, unless redelivery is configured', async () => {
    await using once = await openStage({}, () => 503);
    await once.execute('order');
    await once.simulator.quiet();
    expect(once.callbacks).toHaveLength(1);

    const world = createManualWorld();
    const dials = { world, redeliveries: 2, redeliveryMs: 1_000 };
    await using thrice = await openStage(dials, (_, nth) => (nth < 3 ? 503 : 200));
    await thrice.execute('order');
    for (const wait of [250, 1_000, 2_000]) {
      await expect.poll(() => world.sleepers).toBe(1);
      const count = thrice.callbacks.length;
      await world.advance(wait - 1);
      expect(thrice.callbacks).toHaveLength(count);
      await world.advance(1);
    }
    await thrice.simulator.quiet();
    expect(thrice.simulator.execution('order')?.callbacks).toMatchObject([
      { attempt: 1, answer: '503' },
      { attempt: 2, answer: '503' },
      { attempt: 3, answer: '200' },
    ]);
  });

  test('one to a closed port is recorded as "no answer"', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await using stage = await openStage();
    const context = { callbackUrl: `http://127.0.0.1:${port}/callback` };
    await stage.execute('order', undefined, { body: JSON.stringify({ context, asyncExecution: true }) });
    await stage.simulator.quiet();
    expect(stage.simulator.execution('order')?.callbacks).toMatchObject([{ answer: 'no answer' }]);
  });

  test('one to a silent server is abandoned', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await using stage = await openStage({ callbackTimeoutMs: 50 });
    const context = { callbackUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/callback` };
    await stage.execute('order', undefined, { body: JSON.stringify({ context, asyncExecution: true }) });
    await stage.simulator.quiet();
    expect(stage.simulator.stats().callbacks).toEqual({ 'no answer': 1 });
    silent.closeAllConnections();
    silent.close();
  });
});

test('a callback that gets no response on a reused connection is not sent twice', async () => {
  let taken = 0;
  const fallsSilent = createServer((request, response) => {
    taken += 1;
    if (taken === 1) request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(fallsSilent, 'listening');
  // Longer than a busy machine needs to read what has arrived.
  await using stage = await openStage({ callbackTimeoutMs: 500 });
  const context = { callbackUrl: `http://127.0.0.1:${(fallsSilent.address() as AddressInfo).port}/callback` };
  const inputs = { simulate: 'duplicate-callback' };
  await stage.execute('order', undefined, { body: JSON.stringify({ inputs, context, asyncExecution: true }) });
  await stage.simulator.quiet();
  expect(stage.simulator.execution('order')?.callbacks).toMatchObject([{ answer: '200' }, { answer: 'no answer' }]);
  expect(taken).toBe(2);
  fallsSilent.closeAllConnections();
  fallsSilent.close();
});

describe('closing', () => {
  test('close ends hanging calls and drops pending callbacks; no timer remains', async () => {
    const world = createManualWorld();
    const stage = await openStage({ world });
    await stage.execute('waiting');
    const hanging = expect(stage.execute('hanging', 'hang-lost')).rejects.toThrow();
    await expect.poll(() => stage.simulator.execution('hanging')?.posts[0]?.answer).toBe('hang');
    await stage[Symbol.asyncDispose]();
    await hanging;
    expect(world.sleepers).toBe(0);
    expect(stage.callbacks).toEqual([]);
    await expect(stage.call('/simulator/stats')).rejects.toThrow();
  });

  test('a listener may be closed and opened again: executions and callbacks outlive it', async () => {
    await using stage = await openStage();
    const { port, close } = await stage.simulator.listen();
    const executionId = await idIn(await stage.execute('order'));
    await close();
    await stage.simulator.quiet();
    expect(stage.callbacks).toHaveLength(1);
    const again = await stage.simulator.listen({ port });
    const token = await stage.token();
    const response = await fetch(`${again.url}/api/v2/dx/actions/charge/executions/${executionId}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await response.json()).toMatchObject({ status: 'COMPLETED' });
  });

  test('a port in use is an error', async () => {
    await using stage = await openStage();
    const port = Number(new URL(stage.base).port);
    await expect(createSimulator(QUICK).listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
