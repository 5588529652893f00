// A step of the wall clock delays nothing by more than a second, whatever the loops wait for when it happens.

import { describe, expect, test } from 'vitest';
import type { SubmitResponse } from '../../src/cxone/port.ts';
import { createSteadyClock } from '../../src/lib/steady-clock.ts';
import { StoreUnavailable } from '../../src/store/port.ts';
import type { ClockStep } from '../../src/store/upkeep-port.ts';
import { createClockWatch, createFileAndClockWatch } from '../../src/workers/clock-watch.ts';
import { type Background, RULES, startTestBackground } from '../support/background.ts';
import { callback, completed } from '../support/executions.ts';
import { DOWN } from '../support/fake-courier.ts';
import { ACCEPTED, RESET, STILL_RUNNING, TOO_MANY } from '../support/fake-cxone.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';

const MINUTE = 60_000;
const MAX_DELAY_MS = 1_000;
const BACK = [-2_000, -10 * MINUTE, -400 * 24 * 60 * MINUTE];
const FORWARD = [2_000, 10 * MINUTE, 24 * 60 * MINUTE];
const PATIENT_RULES = { ...RULES, queueTimeoutMs: 2 * Math.max(...FORWARD) };

/** Advances in small steps until the condition holds, and returns the elapsed time of the world. */
async function timeUntil({ world }: Background, holds: () => boolean | Promise<boolean>, limitMs = 400_000) {
  const until = world.elapsed() + limitMs;
  while (!(await holds()) && world.elapsed() < until) await world.advance(100);
  return world.elapsed();
}

/** Each case prepares waiting work, and says when it was done. */
const CASES: Record<string, (background: Background) => Promise<() => boolean | Promise<boolean>>> = {
  'the retry of a submission that CXone did not take': async ({ cxone, add }) => {
    cxone.onExecute = async () => (cxone.executed.length === 1 ? TOO_MANY : ACCEPTED);
    await add();
    return () => cxone.executed.length === 2;
  },
  'the first poll': async ({ cxone, add }) => {
    await add({ graceSeconds: 60 });
    return () => cxone.polls.length === 1;
  },
  'the end of an execution that cannot be polled': async ({ cxone, add, find }) => {
    cxone.onExecute = async () => RESET;
    const id = await add({ graceSeconds: 60, timeoutSeconds: 30 });
    return async () => (await find(id)).status === 'TIMEOUT';
  },
  'the last poll and the timeout': async ({ add, find }) => {
    const id = await add({ graceSeconds: 60, timeoutSeconds: 30 });
    return async () => (await find(id)).status === 'TIMEOUT';
  },
  'the queue timeout of an execution that is retried': async ({ cxone, add, find }) => {
    cxone.onExecute = async () => ({ ...TOO_MANY, httpStatus: 503, retryAfterMs: 0 });
    const id = await add();
    return async () => (await find(id)).status === 'TIMEOUT';
  },
  'the end after two 404s': async ({ cxone, add, find }) => {
    const gone = { type: 'not-found', httpStatus: 404, latencyMs: 5, message: 'gone' } as const;
    cxone.onPoll = async () => gone as never;
    const id = await add({ graceSeconds: 30 });
    return async () => (await find(id)).status === 'NOT_FOUND';
  },
  'the next attempt of a notification': async ({ courier, add, record }) => {
    courier.onDeliver = async () => ({ ...DOWN, retryAfterMs: 45_000 });
    const id = await add({ notifyUrl: 'https://app.example/hook' });
    await record(id, callback(completed()));
    return () => courier.parcels.length === 2;
  },
};

async function elapsedAt(name: string, step: number | null, rules = RULES): Promise<number> {
  const background = startTestBackground(rules);
  const done = await (CASES[name] as (typeof CASES)[string])(background);
  await background.world.advance(1_700);
  expect(await done()).toBe(false);
  if (step !== null) background.world.stepClock(step);
  return timeUntil(background, done);
}

describe.for(Object.keys(CASES))('%s', (name) => {
  const withoutStep = new Map<typeof RULES, Promise<number>>();
  const elapsedWithout = (rules = RULES) => {
    const known = withoutStep.get(rules) ?? elapsedAt(name, null, rules);
    withoutStep.set(rules, known);
    return known;
  };

  test.for(BACK)('comes when it would have come, with a clock that is set by %i ms meanwhile', async (step) => {
    const without = await elapsedWithout();
    const withStep = await elapsedAt(name, step);
    expect(Math.abs(withStep - without)).toBeLessThanOrEqual(MAX_DELAY_MS);
  });

  test.for(FORWARD)('is not delayed by a clock that is set forward by %i ms', async (step) => {
    // A submission that waits longer than the queue timeout by the clock is not sent.
    const rules = name.includes('queue timeout') ? RULES : PATIENT_RULES;
    const without = await elapsedWithout(rules);
    expect(await elapsedAt(name, step, rules)).toBeLessThanOrEqual(without + MAX_DELAY_MS);
  });
});

