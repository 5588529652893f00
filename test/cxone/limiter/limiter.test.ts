// The limiter: never more than CXone allows, never less than it must be, fair, and quiet when there is nothing to do.

import { describe, expect, test } from 'vitest';
import { createLimiter, type Limiter } from '../../../src/cxone/limiter/limiter.ts';
import type { Permit, RequestKind } from '../../../src/cxone/port.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { CAUSE } from './cause.ts';

const never = new AbortController().signal;

function setUp({ maxConcurrent = 10, ratePerSecond = 1000, seed = 1 } = {}) {
  const world = createManualWorld(seed);
  return { world, limiter: createLimiter({ maxConcurrent, ratePerSecond, world }) };
}

/** What a promise has come to so far. */
function watch<T>(promise: Promise<T>): { value: T | undefined } {
  const watched: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    watched.value = value;
  });
  return watched;
}

async function permitsNow(limiter: Limiter, kind: RequestKind = 'execute', max = 1): Promise<Permit[]> {
  return limiter.permits(kind, max, never);
}

describe('concurrency', () => {
  test('gives up to max permits at once, and the next when one is released', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 3 });
    const first = await permitsNow(limiter, 'execute', 2);
    const second = await permitsNow(limiter, 'execute', 9);
    expect([first.length, second.length]).toEqual([2, 1]);
    const third = watch(limiter.permits('poll', 9, never));
    await world.advance(60_000);
    expect(third.value).toBe(undefined);
    first[0]?.release();
    await world.settle();
    expect(third.value).toHaveLength(1);
  });

  test('releasing a permit twice frees one place, not two', async () => {
    const { limiter } = setUp({ maxConcurrent: 2 });
    const [permit] = await permitsNow(limiter, 'execute', 2);
    permit?.release();
    permit?.release();
    expect(limiter.state().inFlight).toBe(1);
  });

  test('a permit that was not used costs neither a place nor a request of the rate', async () => {
    const { limiter } = setUp({ maxConcurrent: 40, ratePerSecond: 1000 });
    const { tokens } = limiter.state();
    for (let i = 0; i < 100; i += 1) {
      for (const permit of await permitsNow(limiter, 'poll', 40)) permit.cancel();
    }
    expect(limiter.state()).toMatchObject({ inFlight: 0, tokens });
  });

  test('is halved by a 429, once for all answers of a burst, down to one', async () => {
    const { limiter } = setUp({ maxConcurrent: 10 });
    const burst = await Promise.all(Array.from({ length: 10 }, () => limiter.begin()));
    for (const begun of burst) limiter.observe(begun, 50, 'overloaded');
    expect(limiter.state().limit).toBe(5);
    for (const limit of [2, 1, 1]) {
      limiter.observe(await limiter.begin(), 50, 'overloaded');
      expect(limiter.state().limit).toBe(limit);
    }
  });

  test('grows back by one for each round of good answers, and no further than it began', async () => {
    const { limiter } = setUp({ maxConcurrent: 4 });
    limiter.observe(await limiter.begin(), 50, 'overloaded');
    expect(limiter.state().limit).toBe(2);
    for (let i = 0; i < 3; i++) limiter.observe(await limiter.begin(), 50, 'well');
    expect(limiter.state().limit).toBe(3);
    for (let i = 0; i < 100; i++) limiter.observe(await limiter.begin(), 50, 'well');
    expect(limiter.state().limit).toBe(4);
  });

  test('shrinks while the average answer takes more than two seconds, and grows again when CXone is quick', async () => {
    const { limiter } = setUp({ maxConcurrent: 8 });
    for (let i = 0; i < 3; i++) limiter.observe(await limiter.begin(), 100, 'well');
    limiter.observe(await limiter.begin(), 5_000, 'well');
    expect(limiter.state().limit).toBe(8);
    for (let i = 0; i < 20; i++) limiter.observe(await limiter.begin(), 5_000, 'unknown');
    expect(limiter.state().limit).toBe(1);
    expect(limiter.state().averageLatencyMs).toBeGreaterThan(2_000);
    for (let i = 0; i < 60; i++) limiter.observe(await limiter.begin(), 100, 'well');
    expect(limiter.state().limit).toBe(8);
  });

  test('that shrank below what is in flight gives nothing until enough came back', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 4 });
    const held = [...(await permitsNow(limiter, 'execute', 4))];
    limiter.observe(await limiter.begin(), 10, 'overloaded');
    const next = watch(limiter.permits('execute', 1, never));
    held[0]?.release();
    held[1]?.release();
    await world.settle();
    expect(next.value).toBe(undefined);
    held[2]?.release();
    await world.settle();
    expect(next.value).toHaveLength(1);
  });
});

