// The sweeper: an execution without a callback is polled, and polled once more before it times out.

import { describe, expect, test, vi } from 'vitest';
import type { PollResponse } from '../../src/cxone/port.ts';
import { startTestBackground } from '../support/background.ts';
import { callback, completed } from '../support/executions.ts';
import { ACCEPTED, FOUND, GONE, STILL_RUNNING } from '../support/fake-cxone.ts';

const WINDOW = { graceSeconds: 10, timeoutSeconds: 30 };
const DEADLINE = 40_000;

function failing(asked: boolean, retryAfterMs = 0): PollResponse {
  return { type: 'failed', asked, httpStatus: asked ? 500 : 0, latencyMs: 5, message: 'no', retryAfterMs };
}

test('the result of a lost callback is found by a poll soon after the grace period, not before', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onPoll = async () => FOUND;
  const id = await add(WINDOW);
  await world.advance(9_999);
  expect(cxone.polls).toHaveLength(0);
  await world.advance(501);
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'found', pollCount: 1 });
  expect(await events(id)).toEqual(['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'POLL_COMPLETED']);
  expect(cxone.permitsOut).toBe(0);
});

test('a complete outcome whose response was cut off counts in the last poll, and the trail records the cut', async () => {
  const { add, cxone, find, store, world } = startTestBackground();
  cxone.onPoll = async () => ({ ...failing(true), found: { report: completed('found'), cut: 'it broke off' } });
  const id = await add(WINDOW);
  await world.advance(DEADLINE - 1);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(2_000);
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'found' });
  const last = (await store.trail(id)).at(-1);
  expect(last).toMatchObject({ event: 'POLL_COMPLETED', detail: { cut: 'it broke off' } });
});

test('an execution whose callback comes in time is never polled', async () => {
  const { add, cxone, record, world } = startTestBackground();
  const id = await add(WINDOW);
  await record(id, callback(completed()));
  await world.advance(100_000);
  expect(cxone.polls).toHaveLength(0);
});

test('polls spread out to five times the interval, the last one is at the deadline, and then the execution times out', async () => {
  const { add, cxone, find, world } = startTestBackground();
  const startedAt = world.now();
  const polledAt: number[] = [];
  cxone.onPoll = async () => {
    polledAt.push(world.now() - startedAt);
    return STILL_RUNNING;
  };
  const id = await add({ graceSeconds: 10, timeoutSeconds: 120 });
  await world.advance(200_000);
  const gaps = polledAt.slice(1).map((at, i) => at - (polledAt[i] ?? 0));
  expect(Math.min(...gaps.slice(0, -1))).toBeGreaterThanOrEqual(1500);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(10_000);
  expect(polledAt.at(-1)).toBe(130_000);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', resolvedBy: 'deadline', pollCount: polledAt.length });
});

test('a result that is ready only at the deadline is found by the last poll', async () => {
  const { add, cxone, find, world } = startTestBackground();
  const readyAt = world.now() + DEADLINE;
  cxone.onPoll = async () => (world.now() >= readyAt ? FOUND : STILL_RUNNING);
  const id = await add(WINDOW);
  await world.advance(DEADLINE);
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
});

test('an execution whose deadline passed during days of downtime is polled once more before it times out', async () => {
  const { add, cxone, find, restart, stop, world } = startTestBackground();
  const found = await add(WINDOW);
  const running = await add({ ...WINDOW, correlationId: 'still-running' });
  await stop();
  await world.advance(3 * 24 * 3600 * 1000);
  cxone.onPoll = async ({ correlationId }) => (correlationId === 'still-running' ? STILL_RUNNING : FOUND);
  restart();
  await world.advance(1000);
  expect(cxone.polls).toHaveLength(2);
  expect(await find(found)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
  expect(await find(running)).toMatchObject({ status: 'TIMEOUT', pollCount: 1 });
});

test('a last poll that CXone answers with an error counts: the execution times out', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onPoll = async () => failing(true);
  const id = await add(WINDOW);
  await world.advance(DEADLINE + 10);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT' });
  expect((await events(id)).slice(-2)).toEqual(['POLL_ERROR', 'POLL_TIMEOUT']);
});

