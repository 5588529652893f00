// Events and submissions whose times were read before a step of the clock, and which are decided after it.

import type { NewExecution } from '../intake-port.ts';

/** The members of events that are times. */
const TIMES_OF_EVENTS: readonly string[] = ['retryAt', 'giveUpAt', 'nextPollAt', 'notBefore', 'leasedUntil'];

/** Returns the event with its times moved by `ms`. */
export function movedEvent<E extends object>(event: E, ms: number): E {
  // promise: event-across-a-step-has-the-new-clock
  if (ms === 0) return event;
  const times = Object.entries(event).filter(([name, at]) => TIMES_OF_EVENTS.includes(name) && at !== null);
  return { ...event, ...Object.fromEntries(times.map(([name, at]) => [name, at + ms])) };
}

/** Returns the submission with its times moved by `ms`. */
export function movedSubmission(submission: NewExecution, ms: number): NewExecution {
  // promise: submission-across-a-step-has-the-new-clock
  if (ms === 0) return submission;
  const { submittedAt, dispatchAt, expireAt } = submission.execution;
  const moved = (at: number | null) => (at === null ? null : at + ms);
  const times = { submittedAt: submittedAt + ms, dispatchAt: moved(dispatchAt), expireAt: moved(expireAt) };
  return { ...submission, execution: { ...submission.execution, ...times } };
}
