// Events and submissions whose times were read before a step of the clock, and which are decided after it.

import type { ExecutionEvent } from '../../execution/event.ts';
import type { DeliveryEvent } from '../../notification/delivery.ts';
import type { NewExecution } from '../intake-port.ts';

/** The names of the members of events that are numbers. */
export type NumbersOf<E> = E extends unknown ? { [K in keyof E]-?: number extends E[K] ? K : never }[keyof E] : never;

type AnyEvent = ExecutionEvent | DeliveryEvent;

/** Which numbers of events are times of the clock. A new one is missing here until it is added, which the compiler reports. */
const IS_TIME: Readonly<Record<NumbersOf<AnyEvent>, boolean>> = {
  retryAt: true,
  giveUpAt: true,
  nextPollAt: true,
  notBefore: true,
  leasedUntil: true,
  httpStatus: false,
  latencyMs: false,
  retryAfterMs: false,
  spreadMs: false,
  soonestMs: false,
  confirmAfterMs: false,
};

const isTime = (name: string): boolean => IS_TIME[name as keyof typeof IS_TIME] === true;

/** Returns the event with its times moved by `ms`. */
export function movedEvent<E extends AnyEvent>(event: E, ms: number): E {
  // promise: event-across-a-step-has-the-new-clock
  if (ms === 0) return event;
  const moved = Object.entries(event).flatMap(([name, at]) =>
    isTime(name) && typeof at === 'number' ? [[name, at + ms]] : [],
  );
  return { ...event, ...Object.fromEntries(moved) };
}

/** Returns the submission with its times moved by `ms`. */
export function movedSubmission(submission: NewExecution, ms: number): NewExecution {
  // promise: submission-across-a-step-has-the-new-clock
  if (ms === 0) return submission;
  const { submittedAt, dispatchAt, expireAt } = submission.execution;
  const times = {
    submittedAt: submittedAt + ms,
    dispatchAt: movedTime(dispatchAt, ms),
    expireAt: movedTime(expireAt, ms),
  };
  return { ...submission, execution: { ...submission.execution, ...times } };
}

/** Returns the time, or null, moved by `ms`. */
export function movedTime(at: number | null, ms: number): number | null {
  return at === null ? null : at + ms;
}