test('a last poll that never reached CXone is repeated and finds the result', async () => {
  const { add, cxone, find, world } = startTestBackground();
  const backAt = world.now() + DEADLINE + 15_000;
  cxone.onPoll = async () => (world.now() < backAt ? failing(false) : FOUND);
  const id = await add(WINDOW);
  await world.advance(DEADLINE + 10_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(16_000);
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
});

test('an execution times out with the reason if CXone is unreachable for another polling window', async () => {
  const { add, cxone, find, world } = startTestBackground();
  cxone.onPoll = async () => failing(false);
  const id = await add(WINDOW);
  await world.advance(DEADLINE + 29_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(12_000);
  const { status, error } = await find(id);
  expect(status).toBe('TIMEOUT');
  expect(error).toMatchObject({ code: 408, message: expect.stringContaining('CXone could not be polled') });
});

test('while the limits of CXone allow no request, an execution still times out, one window late', async () => {
  const { add, cxone, find, world } = startTestBackground();
  const id = await add(WINDOW);
  cxone.limit = 0;
  await world.advance(DEADLINE + 25_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(15_000);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', pollCount: 0 });
});

test('while the limits of CXone allow no request, a claim that waits until the clock was set back ends nothing', async () => {
  const { add, cxone, find, store, world } = startTestBackground();
  const { claimPolls } = store;
  const clockSet = Promise.withResolvers<void>();
  const claims = vi.spyOn(store, 'claimPolls').mockImplementationOnce(async (limit, now, leaseUntil) => {
    await clockSet.promise;
    return claimPolls(limit, now - 3_600_000, leaseUntil - 3_600_000);
  });
  const id = await add(WINDOW);
  cxone.limit = 0;
  await world.advance(16_000);
  world.stepClock(-3_600_000);
  await world.advance(1_000);
  expect(claims).toHaveBeenCalledTimes(1);
  clockSet.resolve();
  await world.advance(1_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(DEADLINE + 30_000);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', pollCount: 0 });
});

test('after an outage, each execution is polled before it times out, also when CXone allows no request meanwhile', async () => {
  const { add, cxone, find, restart, stop, world } = startTestBackground();
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) ids.push(await add({ ...WINDOW, correlationId: `due-${n}` }));
  await stop();
  await world.advance(3_600_000);
  cxone.limit = 1;
  cxone.onPoll = async () => {
    await world.sleep(2_500);
    return FOUND;
  };
  restart();
  // Longer than a polling window.
  await world.advance(40_000);
  expect(cxone.polls.length).toBeLessThan(ids.length);
  cxone.limit = 0;
  await world.advance(12_000);
  cxone.limit = 1;
  await world.advance(30_000);
  for (const id of ids) expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', pollCount: 1 });
});

test('a last poll that comes late, because others were due before it, is retried when it does not reach CXone', async () => {
  const { add, cxone, find, restart, stop, world } = startTestBackground();
  const ids = [await add({ ...WINDOW, correlationId: 'first' }), await add({ ...WINDOW, correlationId: 'second' })];
  await stop();
  await world.advance(3_600_000);
  cxone.limit = 1;
  cxone.onPoll = async () => {
    if (cxone.polls.length === 1) await world.sleep(35_000);
    return cxone.polls.length === 2 ? failing(false) : FOUND;
  };
  restart();
  await world.advance(50_000);
  expect(cxone.polls).toHaveLength(3);
  for (const id of ids) expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
});

test('a Retry-After on a poll is respected by that execution', async () => {
  const { add, cxone, world } = startTestBackground();
  cxone.onPoll = async () => failing(false, 20_000);
  await add(WINDOW);
  await world.advance(10_500);
  expect(cxone.polls).toHaveLength(1);
  await world.advance(19_000);
  expect(cxone.polls).toHaveLength(1);
});

test('an execution that is gone at CXone ends', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onPoll = async () => GONE;
  const id = await add(WINDOW);
  await world.advance(15_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING' });
  await world.advance(1_000);
  expect(await find(id)).toMatchObject({ status: 'NOT_FOUND', resolvedBy: 'poll', error: { code: 404 } });
  expect(await events(id)).toContain('POLL_404');
});

describe('a single 404', () => {
  test('does not prevent the result of the next poll, after a callback that only causes a poll', async () => {
    const { add, cxone, find, record, world } = startTestBackground();
    cxone.onPoll = async () => (cxone.polls.length === 1 ? GONE : FOUND);
    const id = await add(WINDOW);
    await record(id, { type: 'unverified-callback', executionId: 'cx-1', report: completed() });
    await world.advance(3_000);
    expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll', result: 'found' });
  });

  test.for([
    ['without a grace period', { graceSeconds: 0, timeoutSeconds: 30 }, null],
    ['after an unreadable callback', WINDOW, { type: 'callback-unreadable', reason: 'no JSON', body: null }],
  ] as const)('%s, ends the execution only if it is repeated five seconds later', async ([, window, event]) => {
    const { add, cxone, find, record, world } = startTestBackground();
    cxone.onPoll = async () => GONE;
    const id = await add(window);
    if (event !== null) await record(id, event);
    await world.advance(600);
    expect(cxone.polls.length).toBeGreaterThan(0);
    await world.advance(4_300);
    expect(await find(id)).toMatchObject({ status: 'PENDING' });
    await world.advance(1_000);
    expect(await find(id)).toMatchObject({ status: 'NOT_FOUND' });
  });

  test('is cancelled by a poll that finds the execution', async () => {
    const { add, cxone, find, world } = startTestBackground();
    cxone.onPoll = async () => (cxone.polls.length === 2 ? STILL_RUNNING : GONE);
    const id = await add({ graceSeconds: 0, timeoutSeconds: 60 });
    await world.advance(7_000);
    expect(await find(id)).toMatchObject({ status: 'PENDING' });
    expect(cxone.polls.length).toBeGreaterThan(2);
    await world.advance(6_000);
    expect(await find(id)).toMatchObject({ status: 'NOT_FOUND' });
  });

  test('at the deadline is followed by another poll after the wait, and the outcome is never a timeout', async () => {
    for (const isNotYet of [false, true]) {
      const { add, cxone, find, world } = startTestBackground();
      cxone.onPoll = async () => ({ ...GONE, isNotYet });
      const id = await add({ graceSeconds: 0, timeoutSeconds: 5 });
      await world.advance(20_000);
      expect(await find(id)).toMatchObject({ status: 'NOT_FOUND', resolvedBy: 'poll' });
    }
  });

  test('with a not-yet profile waits for the deadline, and times out an execution that a poll found before', async () => {
    const { add, cxone, find, world } = startTestBackground();
    cxone.onPoll = async () => ({ ...GONE, isNotYet: true });
    const never = await add(WINDOW);
    await world.advance(DEADLINE - 1_000);
    expect(await find(never)).toMatchObject({ status: 'PENDING' });
    await world.advance(2_000);
    expect(await find(never)).toMatchObject({ status: 'NOT_FOUND' });
    cxone.onPoll = async () => (cxone.polls.at(-1)?.pollCount === 0 ? STILL_RUNNING : { ...GONE, isNotYet: true });
    const once = await add(WINDOW);
    await world.advance(DEADLINE + 10_000);
    expect(await find(once)).toMatchObject({ status: 'TIMEOUT' });
  });
});

test('a Retry-After on a 404 delays the next poll beyond the wait for the second 404, to the deadline at the latest', async () => {
  const { add, cxone, find, world } = startTestBackground();
  cxone.onPoll = async () => ({ ...GONE, retryAfterMs: cxone.polls.length === 1 ? 9_000 : 300_000 });
  const id = await add({ graceSeconds: 0, timeoutSeconds: 30 });
  await world.advance(8_900);
  expect(cxone.polls).toHaveLength(1);
  await world.advance(1_000);
  expect(cxone.polls).toHaveLength(2);
  expect(await find(id)).toMatchObject({ status: 'NOT_FOUND', resolvedBy: 'poll' });

  const held = await add({ graceSeconds: 0, timeoutSeconds: 30 });
  await world.advance(29_000);
  expect(cxone.polls).toHaveLength(3);
  await world.advance(2_000);
  expect(await find(held)).toMatchObject({ status: 'NOT_FOUND', resolvedBy: 'poll' });
});

test('a Retry-After on a response that reports progress delays the next poll, to the deadline at the latest', async () => {
  const { add, cxone, find, world } = startTestBackground();
  cxone.onPoll = async () => ({ ...STILL_RUNNING, retryAfterMs: 300_000 });
  const id = await add(WINDOW);
  await world.advance(DEADLINE - 100);
  expect(cxone.polls).toHaveLength(1);
  await world.advance(1_000);
  expect(cxone.polls).toHaveLength(2);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT' });
});

test('a response that names another executionId is a mismatch and never the result', async () => {
  const { add, cxone, find, events, world } = startTestBackground();
  cxone.onPoll = async () => ({ ...FOUND, namedExecutionId: 'cx-2' });
  const id = await add(WINDOW);
  await world.advance(11_000);
  expect(await find(id)).toMatchObject({ status: 'PENDING', result: null, executionId: 'cx-1' });
  expect(await events(id)).toContain('POLL_MISMATCH');
  await world.advance(DEADLINE);
  expect(await find(id)).toMatchObject({
    status: 'TIMEOUT',
    error: { message: expect.stringContaining('names another executionId') },
  });
});

test('an unreadable callback causes a poll at once, whatever is left of the grace period', async () => {
  const { add, cxone, find, record, world } = startTestBackground();
  cxone.onPoll = async () => FOUND;
  const id = await add({ graceSeconds: 3600 });
  await world.advance(1000);
  await record(id, { type: 'callback-unreadable', reason: 'no JSON', body: null });
  await world.settle();
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
});

test('an execution without an executionId is never polled and ends at its deadline', async () => {
  const { add, cxone, find, world } = startTestBackground();
  cxone.onExecute = async () => ({ ...ACCEPTED, executionId: null });
  const id = await add(WINDOW);
  await world.advance(DEADLINE);
  expect(cxone.polls).toHaveLength(0);
  expect(await find(id)).toMatchObject({ status: 'TIMEOUT', resolvedBy: 'deadline' });
});

test('an execution with a poll in progress is not polled again, however long the poll takes', async () => {
  const { add, cxone, world } = startTestBackground();
  cxone.onPoll = async () => {
    await world.sleep(35_000);
    return FOUND;
  };
  await add(WINDOW);
  await world.advance(45_000);
  expect(cxone.polls).toHaveLength(1);
  expect(cxone.permitsOut).toBe(1);
});

test('a requested poll is sent at once, adds few more within the grace period, and keeps the usual polls after it', async () => {
  const { add, cxone, events, record, world } = startTestBackground();
  const startedAt = world.now();
  const polledAt: number[] = [];
  cxone.onPoll = async () => {
    polledAt.push(world.now() - startedAt);
    return STILL_RUNNING;
  };
  const id = await add({ graceSeconds: 3600, timeoutSeconds: 120 });
  await world.advance(1_000);
  await record(id, { type: 'poll-requested', by: 'operator:alice' });
  expect(polledAt).toEqual([1_000]);
  await world.advance(3_719_000);
  const [within, after] = [polledAt.filter((at) => at < 3_600_000), polledAt.filter((at) => at >= 3_600_000)];
  expect(within.length).toBeLessThan(25);
  expect(after[0]).toBe(3_600_000);
  expect(after.length).toBeGreaterThan(10);
  expect(await events(id)).toContain('POLL_REQUESTED');
});

test('a poll in progress when an operator requests one serves the request', async () => {
  const { add, cxone, find, record, world } = startTestBackground();
  const answer = Promise.withResolvers<PollResponse>();
  cxone.onPoll = () => answer.promise;
  const id = await add(WINDOW);
  await world.advance(11_000);
  for (let i = 0; i < 3; i += 1) await record(id, { type: 'poll-requested', by: 'operator:alice' });
  await world.advance(20_000);
  expect([cxone.polls.length, cxone.permitsOut]).toEqual([1, 1]);
  answer.resolve(FOUND);
  await world.settle();
  expect(await find(id)).toMatchObject({ status: 'COMPLETED', pollCount: 1 });
});

test('a response about the executionId of a hint does not count against the execution once its own is known', async () => {
  const { add, cxone, find, record, events, world } = startTestBackground();
  const submission = Promise.withResolvers<typeof ACCEPTED>();
  const poll = Promise.withResolvers<PollResponse>();
  cxone.onExecute = () => submission.promise;
  cxone.onPoll = async ({ executionId }) => (executionId === 'made-up' ? poll.promise : STILL_RUNNING);
  const id = await add(WINDOW);
  await record(id, { type: 'unverified-callback', executionId: 'made-up', report: completed() });
  await world.settle();
  expect(cxone.polls.map(({ executionId }) => executionId)).toEqual(['made-up']);
  submission.resolve(ACCEPTED);
  await world.settle();
  poll.resolve(GONE);
  await world.settle();
  expect(await find(id)).toMatchObject({ status: 'PENDING', executionId: 'cx-1' });
  expect(await events(id)).toContain('POLL_ERROR');
});

describe('a callback after the end that cannot be read', () => {
  const UNREADABLE = { type: 'callback-unreadable', reason: 'no JSON', body: null } as const;

  async function timedOut() {
    const background = startTestBackground();
    background.cxone.onPoll = async () => STILL_RUNNING;
    const id = await background.add({ ...WINDOW, notifyUrl: 'https://app.example/hook' });
    await background.world.advance(DEADLINE + 1000);
    expect(await background.find(id)).toMatchObject({ status: 'TIMEOUT', pollAt: null });
    background.cxone.polls.length = 0;
    return { ...background, id };
  }

  test('has CXone polled once, also after a restart in between, and the app is notified of the late result', async () => {
    const { cxone, events, find, id, record, restart, stop, store, world } = await timedOut();
    await stop();
    await record(id, UNREADABLE);
    expect(cxone.polls).toHaveLength(0);
    cxone.onPoll = async () => FOUND;
    restart();
    await world.advance(1000);
    expect(cxone.polls).toMatchObject([{ correlationId: id }]);
    expect(await find(id)).toMatchObject({ status: 'TIMEOUT', lateResult: { result: 'found', via: 'poll' } });
    expect((await events(id)).slice(-3)).toEqual(expect.arrayContaining(['CALLBACK_UNREADABLE', 'POLL_COMPLETED']));
    const notified = (await store.trail(id)).find(({ event }) => event === 'POLL_COMPLETED');
    expect(notified?.detail).toMatchObject({ outcome: 'late', notification: expect.any(String) });
    await world.advance(600_000);
    expect(cxone.polls).toHaveLength(1);
  });

  test('has CXone polled again until it answers, and no failure ends what has ended', async () => {
    const { cxone, events, find, id, record, world } = await timedOut();
    const before = (await events(id)).length;
    const backAt = world.now() + 600_000;
    cxone.onPoll = async () => (world.now() < backAt ? failing(true) : FOUND);
    await record(id, UNREADABLE);
    await world.advance(900_000);
    expect(await find(id)).toMatchObject({ status: 'TIMEOUT', lateResult: { result: 'found' } });
    expect(cxone.polls.length).toBeLessThan(40);
    const since = new Set((await events(id)).slice(before));
    expect(since).not.toContain('POLL_TIMEOUT');
  });

  test('waits while the limits of CXone allow no request', async () => {
    const { cxone, events, find, id, record, world } = await timedOut();
    const before = (await events(id)).length;
    cxone.limit = 0;
    await record(id, UNREADABLE);
    await world.advance(120_000);
    expect((await events(id)).slice(before)).toEqual(['CALLBACK_UNREADABLE']);
    expect((await find(id)).pollAt).not.toBeNull();
  });
});