test('work that a step forward makes due starts within a second', async () => {
  const background = startTestBackground();
  await background.add({ graceSeconds: 3_600 });
  background.world.stepClock(2 * 60 * MINUTE);
  const begun = background.world.elapsed();
  expect((await timeUntil(background, () => background.cxone.polls.length > 0)) - begun).toBeLessThan(MAX_DELAY_MS);
});

test.for([...BACK, ...FORWARD])('a submission after a step of %i ms is sent at once', async (step) => {
  const { world, add, cxone } = startTestBackground();
  await world.advance(5_000);
  world.stepClock(step);
  await add();
  expect(cxone.executed).toHaveLength(1);
});

test('several steps in a row, in both directions, delay nothing', async () => {
  const background = startTestBackground();
  await background.add({ graceSeconds: 60 });
  const begun = background.world.elapsed();
  for (const step of [-5 * MINUTE, 20_000, -10 * MINUTE, -3_000]) {
    background.world.stepClock(step);
    await background.world.advance(300);
  }
  const tookMs = (await timeUntil(background, () => background.cxone.polls.length > 0)) - begun;
  expect(tookMs).toBeLessThanOrEqual(61_000 + MAX_DELAY_MS);
  expect(tookMs).toBeGreaterThan(30_000);
});

test.for([10 * MINUTE, 56 * 365 * 24 * 60 * MINUTE])(
  'a clock that is set back by %i ms and forward again makes nothing due too early, and delays nothing',
  async (step) => {
    const background = startTestBackground();
    await background.add({ graceSeconds: 60 });
    const begun = background.world.elapsed();
    for (const ms of [-step, step, -step, step + 5_000]) {
      background.world.stepClock(ms);
      await background.world.advance(2_000);
    }
    const tookMs = (await timeUntil(background, () => background.cxone.polls.length > 0)) - begun;
    expect(tookMs).toBeLessThanOrEqual(61_000 + MAX_DELAY_MS);
    expect(tookMs).toBeGreaterThan(53_000);
  },
);

