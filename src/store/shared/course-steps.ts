// Counts executions by the step of their submission and by their outcome, as the roll-ups count them by the hour.

import { roundDuration } from '../../lib/round-duration.ts';
import type { Course, CourseGroup } from '../rollups-port.ts';
import { resolverOf, statusOf } from './codes.ts';
import { isFromCxone } from './rollup-keys.ts';

export type Steps = Pick<Course, 'accepted' | 'outcomes'>;

/** Executions that have all of these in common. */
export interface StepRow {
  /** When they were submitted, or the beginning of their step. */
  readonly at: number;
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly sent: 0 | 1;
  /** Null while they are open. */
  readonly ms: number | null;
  readonly count: number;
}

export function createStepCounts(stepMs: number) {
  const accepted = new Map<number, number>();
  const outcomes = new Map<string, CourseGroup>();
  return {
    add: ({ at: time, status, resolvedBy: by, sent, ms: exact, count }: StepRow): void => {
      const at = Math.floor(time / stepMs) * stepMs;
      accepted.set(at, (accepted.get(at) ?? 0) + count);
      if (exact === null) return;
      const resolvedBy = resolverOf(by);
      // Rounded here: groups with equal durations become one.
      const ms = isFromCxone(resolvedBy) ? roundDuration(exact) : 0;
      const key = `${at} ${status} ${by} ${sent} ${ms}`;
      const before = outcomes.get(key)?.count ?? 0;
      outcomes.set(key, { at, status: statusOf(status), resolvedBy, sent, ms, count: before + count });
    },
    read: (): Steps => ({
      accepted: [...accepted].map(([at, count]) => ({ at, count })),
      outcomes: [...outcomes.values()],
    }),
  };
}
