// The three counters of the roll-ups, and the sample that is kept with them.

import type { Database } from 'better-sqlite3';
import { arrivalOf } from '../../../execution/arrival-channel.ts';
import {
  type Counted,
  ENDED_COLUMNS,
  endedKey,
  OUTCOME_COLUMNS,
  outcomeKey,
  SUBMITTED_COLUMNS,
  submittedKey,
} from '../../shared/rollup-keys.ts';
import type { ArrivalTimes } from './arrival-times.ts';
import { createCounter } from './counter.ts';
import { createSampling } from './sampling.ts';

type Submitted = Pick<Counted, 'reference' | 'app' | 'actionId'>;

/** `times` is negative to subtract. All functions but `discard` run inside a transaction. */
export function createTallies(client: Database) {
  const submitted = createCounter(client, 'rollup_submitted', SUBMITTED_COLUMNS);
  const outcomes = createCounter(client, 'rollup_outcomes', OUTCOME_COLUMNS);
  const ended = createCounter(client, 'rollup_ended', ENDED_COLUMNS);
  const counters = [submitted, outcomes, ended];
  const sampling = createSampling(client);
  return {
    accept: (counted: Submitted): void => {
      sampling.add(counted.actionId, counted.reference);
      submitted.add(submittedKey(counted, 'accepted'), 1);
    },
    withdraw: (counted: Submitted): void => {
      sampling.remove(counted.actionId, counted.reference);
      submitted.add(submittedKey(counted, 'accepted'), -1);
    },
    countOutcome: (counted: Counted, times: number): void => {
      outcomes.add(outcomeKey(counted), times);
      if (counted.sentAt === null) submitted.add(submittedKey(counted, 'unsent'), times);
    },
    countArrival: (counted: Counted, found: ArrivalTimes, times: number): void => {
      const { status, resolvedBy, sentAt, resolvedAt } = counted;
      const { calledBackAt, foundAt } = found;
      const arrival = arrivalOf({ status, resolvedBy, sentAt, resolvedAt, calledBackAt, foundAt });
      if (arrival !== null) ended.add(endedKey(counted, arrival), times);
    },
    flush: (): void => {
      for (const counter of counters) counter.flush();
    },
    /** After a rollback. */
    discard: (): void => {
      for (const counter of counters) counter.discard();
      sampling.reload();
    },
  };
}
