// Summarises the outcomes of a period: one by one while they are few, else from the roll-ups.

import { HOUR_MS } from '../lib/time.ts';
import type { Rollups } from '../store/rollups-port.ts';
import type { Statistics, SubmittedPeriod } from '../store/statistics-port.ts';
import { createPeriodSummary, type PeriodSummary } from './period-summary.ts';

/** Executions up to which all of a period are read, so that latencies are exact. */
export const MAX_READ = 50_000;

export interface PeriodSources {
  readonly store: Pick<Statistics, 'outcomesOf'> & Pick<Rollups, 'coverage' | 'submitted' | 'outcomes'>;
  /** Lets other work run; called after each batch of executions that are read, with the time that is read. */
  readonly pause: (period: SubmittedPeriod) => Promise<void>;
  /** Default: {@link MAX_READ}. */
  readonly maxRead?: number;
}

export async function summarizePeriod(sources: PeriodSources, period: SubmittedPeriod): Promise<PeriodSummary> {
  const summary = createPeriodSummary();
  const hours = await countedHours(sources, period);
  if (hours === null) {
    await addExecutions(sources, period, summary);
    return summary;
  }
  await addHours(sources, hours, summary);
  // Parts of an hour at both ends are not in the roll-ups.
  // promise: parts-of-an-hour-are-read
  if (hours.from !== period.from) await addExecutions(sources, { ...period, to: hours.from }, summary);
  if (hours.to !== period.to) await addExecutions(sources, { ...period, from: hours.to }, summary);
  return summary;
}

/** Returns the whole hours of the period; null if its executions are few, or the roll-ups do not count all of them. */
async function countedHours(sources: PeriodSources, period: SubmittedPeriod): Promise<SubmittedPeriod | null> {
  const { store, maxRead = MAX_READ } = sources;
  const { from, to } = period;
  const hours = {
    ...period,
    from: from === undefined ? undefined : Math.ceil(from / HOUR_MS) * HOUR_MS,
    to: to === undefined ? undefined : Math.floor(to / HOUR_MS) * HOUR_MS,
  };
  const { from: begin = 0, to: end = Number.POSITIVE_INFINITY } = hours;
  const { countedFrom } = await store.coverage();
  if (begin >= end || countedFrom === null || countedFrom > begin) return null;
  const actions = await store.submitted(hours);
  const executions = actions.reduce((sum, { accepted }) => sum + accepted, 0);
  return executions > maxRead ? hours : null;
}

async function addHours({ store }: PeriodSources, hours: SubmittedPeriod, summary: PeriodSummary): Promise<void> {
  const open = new Map((await store.submitted(hours)).map(({ actionId, accepted }) => [actionId, accepted]));
  for (const group of await store.outcomes(hours)) {
    open.set(group.actionId, (open.get(group.actionId) ?? 0) - group.count);
    summary.add(group);
  }
  for (const [actionId, executions] of open) summary.addOpen(actionId, executions);
}

async function addExecutions({ store, pause }: PeriodSources, period: SubmittedPeriod, summary: PeriodSummary) {
  for await (const groups of store.outcomesOf(period)) {
    for (const group of groups) summary.add(group);
    await pause(period);
  }
}
