// The client reports within 5 s that the receiver does not answer, whatever the app waits for, and when it answers again.

import { describe, expect, test } from 'vitest';
import { type Reachability, ReceiverError } from '../../src/client/client.ts';
import { against, ENDED, execution, NETWORK_ERROR, problem, response, type Sent } from './harness.ts';

type Answer = Response | Error | 'hang';

/** A receiver that answers calls and checks as the test sets it. */
function watched(first: { call: Answer; check: Answer }) {
  const now = { ...first };
  const reports: Reachability[] = [];
  const reply = async ({ path, signal }: Sent): Promise<Response> => {
    const answer = path === '/livez' ? now.check : now.call;
    if (answer instanceof Response) return answer.clone();
    if (answer instanceof Error) throw answer;
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  const scene = against([reply], { onReachabilityChange: (report) => void reports.push(report) });
  const start = scene.world.now();
  /** The reports so far: how long after the start, and whether it is reachable. */
  const seen = () => reports.map(({ since, isReachable }) => [since - start, isReachable]);
  return { ...scene, now, reports, seen };
}

const ALIVE = response(200, { status: 'ok' });
const RESULT = response(200, execution(ENDED));

describe('a receiver that does not answer is reported within 5 s', () => {
  test.for([
    ['a call', (one) => one.get('order-1')],
    ['a submission', (one) => one.submit({ actionId: 'charge' })],
    ['a held call', (one) => one.get('order-1', { waitSeconds: 50 })],
    ['a wait for the outcome', (one) => one.submitAndWait({ actionId: 'charge' })],
    ['a list', (one) => one.list().next()],
    ['a stream', (one) => one.events()[Symbol.asyncIterator]().next()],
    ['a replay', (one) => one.replayNotification('msg_1')],
  ] as const satisfies readonly (readonly [string, (one: ReturnType<typeof watched>['client']) => Promise<unknown>])[])(
    'when the connection stays silent: %s',
    async ([, call]) => {
      const { client, world, seen, reports } = watched({ call: 'hang', check: 'hang' });
      call(client).catch(() => {});
      for (let steps = 0; steps < 50; steps += 1) await world.advance(100);
      expect(seen()).toEqual([[4_500, false]]);
      expect(reports[0]?.reason).toBe('GET /livez: nothing arrived within 2000 ms');
    },
  );

  test('when the connection fails: at once', async () => {
    const { client, world, seen, reports } = watched({ call: NETWORK_ERROR, check: NETWORK_ERROR });
    client.get('order-1').catch(() => {});
    await world.advance(100);
    expect(seen()).toEqual([[0, false]]);
    expect(reports[0]?.reason).toContain('ECONNREFUSED');
  });

  test('when a gateway answers in its place', async () => {
    const { client, world, seen } = watched({ call: new Response('<html>', { status: 502 }), check: ALIVE });
    client.get('order-1').catch(() => {});
    await world.advance(0);
    expect(seen()[0]).toEqual([0, false]);
  });

  test('when it becomes silent while a stream is open', async () => {
    const events = new Response(new ReadableStream({ start: (to) => to.enqueue(new TextEncoder().encode(':\n\n')) }));
    const { client, world, now, seen } = watched({ call: events, check: ALIVE });
    const next = client.events()[Symbol.asyncIterator]().next();
    next.catch(() => {});
    for (let steps = 0; steps < 20; steps += 1) await world.advance(1_000);
    expect(seen()).toEqual([]);
    now.check = 'hang';
    for (let steps = 0; steps < 50; steps += 1) await world.advance(100);
    expect(seen()).toHaveLength(1);
    expect(seen()[0]?.[1]).toBe(false);
    expect(Number(seen()[0]?.[0])).toBeLessThanOrEqual(25_000);
  });
});

describe('it is not reported', () => {
  test('while the receiver holds a response and answers checks', async () => {
    const { client, world, sent, seen } = watched({ call: 'hang', check: ALIVE });
    client.get('order-1', { waitSeconds: 50 }).catch(() => {});
    for (let steps = 0; steps < 30; steps += 1) await world.advance(1_000);
    expect(seen()).toEqual([]);
    expect(sent.filter(({ path }) => path === '/livez').length).toBeGreaterThan(9);
  });

  test('for a refusal, which is an answer', async () => {
    const { client, seen } = watched({ call: problem('not-found', 404), check: ALIVE });
    await expect(client.get('order-1')).rejects.toMatchObject({ code: 'not-found' });
    expect(seen()).toEqual([]);
  });

  test('for a call that the app ends', async () => {
    const { client, world, seen } = watched({ call: 'hang', check: 'hang' });
    const end = new AbortController();
    const call = client.get('order-1', { signal: end.signal });
    await world.advance(1_000);
    end.abort();
    await expect(call).rejects.toThrow('aborted');
    for (let steps = 0; steps < 10; steps += 1) await world.advance(1_000);
    expect(seen()).toEqual([]);
  });

  test('and no check is sent, unless someone listens', async () => {
    const { client, world, sent } = against(['hang']);
    client.get('order-1').catch(() => {});
    for (let steps = 0; steps < 20; steps += 1) await world.advance(1_000);
    expect(sent.map(({ path }) => path)).toEqual(['/v1/executions/order-1']);
  });
});

test('the recovery is reported once, and the call has its result', async () => {
  const { client, settled, now, seen, world } = watched({ call: NETWORK_ERROR, check: NETWORK_ERROR });
  const call = client.get('order-1');
  await world.advance(0);
  now.call = RESULT;
  now.check = ALIVE;
  expect(await settled(call)).toMatchObject(ENDED);
  expect(seen().map(([, isReachable]) => isReachable)).toEqual([false, true]);
  expect(await client.get('order-1')).toMatchObject(ENDED);
  expect(seen()).toHaveLength(2);
});

describe('ready', () => {
  test('resolves with what the receiver states', async () => {
    const { client, sent } = against([response(200, { ready: true, notReady: [] })]);
    expect(await client.ready()).toEqual({ ready: true, notReady: [] });
    expect(sent[0]).toMatchObject({ method: 'GET', path: '/readyz' });
  });

  test('rejects at once, without a repetition, when the receiver is not ready or cannot be reached', async () => {
    for (const [reply, code] of [
      [problem('not-ready', 503), 'not-ready'],
      [NETWORK_ERROR, 'no-answer'],
    ] as const) {
      const { client, sent } = against([reply]);
      await expect(client.ready()).rejects.toMatchObject({ code });
      expect(sent).toHaveLength(1);
    }
  });

  test('rejects within 5 s when nothing arrives', async () => {
    const { client, settled, world } = against(['hang']);
    const before = world.now();
    const error = await settled(client.ready()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ReceiverError);
    expect(error).toMatchObject({ code: 'no-answer', message: 'The receiver sent no response within 4.5 s' });
    expect(world.now() - before).toBeLessThanOrEqual(5_000);
  });
});
