// The rate as CXone sees it: a simulation of callers who ask, are held up, and are paused, second by second.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Begun, createLimiter, type Limiter } from '../../../src/cxone/limiter/limiter.ts';
import type { RequestKind } from '../../../src/cxone/port.ts';
import { createManualWorld, seededRandom } from '../../support/manual-world.ts';
import { CAUSE } from './cause.ts';

function setUp({ maxConcurrent = 10, ratePerSecond = 1000, seed = 1 } = {}) {
  const world = createManualWorld(seed);
  return { world, limiter: createLimiter({ maxConcurrent, ratePerSecond, world }) };
}

describe('rate', () => {
  /** Callers of all kinds who ask at random, hold permits for a while, abort now and then and provoke pauses. */
  async function simulate(ratePerSecond: number, maxConcurrent: number, seed: number, seconds: number) {
    const { world, limiter } = setUp({ ratePerSecond, maxConcurrent, seed });
    const random = seededRandom(seed + 1);
    const made: number[] = [];
    const stop = new AbortController();
    const leave = async (heldUp: number) => {
      await world.sleep(heldUp);
      await limiter.begin();
      made.push(world.now());
      await world.sleep(random() * 120);
    };
    const caller = async (kind: RequestKind) => {
      while (!stop.signal.aborted) {
        const permits = await limiter.permits(kind, 1 + Math.floor(random() * 8), stop.signal);
        // Now and then a delay holds all of them, for example the renewal of a token.
        const heldUp = random() < 0.3 ? random() * 400 : 0;
        for (const permit of permits) void leave(heldUp).then(() => permit.release());
        if (random() < 0.2) await world.sleep(random() * 700, stop.signal);
      }
    };
    const tokens = async () => {
      while (!stop.signal.aborted) {
        if ((await limiter.take(500)) === 0) await leave(0);
        else await world.sleep(100, stop.signal);
        if (random() < 0.02) limiter.pause(random() * 800, CAUSE);
        await world.sleep(random() * 300, stop.signal);
      }
    };
    const callers = [caller('execute'), caller('execute'), caller('poll'), tokens()];
    await world.advance(seconds * 1000);
    stop.abort();
    await world.advance(5000);
    await Promise.all(callers);
    limiter.close();
    expect(world.sleepers).toBe(0);
    return made;
  }

  function busiestSecond(moments: readonly number[]): number {
    let most = 0;
    let first = 0;
    for (let last = 0; last < moments.length; last++) {
      while ((moments[last] ?? 0) - (moments[first] ?? 0) >= 1000) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  test('no second sees more requests than the rate allows, for any callers and times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 7, 20, 40, 100, 250),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (rate, maxConcurrent, seed) => {
          expect(busiestSecond(await simulate(rate, maxConcurrent, seed, 4))).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([1, 7, 20, 100, 500])(
    'of a rate of %i a second at least nine tenths are used when there is enough to do',
    async (rate) => {
      const { world, limiter } = setUp({ ratePerSecond: rate, maxConcurrent: 50 });
      const made: number[] = [];
      const stop = new AbortController();
      const caller = async (kind: RequestKind) => {
        for (;;) {
          const permits = await limiter.permits(kind, 32, stop.signal);
          if (permits.length === 0) return;
          for (const permit of permits) {
            made.push(world.now());
            void world.sleep(40).then(permit.release);
          }
        }
      };
      const callers = [caller('execute'), caller('poll')];
      await world.advance(20_000);
      stop.abort();
      await Promise.all(callers);
      expect(made.length).toBeGreaterThanOrEqual(0.9 * rate * 20);
      expect(busiestSecond(made)).toBeLessThanOrEqual(rate);
    },
  );

  /** Limiters that follow one another at any moment, after one that has handed over or was killed. */
  async function relay(ratePerSecond: number, seed: number) {
    const world = createManualWorld(seed);
    const random = seededRandom(seed + 1);
    const made: number[] = [];
    let sent: readonly number[] | null = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const limiter = createLimiter({ maxConcurrent: 60, ratePerSecond, world });
      limiter.continueFrom({ pause: null, limit: 0, inFlight: 0, sent });
      const over = new AbortController();
      const leave = async (heldUp: number) => {
        await world.sleep(heldUp);
        await limiter.begin();
        if (!over.signal.aborted) made.push(world.elapsed());
      };
      const caller = (async () => {
        while (!over.signal.aborted) {
          const permits = await limiter.permits('execute', 32, over.signal);
          const heldUp = random() < 0.3 ? random() * 400 : 0;
          for (const permit of permits) void leave(heldUp).then(permit.release);
        }
      })();
      await world.advance(random() * 1_500);
      over.abort();
      sent = random() < 0.5 ? limiter.sentLately() : null;
      limiter.close();
      await caller;
      if (random() < 0.5) await world.advance(random() * 300);
    }
    return made;
  }

  test('no second sees more requests than the rate allows, whichever receiver follows which', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 7, 20, 40, 100, 250),
        fc.integer({ min: 0, max: 1_000_000 }),
        async (rate, seed) => {
          expect(busiestSecond(await relay(rate, seed))).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('requests are spread over the second instead of coming all at its start', async () => {
    const { world, limiter } = setUp({ ratePerSecond: 100, maxConcurrent: 1000 });
    const made: number[] = [];
    const stop = new AbortController();
    const caller = (async () => {
      for (;;) {
        const permits = await limiter.permits('execute', 1000, stop.signal);
        if (permits.length === 0) return;
        for (const permit of permits) {
          made.push(world.now());
          permit.release();
        }
      }
    })();
    await world.advance(100);
    expect(made.length).toBeLessThanOrEqual(15);
    await world.advance(900);
    expect(made.length).toBeGreaterThanOrEqual(95);
    stop.abort();
    await caller;
  });
});

describe('no second sees more requests than the rate allows', () => {
  async function begin(limiter: Limiter, made: number[], elapsed: () => number): Promise<Begun> {
    const begun = await limiter.begin();
    made.push(elapsed());
    return begun;
  }

  const beginTwo = (...given: Parameters<typeof begin>) => Promise.all([begin(...given), begin(...given)]);

  test('when a busy machine ends the waits of some late', async () => {
    const { world, limiter } = setUp({ ratePerSecond: 2 });
    const made: number[] = [];
    await beginTwo(limiter, made, world.elapsed);
    void beginTwo(limiter, made, world.elapsed);
    void beginTwo(limiter, made, world.elapsed);
    await world.oversleep(1_400);
    expect(made).toEqual([0, 0, 1_400, 1_400]);
    await world.advance(5_000);
    expect(made.slice(4).every((at) => at >= 2_400)).toBe(true);
    expect(made).toHaveLength(6);
  });

  test('when connections are opened for some, which are written later', async () => {
    const { world, limiter } = setUp({ ratePerSecond: 2 });
    const made: number[] = [];
    const begun = await beginTwo(limiter, made, world.elapsed);
    void beginTwo(limiter, made, world.elapsed);
    await world.advance(700);
    for (const { written } of begun) written();
    await world.advance(5_000);
    expect(made.slice(2).every((at) => at >= 1_700)).toBe(true);
    expect(made).toHaveLength(4);
  });
});

test('a wall clock that is set forward or back lets no burst through and delays no request', async () => {
  const { world, limiter } = setUp({ ratePerSecond: 100, maxConcurrent: 1000 });
  for (const step of [3_600_000, -7_200_000, 60_000]) {
    world.stepClock(step);
    const waiting = limiter.permits('execute', 1000, new AbortController().signal);
    await world.advance(20);
    const permits = await waiting;
    expect(permits.length).toBeGreaterThanOrEqual(1);
    expect(permits.length).toBeLessThanOrEqual(5);
    for (const permit of permits) permit.release();
    await world.advance(980);
  }
});
