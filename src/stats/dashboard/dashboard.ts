// The figures of the last day, kept up to date from commits: read back from the trail at the start, a little at a time.

import type { ResolvedBy, TerminalStatus } from '../../execution/execution.ts';
import type { Work } from '../../lib/loop.ts';
import type { Store } from '../../store/port.ts';
import { type Histogram, percentile } from './histogram.ts';
import { createRollUp, DAY_MS, LAST_HOUR, type Range } from './roll-up.ts';
import type { Tally } from './tally.ts';
import { summed } from './time-series.ts';

/** How far back the start looks at most, in entries: a few seconds of reading, spread out. */
const LOOK_BACK = 300_000;
/** Entries read at a time, and the pause until the next time: everybody else goes first. */
const READING = 250;
const BETWEEN_READINGS_MS = 5;

/** Of a duration, milliseconds; null where nothing was measured. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface OutcomeCounts {
  readonly submitted: number;
  readonly ended: number;
  readonly byStatus: Readonly<Record<TerminalStatus, number>>;
  readonly byResolver: Readonly<Record<ResolvedBy, number>>;
  /** Results that came after an ending without one. */
  readonly late: number;
  readonly upstreamErrors: number;
  readonly notified: { readonly delivered: number; readonly failed: number; readonly dead: number };
  /** How long results that a poll found can have gone unnoticed, at most. */
  readonly detectionLag: Percentiles;
  /** How long CXone took to answer executes and polls. */
  readonly upstream: Percentiles;
  /** From submission to outcome. */
  readonly total: Percentiles;
}

export interface StepCounts extends OutcomeCounts {
  /** When it begins, milliseconds. */
  readonly at: number;
}

export interface ActionCounts extends OutcomeCounts {
  readonly actionId: string;
}

export interface Overview extends OutcomeCounts {
  readonly stepMs: number;
  /** Oldest first; the last is still going on. */
  readonly steps: readonly StepCounts[];
  /** The busiest first. */
  readonly actions: readonly ActionCounts[];
  /** Whether the trail has been read back: until then figures are still growing. */
  readonly complete: boolean;
}

export interface Dashboard {
  /** Of the last hour unless said: LAST_HOUR or LAST_DAY. */
  overview(now: number, range?: Range): Overview;
  /** For a loop: reads the trail back, then rests. */
  readonly work: Work;
}

export function createDashboard(store: Pick<Store, 'feed' | 'head' | 'watch'>, now: () => number): Dashboard {
  const rollUp = createRollUp();
  /** Read up to here; null before the first reading. */
  let through: number | null = null;
  let caughtUp = false;
  /** The newest entry heard of while reading back. */
  let heardOf = 0;

  store.watch((changes) => {
    for (const { entry } of changes) {
      heardOf = Math.max(heardOf, entry.id);
      // promise: dashboard-counts-once
      if (caughtUp) rollUp.take(entry);
    }
  });

  async function readOn(): Promise<void> {
    through ??= Math.max(0, (await store.head()).id - LOOK_BACK);
    const read = await store.feed({ after: through, app: null, limit: READING });
    const since = now() - DAY_MS;
    for (const entry of read.entries) if (entry.timestamp >= since) rollUp.take(entry);
    through = read.through;
    // Nothing is committed between this line and the commits that are heard of from here on.
    caughtUp = through >= Math.max(read.newest, heardOf);
  }

  return {
    overview: (at, range = LAST_HOUR) => {
      const steps = rollUp.steps(at, range);
      return {
        ...counted(summed(steps)),
        stepMs: range.stepMs,
        steps: steps.map((step) => ({ at: step.at, ...counted(step.tally) })),
        actions: rollUp.actions(at, range).map(({ actionId, tally }) => ({ actionId, ...counted(tally) })),
        complete: caughtUp,
      };
    },
    work: async () => {
      if (caughtUp) return null;
      await readOn();
      return caughtUp ? null : BETWEEN_READINGS_MS;
    },
  };
}

function counted(tally: Tally): OutcomeCounts {
  const { submitted, byStatus, byResolver, late, upstreamErrors, notified } = tally;
  const ended = Object.values(byResolver).reduce((sum, count) => sum + count, 0);
  const [detectionLag, upstream, total] = [tally.detectionLag, tally.upstream, tally.total].map(percentiles) as [
    Percentiles,
    Percentiles,
    Percentiles,
  ];
  return {
    submitted,
    ended,
    byStatus,
    byResolver,
    late,
    upstreamErrors,
    notified,
    detectionLag,
    upstream,
    total,
  };
}

function percentiles(histogram: Histogram | null): Percentiles {
  if (histogram === null) return { count: 0, p50: null, p95: null, p99: null };
  const at = (share: number) => percentile(histogram, share);
  return { count: histogram.total, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