describe('pause', () => {
  test('holds every caller until its end', async () => {
    const { world, limiter } = setUp();
    limiter.pause(30_000, CAUSE);
    const waiting = [
      watch(limiter.permits('execute', 1, never)),
      watch(limiter.permits('poll', 1, never)),
      watch(limiter.take(60_000)),
    ];
    await world.advance(29_999);
    expect(waiting.map(({ value }) => value)).toEqual([undefined, undefined, undefined]);
    expect(limiter.state()).toMatchObject({
      pausedUntil: world.now() + 1,
      waiting: { execute: 1, poll: 1, urgent: 1 },
    });
    await world.advance(1);
    expect(waiting.every(({ value }) => value !== undefined)).toBe(true);
    expect(limiter.state().pausedUntil).toBe(0);
  });

  test('is never shortened by another, and names the request whose response ends it last', async () => {
    const { world, limiter } = setUp();
    limiter.pause(10_000, CAUSE);
    limiter.pause(2_000, { ...CAUSE, call: 'poll' });
    expect(limiter.state()).toMatchObject({
      pausedUntil: world.now() + 10_000,
      pause: { ...CAUSE, until: world.now() + 10_000 },
    });
    limiter.pause(20_000, { ...CAUSE, call: 'poll' });
    expect(limiter.state().pause).toEqual({ ...CAUSE, call: 'poll', until: world.now() + 20_000 });
  });

  test('ends at once when it is lifted', async () => {
    const { world, limiter } = setUp();
    limiter.pause(10_000, CAUSE);
    const waiting = watch(limiter.permits('execute', 1, never));
    expect(limiter.lift()).toEqual({ ...CAUSE, until: world.now() + 10_000 });
    await world.settle();
    expect(waiting.value).toHaveLength(1);
    expect(limiter.state()).toMatchObject({ pausedUntil: 0, pause: null });
    expect(limiter.lift()).toBe(null);
  });

  test('sends those away who cannot wait so long, with the time that is left', async () => {
    const { world, limiter } = setUp({ ratePerSecond: 1 });
    limiter.pause(10_000, CAUSE);
    expect(await limiter.take(5_000)).toBe(10_000);
    await world.advance(6_000);
    const patient = watch(limiter.take(5_000));
    await world.advance(1_000);
    expect(patient.value).toBe(undefined);
    limiter.pause(8_000, CAUSE);
    await world.settle();
    expect(patient.value).toBe(8_000);
  });

  test('lasts no longer when the wall clock is set back', async () => {
    const { world, limiter } = setUp();
    limiter.pause(10_000, CAUSE);
    const waiting = watch(limiter.permits('execute', 1, never));
    world.stepClock(-3_600_000);
    limiter.pause(0, CAUSE);
    await world.advance(10_000);
    expect(waiting.value).toHaveLength(1);
  });
});

describe('turns', () => {
  test('executes and polls that wait get one permit in turn, so that neither starves', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1 });
    const [held] = await permitsNow(limiter);
    const order: RequestKind[] = [];
    const line = (kind: RequestKind) =>
      limiter.permits(kind, 1, never).then((permits) => {
        order.push(kind);
        for (const permit of permits) permit.release();
      });
    const all = [...Array.from({ length: 6 }, () => line('execute')), line('poll'), line('poll'), line('poll')];
    held?.release();
    await Promise.all(all);
    expect(order.slice(0, 6).filter((kind) => kind === 'poll')).toHaveLength(3);
    expect(order.slice(0, 6).join()).toMatch(/^(poll,execute,?){3}|(execute,poll,?){3}$/);
    expect(world.sleepers).toBe(0);
  });

  test('permits that come free together are shared evenly between the kinds that wait', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 4 });
    const held = await permitsNow(limiter, 'execute', 4);
    limiter.pause(1_000, CAUSE);
    const [executes, polls] = [watch(limiter.permits('execute', 32, never)), watch(limiter.permits('poll', 32, never))];
    for (const permit of held) permit.release();
    await world.advance(1_000);
    expect([executes.value?.length, polls.value?.length]).toEqual([2, 2]);
  });

  test('a token request goes first, and needs no place of its own: a concurrency of one cannot deadlock', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1, ratePerSecond: 1 });
    const [held] = await permitsNow(limiter);
    const order: string[] = [];
    void limiter.permits('poll', 1, never).then(() => order.push('poll'));
    void limiter.take(5_000).then(() => order.push('token'));
    held?.release();
    await world.advance(1_100);
    expect(order).toEqual(['token']);
    await world.advance(1_100);
    expect(order).toEqual(['token', 'poll']);
  });
});

