// The course of one action over a period: outcomes, their channels and run times, in steps of the time of submission.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import type { Course, CourseGroup, CourseQuery, Rollups } from '../store/rollups-port.ts';
import { countOutcome, createOutcomeCounts, endedIn, type OutcomeCounts } from './outcome-counts.ts';
import { weightedQuantile } from './statistics.ts';

/** Divisors and multiples of an hour. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[DAY_MS, 2 * DAY_MS],
];
const MAX_STEPS = 60;

/** The longest period. */
export const MAX_COURSE_DAYS = 90;

/** Milliseconds since the Unix epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Run times of the outcomes from CXone, from submission to outcome, milliseconds. */
export interface RunTimes {
  readonly count: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
}

export interface CourseCounts extends Readonly<OutcomeCounts> {
  readonly ended: number;
  readonly open: number;
  /** Null without an outcome from CXone. */
  readonly runTimes: RunTimes | null;
}

export interface CourseStep extends CourseCounts {
  /** Its beginning, milliseconds. */
  readonly at: number;
}

export interface ActionCourse extends Period {
  readonly stepMs: number;
  /** Oldest first, without a gap. */
  readonly steps: readonly CourseStep[];
  readonly total: CourseCounts;
  readonly timing: Course['timing'];
  /** True if the steps are hours because too many executions were submitted in the period for shorter ones. */
  readonly isCoarse: boolean;
  /** Not null while earlier executions are still being counted: since when the executions are, milliseconds. */
  readonly countedFrom: number | null;
}

/** The steps are aligned to the epoch, and cover the period. */
export async function readCourse(
  store: Pick<Rollups, 'course' | 'coverage'>,
  actionId: string,
  period: Period,
): Promise<ActionCourse> {
  const steps = stepsOf(period);
  const found = await store.course({ actionId, ...steps });
  if (found !== null && steps.stepMs < HOUR_MS)
    return { ...courseOf(steps, found), isCoarse: false, countedFrom: null };
  const hours = found === null ? inSteps(period, HOUR_MS) : steps;
  const course = found ?? (await store.course({ actionId, ...hours }));
  if (course === null) throw new Error('hours are read from the roll-ups, whatever their number of executions');
  const { countedFrom } = await store.coverage();
  const isCounted = countedFrom !== null && countedFrom <= hours.from;
  return {
    ...courseOf(hours, course),
    isCoarse: found === null,
    countedFrom: isCounted ? null : (countedFrom ?? period.to),
  };
}

type Steps = Omit<CourseQuery, 'actionId'>;

function stepsOf(period: Period): Steps {
  const fitting = STEPS_MS.map((stepMs) => inSteps(period, stepMs));
  const steps = fitting.find(({ from, to, stepMs }) => to - from <= MAX_STEPS * stepMs);
  return steps ?? inSteps(period, 2 * DAY_MS);
}

function inSteps({ from, to }: Period, stepMs: number): Steps {
  return { stepMs, from: Math.floor(from / stepMs) * stepMs, to: Math.ceil(to / stepMs) * stepMs };
}

function courseOf({ from, to, stepMs }: Steps, { accepted, outcomes, timing }: Course) {
  const counts = new Map(accepted.map(({ at, count }) => [at, count]));
  const groups = Map.groupBy(outcomes, ({ at }) => at);
  const steps: CourseStep[] = [];
  for (let at = from; at < to; at += stepMs) {
    steps.push({ at, ...countsOf(counts.get(at) ?? 0, groups.get(at) ?? []) });
  }
  const total = countsOf(
    accepted.reduce((sum, { count }) => sum + count, 0),
    outcomes,
  );
  return { from, to, stepMs, steps, total, timing };
}

function countsOf(submitted: number, groups: readonly CourseGroup[]): CourseCounts {
  const counts = { ...createOutcomeCounts(), submitted };
  const times = new Map<number, number>();
  for (const { status, resolvedBy, sent, ms, count } of groups) {
    countOutcome(counts, { status, resolvedBy, sentAt: sent === 1 ? 0 : null }, count);
    if (resolvedBy !== 'deadline' && resolvedBy !== 'cancel') times.set(ms, (times.get(ms) ?? 0) + count);
  }
  const ended = endedIn(counts);
  return { ...counts, ended, open: Math.max(0, submitted - ended), runTimes: runTimesOf(times) };
}

function runTimesOf(times: ReadonlyMap<number, number>): RunTimes | null {
  const sorted = [...times].sort(([one], [other]) => one - other);
  const count = sorted.reduce((sum, [, times]) => sum + times, 0);
  const at = (q: number) => weightedQuantile(sorted, count, q) ?? 0;
  return count === 0 ? null : { count, p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) };
}
