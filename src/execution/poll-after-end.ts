// A poll of an execution that ended without a result: a callback that brought none shows that CXone may have one.
//
// Such an execution has `pollAt`, as an open one has, and its status stays. `foundAt` is when CXone last showed that it knows it: by a
// poll, or by the callback. One usable response to the poll ends this; without one, the poll is repeated for a day.

import { awaitsLateResult } from './apply-result.ts';
import type { NextPoll } from './event.ts';
import { type Execution, hasPollAddress, isTerminal } from './execution.ts';

/** The least time between the poll for one callback and that for the next one, milliseconds: CXone may repeat a callback without end. */
const MIN_DISTANCE_MS = 5_000;

/** How long after the callback a poll without a usable response is repeated, milliseconds. */
const REPEATED_FOR_MS = 24 * 3600 * 1000;

/** The part of that time which has passed, after which the poll is repeated: the waits grow. */
const GROWTH = 1 / 4;

/** Schedules a poll of an execution that ended without a result, unless its result came late, or CXone cannot be polled about it. */
export function polledAfterEnd(execution: Execution, now: number): Execution {
  const { pollAt, resolvedAt, foundAt, notFoundAt } = execution;
  // promise: callback-after-the-end-is-polled
  if (!awaitsLateResult(execution) || execution.erasedAt !== null || !hasPollAddress(execution)) return execution;
  const answeredAt = Math.min(Math.max(foundAt ?? 0, notFoundAt ?? 0), now);
  const isPolled = pollAt !== null || answeredAt > (resolvedAt ?? now);
  // promise: repeated-callbacks-cause-few-polls
  const soonest = isPolled ? Math.max(now, (pollAt === null ? answeredAt : now) + MIN_DISTANCE_MS) : now;
  return { ...execution, foundAt: now, pollAt: Math.min(pollAt ?? soonest, soonest) };
}

/** Returns whether the execution has ended and is to be polled. */
export function isPolledAfterEnd({ status, pollAt }: Execution): boolean {
  return isTerminal(status) && pollAt !== null;
}

/**
 * Ends the polls, because CXone gave a usable response.
 * @param leasedUntil the `pollAt` of the poll that is answered: another one is that of a callback which came meanwhile
 */
export function answeredAfterEnd(execution: Execution, leasedUntil: number | null = execution.pollAt): Execution {
  const { pollAt } = execution;
  if (pollAt === null) return execution;
  // promise: callback-during-a-poll-is-polled
  const isSame = leasedUntil === null || Math.trunc(pollAt) === Math.trunc(leasedUntil);
  return isSame ? { ...execution, pollAt: null } : execution;
}

/** Schedules the repetition of a poll without a usable response; none a day after the callback. */
export function repeatedAfterEnd(
  execution: Execution,
  { nextPollAt, notBefore = 0 }: NextPoll,
  now: number,
): Execution {
  if (execution.pollAt === null) return execution;
  const passedMs = Math.max(0, now - (execution.foundAt ?? now));
  // promise: unanswered-poll-after-the-end-is-repeated
  if (passedMs > REPEATED_FOR_MS) return { ...execution, pollAt: null };
  return { ...execution, pollAt: Math.max(nextPollAt, notBefore, now + Math.round(passedMs * GROWTH)) };
}