describe('letting go', () => {
  test('an aborted caller gets nothing and takes nothing with it', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1 });
    const [held] = await permitsNow(limiter);
    const impatience = new AbortController();
    const gone = watch(limiter.permits('execute', 1, impatience.signal));
    const next = watch(limiter.permits('execute', 1, never));
    impatience.abort();
    await world.settle();
    expect(gone.value).toEqual([]);
    expect(limiter.state().waiting.execute).toBe(1);
    held?.release();
    await world.settle();
    expect(next.value).toHaveLength(1);
    expect(await limiter.permits('poll', 1, impatience.signal)).toEqual([]);
  });

  test('no timer is left when no request waits for time to pass', async () => {
    const { world, limiter } = setUp({ maxConcurrent: 1, ratePerSecond: 1 });
    await permitsNow(limiter);
    const impatience = new AbortController();
    const waiting = limiter.permits('execute', 1, impatience.signal);
    expect(world.sleepers).toBe(0);
    limiter.pause(60_000, CAUSE);
    const urgent = limiter.take(60_000);
    expect(world.sleepers).toBe(1);
    impatience.abort();
    await waiting;
    await world.advance(61_000);
    expect(await urgent).toBe(0);
    expect(world.sleepers).toBe(0);
  });

  test('closing sends everyone away, leaves no timer, and stays closed', async () => {
    const { world, limiter } = setUp();
    limiter.pause(60_000, CAUSE);
    const waiting = [limiter.permits('execute', 1, never), limiter.permits('poll', 1, never)];
    const urgent = limiter.take(120_000);
    limiter.close();
    expect(await Promise.all(waiting)).toEqual([[], []]);
    expect(await urgent).toBeGreaterThan(0);
    await world.settle();
    expect(world.sleepers).toBe(0);
    expect(await limiter.permits('execute', 1, never)).toEqual([]);
    expect(await limiter.take(0)).toBeGreaterThan(0);
  });
});

describe('a limiter that continues as another one', () => {
  const PAUSE = { ...CAUSE, until: 0 };

  test('keeps its pause to the end, with its cause, and lets nothing through before', async () => {
    const { world, limiter } = setUp();
    const pause = { ...PAUSE, until: world.now() + 30_000 };
    limiter.continueFrom({ pause, limit: 10, inFlight: 0, sent: [] });
    expect(limiter.state()).toMatchObject({ pause, pauses: 0 });
    const permits = watch(limiter.permits('execute', 1, never));
    await world.advance(29_999);
    expect(permits.value).toBe(undefined);
    await world.advance(1);
    expect(permits.value).toHaveLength(1);
  });

  test('has no pause of its own that the other one did not know, and none that has ended', async () => {
    const { world, limiter } = setUp();
    limiter.pause(60_000, CAUSE);
    limiter.continueFrom({ pause: { ...PAUSE, until: world.now() - 1 }, limit: 10, inFlight: 0, sent: [] });
    expect(limiter.state().pause).toBe(null);
    expect(await permitsNow(limiter)).toHaveLength(1);
  });

  test('allows what the requests in flight of the other one leave of its limit, and one at least', () => {
    const { limiter } = setUp({ maxConcurrent: 10 });
    const limitAfter = (limit: number, inFlight: number) => {
      limiter.continueFrom({ pause: null, limit, inFlight, sent: [] });
      return limiter.state().limit;
    };
    expect([limitAfter(8, 3), limitAfter(4, 4), limitAfter(50, 0)]).toEqual([5, 1, 10]);
    expect(limitAfter(0, 0)).toBe(10);
  });

  test.for([
    { sent: null, title: 'nothing while the other one may have sent all of them just now', after: 0 },
    { sent: [0, 0, 60, 0, 0, 0, 0, 0, 0, 0], title: 'what the other one has left', after: 40 },
    { sent: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], title: 'all of them if the other one has sent none', after: 96 },
    { sent: [100_000, 1], title: 'nothing after one with a higher rate', after: 0 },
  ])('sends of the requests of the next second $title', async ({ sent, after }) => {
    const { world, limiter } = setUp({ ratePerSecond: 100, maxConcurrent: 1_000 });
    limiter.continueFrom({ pause: null, limit: 1_000, inFlight: 0, sent });
    let departed = 0;
    void (async () => {
      for (;;) {
        for (const _ of await limiter.permits('execute', 1, never)) void limiter.begin().then(() => (departed += 1));
      }
    })();
    await world.advance(800);
    expect(departed).toBeLessThanOrEqual(after);
    expect(departed).toBeGreaterThanOrEqual(0.75 * after);
    await world.advance(2_000);
    expect(departed).toBeGreaterThan(150);
  });

  test('announces each pause that begins, becomes longer or is lifted', () => {
    const { world, limiter } = setUp();
    let changes = 0;
    limiter.watch(() => {
      changes += 1;
    });
    limiter.pause(1_000, CAUSE);
    limiter.pause(500, CAUSE);
    expect(changes).toBe(1);
    limiter.takePause({ ...PAUSE, until: world.now() + 9_000 });
    expect(changes).toBe(2);
    limiter.lift();
    limiter.lift();
    expect(changes).toBe(3);
  });
});
