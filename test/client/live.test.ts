// Following executions: whatever happens to the connection, every event arrives once and in order.

import { expect, test } from 'vitest';
import type { LiveEvent } from '../../src/client/client.ts';
import { against, NETWORK_ERROR, problem, type Scene } from './harness.ts';

type Ending = 'ends' | 'breaks' | 'stays';

/** A stream that sends this text and then ends, breaks or stays silent. */
function stream(pieces: readonly string[], ending: Ending = 'ends') {
  return ({ signal }: { signal: AbortSignal | null }) =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
          if (ending === 'ends') controller.close();
          else signal?.addEventListener('abort', () => controller.error(signal.reason));
        },
        pull: (controller) => {
          if (ending === 'breaks') controller.error(new TypeError('terminated'));
        },
      }),
    );
}

const event = (id: number) => `id: ${id}\nevent: ACCEPTED\ndata: {"id":${id},"terminalStatus":null}\n\n`;

async function take({ settled }: Scene, events: AsyncIterable<LiveEvent>, count: number, stepMs?: number) {
  const taken: number[] = [];
  const taking = async () => {
    for await (const { id } of events) if (taken.push(id) === count) break;
  };
  await settled(taking(), stepMs);
  return taken;
}

test.for(['ends', 'breaks'] as const)('a stream that %s is resumed after the last event', async (ending) => {
  const scene = against([stream([event(3), event(4).slice(0, -9)], ending), stream([event(4), event(5)], 'stays')]);
  expect(await take(scene, scene.client.events(), 3)).toEqual([3, 4, 5]);
  const { sent } = scene;
  expect(sent.map(({ path }) => path)).toEqual(['/v1/events', '/v1/events']);
  expect(sent.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '3']);
  expect(sent[0]?.headers.get('accept')).toBe('text/event-stream');
});

test('one execution has its own stream, and any stream may begin after a known event', async () => {
  const scene = against([stream([event(8)])]);
  const events = scene.client.events({ correlationId: 'order-1', lastEventId: 7 });
  expect(await take(scene, events, 1)).toEqual([8]);
  expect(scene.sent[0]?.path).toBe('/v1/executions/order-1/events');
  expect(scene.sent[0]?.headers.get('last-event-id')).toBe('7');
});

test('an id without an event is a position to resume from, so that a quiet stream misses nothing', async () => {
  const scene = against([stream(['id: 41\n\n']), stream([event(42)], 'stays')]);
  expect(await take(scene, scene.client.events(), 1)).toEqual([42]);
  expect(scene.sent[1]?.headers.get('last-event-id')).toBe('41');
});

test('the receiver sets the delay before the next connection', async () => {
  const scene = against([stream(['retry: 4000\n\n', event(1)]), stream([event(2)], 'stays')]);
  await take(scene, scene.client.events(), 2);
  const [first, second] = scene.sent.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(4000);
});

test('a receiver that is unavailable, restarts or has no room for a stream is retried until it is back', async () => {
  const scene = against([
    ...Array.from({ length: 10 }, () => NETWORK_ERROR),
    problem('draining', 503, { 'retry-after': '10' }),
    problem('too-many-streams', 429, { 'retry-after': '20' }),
    stream([event(1)], 'stays'),
  ]);
  expect(await take(scene, scene.client.events(), 1)).toEqual([1]);
  expect((scene.sent[12]?.at ?? 0) - (scene.sent[11]?.at ?? 0)).toBeGreaterThanOrEqual(20_000);
});

test('a gateway without a response does not end a stream', async () => {
  const gateway = [408, 502, 504, 520, 521, 522, 523, 524, 530].map((status) => new Response('<html>', { status }));
  const scene = against([stream([event(1)]), ...gateway, stream([event(2)], 'stays')]);
  expect(await take(scene, scene.client.events(), 2)).toEqual([1, 2]);
  expect(scene.sent.at(-1)?.headers.get('last-event-id')).toBe('1');
});

test('the caller limits the connections in a row that bring nothing', async () => {
  const lost = () => new Response('<html>', { status: 520 });
  const scene = against([lost(), lost(), stream([event(1)]), lost(), lost(), lost()]);
  await expect(take(scene, scene.client.events({ attempts: 3 }), 2)).rejects.toMatchObject({
    code: 'unexpected-answer',
    status: 520,
  });
  expect(scene.sent).toHaveLength(6);
  const empty = against([stream([])]);
  await expect(take(empty, empty.client.events({ attempts: 2 }), 1)).rejects.toMatchObject({ code: 'no-answer' });
  expect(empty.sent).toHaveLength(2);
});

test('a connection without a heartbeat is dead, and is replaced', async () => {
  const scene = against([stream([event(1)], 'stays'), stream([event(2)], 'stays')]);
  expect(await take(scene, scene.client.events(), 2, 1000)).toEqual([1, 2]);
  expect((scene.sent[1]?.at ?? 0) - (scene.sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(45_000);
  expect(scene.sent[0]?.signal?.aborted).toBe(true);
});

test.for([
  ['events-pruned', 410],
  ['not-found', 404],
  ['invalid-header', 400],
  ['unauthorized', 401],
] as const)('%s (%i) is reported, because a new connection would not help', async ([code, status]) => {
  const scene = against([stream([event(1)]), problem(code, status)]);
  await expect(take(scene, scene.client.events(), 2)).rejects.toMatchObject({ code, status });
  expect(scene.sent).toHaveLength(2);
});

test('leaving the loop closes the connection, and no timer remains', async () => {
  const scene = against([stream([event(1)], 'stays')]);
  await take(scene, scene.client.events(), 1);
  expect(scene.sent[0]?.signal?.aborted).toBe(true);
  expect(scene.world.sleepers).toBe(0);
});

test('a signal ends it with its reason, also while it is silent', async () => {
  const scene = against([stream([], 'stays')]);
  const caller = new AbortController();
  const end = expect(take(scene, scene.client.events({ signal: caller.signal }), 1)).rejects.toBe('enough');
  await scene.world.settle();
  caller.abort('enough');
  await end;
});

test('characters that the network splits arrive whole', async () => {
  const bytes = new TextEncoder().encode('id: 1\ndata: {"id":"grüß"}\n\n');
  const halves = [bytes.slice(0, 21), bytes.slice(21)];
  const scene = against([
    () =>
      new Response(
        new ReadableStream({
          start: (controller) => {
            for (const half of halves) controller.enqueue(half);
          },
        }),
      ),
  ]);
  expect(await take(scene, scene.client.events(), 1)).toEqual(['grüß']);
});
