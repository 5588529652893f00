// The connections to apps are shared: no app has all of them, and every app has one.

import { expect, test } from 'vitest';
import type { DueLane } from '../../../src/store/outbox-port.ts';
import { createLanes, type Turn } from '../../../src/workers/notifier/lanes.ts';
import { createManualWorld } from '../../support/manual-world.ts';

function setUp() {
  const world = createManualWorld();
  const lane = (app: string, endpoint = 1, inMs = 0): DueLane => {
    return { app, origin: `https://hook-${endpoint}.example`, dueAt: world.now() + inMs };
  };
  return { world, lane, lanes: createLanes(world) };
}

const many = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
const sum = (turns: readonly Turn[]) => turns.reduce((total, { room }) => total + room, 0);
const roomsOf = (turns: readonly Turn[]) => turns.map(({ room }) => room);

test('one endpoint gets a few connections, however many notifications are due', () => {
  const { lanes, lane } = setUp();
  expect(roomsOf(lanes.turns([lane('shop')]))).toEqual([4]);
  expect(lanes.turns([lane('shop')])).toEqual([]);
});

test('one delivery in four is of what became due last', () => {
  const { lanes, lane } = setUp();
  const [turn] = lanes.turns([lane('shop')]) as [Turn];
  expect(turn).toMatchObject({ room: 4, newest: 1 });
  const next = many(8, () => {
    lanes.release(turn.lane, 1);
    return lanes.turns([lane('shop')])[0]?.newest;
  });
  expect(next).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
});

test('a returned connection can be used again', () => {
  const { lanes, lane } = setUp();
  const [turn] = lanes.turns([lane('shop')]) as [Turn];
  lanes.release(turn.lane, 3);
  expect(roomsOf(lanes.turns([lane('shop')]))).toEqual([3]);
});

test('an app with many endpoints gets no more than its share', () => {
  const { lanes, lane } = setUp();
  const greedy = many(200, (endpoint) => lane('greedy', endpoint));
  expect(sum(lanes.turns(greedy))).toBe(16);
});

test('many apps with many endpoints together stay within the total limit', () => {
  const { lanes, lane } = setUp();
  const found = many(20, (app) => many(10, (endpoint) => lane(`app-${app}`, endpoint))).flat();
  const turns = lanes.turns(found);
  expect(sum(turns)).toBeLessThanOrEqual(64);
  expect(new Set(turns.map(({ lane: { app } }) => app)).size).toBe(20);
});

test('an app that arrives when all connections are in use still gets one at once', () => {
  const { lanes, lane } = setUp();
  const first = many(4, (app) => many(4, (endpoint) => lane(`app-${app}`, endpoint))).flat();
  expect(sum(lanes.turns(first))).toBe(64);
  const turns = lanes.turns([...first, lane('late')]);
  expect(turns.map(({ lane: { app }, room }) => [app, room])).toEqual([['late', 1]]);
});

test('even with more apps than connections each app gets one', () => {
  const { lanes, lane } = setUp();
  const turns = lanes.turns(many(100, (app) => lane(`app-${app}`)));
  expect(roomsOf(turns)).toEqual(many(100, () => 1));
});

test('the endpoints of one app take turns', () => {
  const { lanes, lane } = setUp();
  const found = many(40, (endpoint) => lane('shop', endpoint));
  const seen = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    for (const turn of lanes.turns(found)) {
      seen.add(turn.lane.origin);
      lanes.release(turn.lane, turn.room);
    }
  }
  expect(seen.size).toBe(40);
});

test('a failing endpoint gets nothing, and the other endpoints of its app get their usual share', () => {
  const { lanes, lane } = setUp();
  const dead = many(10, (endpoint) => lane('shop', endpoint));
  for (const turn of lanes.turns(dead)) {
    lanes.release(turn.lane, turn.room);
    for (let i = 0; i < 5; i += 1) turn.lane.breaker.failed(0, true);
  }
  const well = lane('shop', 11);
  expect(lanes.turns([...dead, well]).map(({ lane: { origin }, room }) => [origin, room])).toEqual([[well.origin, 4]]);
});

