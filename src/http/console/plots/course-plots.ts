// The plots of one action: outcomes, run times, and how outcomes became known. The same values are served as CSV.

import { many } from '../../../lib/figures.ts';
import { DAY_MS, isoTime, MINUTE_MS } from '../../../lib/time.ts';
import type { ActionCourse, CourseCounts, CourseStep, RunTimes } from '../../../stats/action-course.ts';
import type { Html } from '../../html.ts';
import { duration } from '../format.ts';
import { bands, type Limit } from './bands.ts';
import { bars } from './bars.ts';
import { type Cell, csvOf } from './csv.ts';
import { describeCounts, OUTCOMES, outcomeValues } from './outcomes.ts';

const OPEN = { name: 'Open', look: 'fill-open' } as const;

export const CHANNELS = [
  { name: 'Callback', look: 'fill-good' },
  { name: 'Poll', look: 'fill-poll' },
  { name: 'Submit response', look: 'fill-soft' },
  { name: 'Timed out', look: 'fill-warn' },
] as const;

export interface CoursePlots {
  readonly actionId: string;
  readonly course: ActionCourse;
  /** The address of the values as CSV. */
  readonly csv: string;
}

export function coursePlots({ actionId, course, csv }: CoursePlots): Html[] {
  const { steps, total, stepMs, from, to } = course;
  const beginning = startLabel(stepMs);
  const common = (name: string) => ({ from, to, csv, hasZoom: true, file: `${actionId}-${name}` });
  return [
    bars({
      ...common('outcomes'),
      title: 'Outcomes',
      summary: `Of ${many(total.submitted, 'submitted execution')}: ${outcomeWords(total)}`,
      kinds: OUTCOMES_AND_OPEN,
      columns: steps.map((step) => ({
        tooltip: `${beginning(step.at)}: ${outcomeWords(step)}`,
        values: [...outcomeValues(step), step.open],
      })),
    }),
    bands({
      ...common('run-time'),
      title: 'Run time',
      summary: `From submission to outcome: ${runTimeWords(total.runTimes)}`,
      columns: steps.map(({ at, runTimes }) => ({
        tooltip: `${beginning(at)}: ${runTimeWords(runTimes)}`,
        times: runTimes,
      })),
      limits: limitsOf(course),
    }),
    bars({
      ...common('channels'),
      title: 'Callbacks and polls',
      summary: `Outcomes: ${channelWords(channelValues(total))}`,
      kinds: CHANNELS,
      columns: steps.map((step) => ({
        tooltip: `${beginning(step.at)}: ${channelWords(channelValues(step))}`,
        values: channelValues(step),
      })),
    }),
  ];
}

const OUTCOMES_AND_OPEN = [...OUTCOMES, OPEN];

function outcomeWords(counts: CourseCounts): string {
  return describeCounts([...outcomeValues(counts), counts.open], OUTCOMES_AND_OPEN);
}

function runTimeWords(times: RunTimes | null): string {
  if (times === null) return 'no outcome from CXone';
  const { count, p5, p25, p50, p75, p95 } = times;
  return `median ${duration(p50)}; half ${duration(p25)} to ${duration(p75)}; 90 % ${duration(p5)} to ${duration(p95)}; ${many(count, 'outcome')}`;
}

function channelValues({ byChannel: { callback, poll, submit, timeout } }: CourseCounts): number[] {
  return [callback, poll, submit, timeout];
}

/** Returns `12 by callback, 3 by poll`: the channels that occurred. */
export function channelWords(values: readonly number[]): string {
  return describeCounts(values, CHANNEL_WORDS);
}

const CHANNEL_WORDS = ['by callback', 'by poll', 'by submit response', 'timed out'].map((name) => ({ name }));

/** Grace period and polling window begin when an execution is sent, which is soon after its submission unless it waits. */
function limitsOf({ timing }: ActionCourse): Limit[] {
  if (timing === null) return [];
  const graceMs = timing.graceSeconds * 1000;
  const deadlineMs = graceMs + timing.timeoutSeconds * 1000;
  return [
    ...(graceMs === 0
      ? []
      : [{ ms: graceMs, label: `end of the grace period, ${duration(graceMs)}`, kind: 'grace' } as const]),
    { ms: deadlineMs, label: `deadline, ${duration(deadlineMs)}`, kind: 'deadline' },
  ];
}

/** Returns the time of a step in words: short, because each column has it. */
function startLabel(stepMs: number): (at: number) => string {
  const begin = stepMs >= DAY_MS ? 0 : 5;
  const end = stepMs >= MINUTE_MS ? 16 : 19;
  return (at) =>
    isoTime(at)
      .slice(begin, stepMs >= DAY_MS ? 10 : end)
      .replace('T', ' ');
}

const COLUMNS = [
  ...['from', 'to', 'submitted', 'open', 'completed', 'failed', 'rejected', 'not_found', 'timed_out', 'cancelled'],
  ...['by_callback', 'by_poll', 'by_submit_response', 'by_time_out', 'outcomes_from_cxone'],
  ...['run_time_p5_ms', 'run_time_p25_ms', 'run_time_p50_ms', 'run_time_p75_ms', 'run_time_p95_ms'],
];

/** Returns the values of the plots as CSV (RFC 4180), a row for each step. */
export function courseCsv({ steps, stepMs }: ActionCourse): string {
  return csvOf(
    COLUMNS,
    steps.map((step) => csvRow(step, stepMs)),
  );
}

function csvRow({ at, submitted, open, byStatus, byChannel, runTimes }: CourseStep, stepMs: number): Cell[] {
  const { COMPLETED, FAILED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED } = byStatus;
  const { callback, poll, submit, timeout } = byChannel;
  return [
    ...[isoTime(at), isoTime(at + stepMs), submitted, open],
    ...[COMPLETED, FAILED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED],
    ...[callback, poll, submit, timeout, runTimes?.count ?? 0],
    ...[runTimes?.p5, runTimes?.p25, runTimes?.p50, runTimes?.p75, runTimes?.p95],
  ];
}