test.for([10 * MINUTE, 24 * 60 * MINUTE])(
  'a request under way while a clock that was set back by %i ms is set forward again keeps its place in the queue',
  async (step) => {
    const { world, cxone, add, find } = startTestBackground();
    world.stepClock(-step);
    await world.advance(1_000);
    const answered = Promise.withResolvers<SubmitResponse>();
    cxone.onExecute = () => answered.promise;
    const id = await add();
    world.stepClock(step);
    await world.advance(1_000);
    cxone.onExecute = async () => ACCEPTED;
    answered.resolve(TOO_MANY);
    await world.advance(25_000);
    expect(await find(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
  },
);

test('a response that cannot be recorded until the clock was set forward again keeps its place in the queue', async () => {
  const { world, store, cxone, add, find } = startTestBackground();
  world.stepClock(-10 * MINUTE);
  await world.advance(1_000);
  const answered = Promise.withResolvers<SubmitResponse>();
  cxone.onExecute = () => answered.promise;
  const id = await add();
  const { record } = store;
  store.record = () => Promise.reject(new StoreUnavailable('the disk is full'));
  answered.resolve(TOO_MANY);
  await world.advance(100);
  world.stepClock(10 * MINUTE);
  await world.advance(2_000);
  store.record = record;
  cxone.onExecute = async () => ACCEPTED;
  await world.advance(25_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING', attempts: 2 });
});

describe('what the store refuses until the clock was set back is recorded by the new clock:', () => {
  const refuse = () => Promise.reject(new StoreUnavailable('the disk is full'));

  async function setBack({ world }: Background, takeAgain: () => void): Promise<void> {
    world.stepClock(-10 * MINUTE);
    await world.advance(2_000);
    takeAgain();
    await world.advance(1_000);
  }

  test('the next poll comes after the usual interval', async () => {
    const background = startTestBackground();
    const { store, cxone, add } = background;
    const { record } = store;
    cxone.onPoll = async () => {
      if (cxone.polls.length === 1) store.record = refuse;
      return STILL_RUNNING;
    };
    await add({ graceSeconds: 5, timeoutSeconds: 60 });
    await timeUntil(background, () => cxone.polls.length === 1);
    await setBack(background, () => Object.assign(store, { record }));
    await timeUntil(background, () => cxone.polls.length === 2, 5 * RULES.pollIntervalMs);
    expect(cxone.polls).toHaveLength(2);
  });

  test('the next attempt of a notification comes after the usual wait', async () => {
    const background = startTestBackground();
    const { store, courier, add, record } = background;
    const { recordDelivery } = store;
    courier.onDeliver = async () => {
      if (courier.parcels.length === 1) store.recordDelivery = refuse;
      return DOWN;
    };
    await record(await add({ notifyUrl: 'https://app.example/hook' }), callback(completed()));
    await timeUntil(background, () => courier.parcels.length === 1);
    await setBack(background, () => Object.assign(store, { recordDelivery }));
    await timeUntil(background, () => courier.parcels.length === 2, MINUTE);
    expect(courier.parcels).toHaveLength(2);
  });

  test('an execution does not end in the future', async () => {
    const background = startTestBackground();
    const { world, store, cxone, add, find } = background;
    const { record } = store;
    const failed = { type: 'failed', httpStatus: 500, latencyMs: 5, message: 'answered 500', retryAfterMs: 0 } as const;
    cxone.onPoll = async () => ({ ...failed, asked: true });
    store.record = (...args) => (args[1].type === 'expired' ? refuse() : record(...args));
    const id = await add({ graceSeconds: 5, timeoutSeconds: 5 });
    await world.advance(12_000);
    await setBack(background, () => Object.assign(store, { record }));
    const { status, resolvedAt } = await find(id);
    expect(status).toBe('TIMEOUT');
    expect(resolvedAt).toBeLessThanOrEqual(world.now());
  });
});

test('a step forward long after a step back starts what is due by it, as after a suspension', async () => {
  const background = startTestBackground();
  background.world.stepClock(-60 * MINUTE);
  await background.world.advance(61 * MINUTE);
  await background.add({ graceSeconds: 1_800 });
  const begun = background.world.elapsed();
  background.world.stepClock(60 * MINUTE);
  const tookMs = (await timeUntil(background, () => background.cxone.polls.length > 0)) - begun;
  expect(tookMs).toBeLessThan(MAX_DELAY_MS);
});

test('the clock of the receiver continues until the due times can be moved, and then follows', async () => {
  const world = createManualWorld();
  const clock = createSteadyClock(world);
  const moved: number[] = [];
  let canWrite = false;
  const store = {
    moveDueTimes: async ({ from, to }: ClockStep) => {
      if (!canWrite) throw new StoreUnavailable('the disk is full');
      moved.push(to - from);
    },
  };
  const log = quietLog();
  const work = createClockWatch({ clock, store, log, loops: () => new Map(), leads: () => true });
  const startedAt = clock.world.now();
  world.stepClock(-600_000);
  const round = work({ signal: new AbortController().signal, spawn: () => {} });
  await world.advance(5_000);
  expect(clock.world.now() - startedAt).toBe(5_000);
  canWrite = true;
  await world.advance(1_000);
  await round;
  expect(moved).toEqual([-600_000]);
  expect(clock.world.now() - startedAt).toBe(6_000 - 600_000);
  expect(log.lines).toMatchObject([{ level: 'warn', facts: { setBackMs: 600_000 } }]);
});

test('the clock of the receiver follows once, as soon as the due times begin to move', async () => {
  const world = createManualWorld();
  const clock = createSteadyClock(world);
  const store = {
    moveDueTimes: async (_step: ClockStep, begun?: () => void) => {
      begun?.();
      await world.sleep(30_000);
    },
  };
  const work = createClockWatch({ clock, store, log: quietLog(), loops: () => new Map(), leads: () => true });
  const startedAt = clock.world.now();
  world.stepClock(-600_000);
  const round = work({ signal: new AbortController().signal, spawn: () => {} });
  await world.advance(1_000);
  expect(clock.world.now() - startedAt).toBe(1_000 - 600_000);
  await world.advance(29_000);
  await round;
  expect(clock.world.now() - startedAt).toBe(30_000 - 600_000);
});

test('a clock that is adjusted in small amounts is followed without a word', async () => {
  const world = createManualWorld();
  const clock = createSteadyClock(world);
  const log = quietLog();
  const store = { moveDueTimes: async () => expect.unreachable() };
  const work = createClockWatch({ clock, store, log, loops: () => new Map(), leads: () => true });
  const startedAt = clock.world.now();
  for (const step of [-200, -200, 200]) {
    world.stepClock(step);
    await work({ signal: new AbortController().signal, spawn: () => {} });
  }
  expect(clock.world.now() - startedAt).toBe(-200);
  expect(log.lines).toEqual([]);
});

test('a store that refused a commit is tried at each check, also shortly after it noted the time', async () => {
  const world = createManualWorld();
  let problem: string | null = null;
  let notes = 0;
  const store = {
    moveDueTimes: async () => expect.unreachable(),
    file: null,
    unavailable: () => problem,
    ping: async () => {
      notes += 1;
      problem = null;
    },
  };
  const tools = { clock: createSteadyClock(world), store, log: quietLog(), loops: () => new Map(), leads: () => true };
  const work = createFileAndClockWatch({ ...tools, clockProblem: () => null });
  const check = () => work({ signal: new AbortController().signal, spawn: () => {} });
  await check();
  await check();
  expect(notes).toBe(1);
  problem = 'the disk of the database server is full';
  await check();
  expect([notes, problem]).toEqual([2, null]);
});
