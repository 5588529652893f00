// Each time of an event moves with a step of the clock, and no other number does.

import { expect, test } from 'vitest';
import type { ExecutionEvent } from '../../../src/execution/event.ts';
import { movedEvent, type NumbersOf } from '../../../src/store/shared/moved-times.ts';

const HOUR_MS = 3_600_000;

test('a poll that waits keeps its waits across a step of the clock', () => {
  const polled: ExecutionEvent = {
    ...{ type: 'poll-not-found', httpStatus: 404, latencyMs: 5, message: 'gone', isNotYet: false, final: false },
    ...{ nextPollAt: 10 * HOUR_MS, notBefore: 9 * HOUR_MS, leasedUntil: null },
    ...{ confirmAfterMs: 5_000, retryAfterMs: 1_000, polledExecutionId: 'cx-1' },
  };
  const moved = { ...polled, nextPollAt: 9 * HOUR_MS, notBefore: 8 * HOUR_MS };
  expect(movedEvent(polled, -HOUR_MS)).toEqual(moved);
  expect(movedEvent(moved, HOUR_MS)).toEqual(polled);
});

test('a number that a new event has must be named, so that no new time is left behind by a step', () => {
  type Event =
    | { readonly type: 'one'; readonly dueBy?: number | null; readonly word: string }
    | { readonly ms: number };
  const named: Record<NumbersOf<Event>, boolean> = { dueBy: true, ms: false };
  // @ts-expect-error a number is missing
  const incomplete: Record<NumbersOf<Event>, boolean> = { ms: false };
  expect(Object.keys(named)).toContain(Object.keys(incomplete)[0]);
});