test('a failing endpoint is reported with its reason and its next probe, until it works', () => {
  const { lanes, lane } = setUp();
  const [turn] = lanes.turns([lane('shop'), lane('other')]) as [Turn];
  const { app, origin, breaker } = turn.lane;
  for (let i = 0; i < 5; i += 1) breaker.failed(0, true);
  turn.lane.failure = 'answered 503';
  turn.lane.openSince = 0;
  const reported = { app, origin, failure: 'answered 503', failures: 5, since: 0, probeInMs: 30_000 };
  expect(lanes.openCircuits()).toEqual([reported]);
  breaker.succeeded();
  expect(lanes.openCircuits()).toEqual([]);
});

test('the next turn is when a notification falls due or an endpoint may be tried again, whichever is first', () => {
  const { lanes, lane } = setUp();
  const [turn] = lanes.turns([lane('shop')]) as [Turn];
  for (let i = 0; i < 5; i += 1) turn.lane.breaker.failed(0, true);
  lanes.release(turn.lane, turn.room);
  expect(lanes.nextTurn([lane('shop'), lane('other', 2, 45_000)])).toBe(30_000);
  expect(lanes.nextTurn([lane('shop'), lane('other', 2, 12_000)])).toBe(12_000);
});

test('while every due notification is in progress the only next turn is the end of one', () => {
  const { lanes, lane } = setUp();
  lanes.turns([lane('shop')]);
  expect(lanes.nextTurn([lane('shop')])).toBeNull();
  expect(lanes.nextTurn([])).toBeNull();
});

test('a paused lane gets no turn, and keeps its open circuit for the time after the pause', () => {
  const { lanes, lane } = setUp();
  const due = [lane('shop'), lane('bank')];
  for (const { lane: one } of lanes.turns(due)) {
    lanes.release(one, 4);
    if (one.app === 'shop') for (let i = 0; i < 5; i += 1) one.breaker.failed(0, false);
  }
  const isPaused = ({ app }: Pick<DueLane, 'app'>) => app === 'shop';
  expect(lanes.turns(due, isPaused).map((turn) => turn.lane.app)).toEqual(['bank']);
  expect(lanes.nextTurn([lane('shop')], isPaused)).toBeNull();
  expect(lanes.openCircuits()).toEqual([expect.objectContaining({ app: 'shop', failures: 5 })]);
});

test('circuits that another receiver has opened stay open until their probes, and close as its own', async () => {
  const { world, lanes, lane } = setUp();
  const [failing] = lanes.turns([lane('of-before')]) as [Turn];
  for (let n = 0; n < 5; n += 1) failing.lane.breaker.failed(0, true);
  lanes.release(failing.lane, failing.room);
  const circuit = { app: 'shop', origin: 'https://hook-1.example', failure: 'down', failures: 7, since: 5 };
  lanes.continueFrom([{ ...circuit, probeInMs: 20_000 }]);
  expect(lanes.openCircuits()).toEqual([{ ...circuit, probeInMs: 20_000 }]);
  // What this receiver knew of earlier is not known any more.
  expect(roomsOf(lanes.turns([lane('shop'), lane('of-before')]))).toEqual([4]);
  expect(lanes.nextTurn([lane('shop')])).toBe(20_000);
  await world.advance(20_000);
  const [probe] = lanes.turns([lane('shop')]) as [Turn];
  expect(probe).toMatchObject({ room: 1, probe: true });
  probe.lane.breaker.failed(0, true);
  // Longer than after the sixth failure in a row.
  expect(probe.lane.breaker.remainingMs()).toBeGreaterThanOrEqual(120_000);
  probe.lane.breaker.succeeded();
  expect(lanes.openCircuits()).toEqual([]);
});
