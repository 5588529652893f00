// Audit entries, in their order, become figures: per minute over a day, and per action. Pure; bounded whatever comes.

import type { AuditEntry } from '../../execution/event.ts';
import { outcomeFromAudit } from '../../execution/outcome-from-audit.ts';
import type { Fact, Tally } from './tally.ts';
import { createSeries, type Series, type Step, summed } from './time-series.ts';

const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;

/** How far back, and in how many stretches; milliseconds. */
export interface Range {
  readonly stepMs: number;
  readonly steps: number;
}

export const LAST_HOUR: Range = { stepMs: MINUTE_MS, steps: 60 };
export const LAST_DAY: Range = { stepMs: 15 * MINUTE_MS, steps: 96 };

export interface Bounds {
  /** Past so many actions, those that come last are counted together. */
  readonly actions: number;
  /** Past so many open executions, those that come last are not timed. */
  readonly open: number;
}

const BOUNDS: Bounds = { actions: 50, open: 100_000 };

/** Under this name actions are counted together once there are too many; no action can have it. */
export const OTHER_ACTIONS = '(others)';

export interface RollUp {
  take(entry: AuditEntry): void;
  steps(now: number, range: Range): Step[];
  /** Each action that has something in that time, the busiest first. */
  actions(now: number, range: Range): { readonly actionId: string; readonly tally: Tally }[];
}

/** What is remembered of an open execution. */
interface Open {
  readonly submittedAt: number;
  /** When CXone was last known to be at work on it. */
  workingAt: number | null;
}

/** There are many actions: of each the minutes are kept for an hour only, and longer stretches for the day. */
interface ActionSeries {
  readonly hour: Series;
  readonly day: Series;
}

export function createRollUp(bounds = BOUNDS): RollUp {
  const all = createSeries(MINUTE_MS, DAY_MS / MINUTE_MS);
  const byAction = new Map<string, ActionSeries>();
  const open = new Map<string, Open>();

  function seriesOf(actionId: string): ActionSeries {
    const name = byAction.has(actionId) || byAction.size < bounds.actions ? actionId : OTHER_ACTIONS;
    const series = byAction.get(name) ?? {
      hour: createSeries(LAST_HOUR.stepMs, LAST_HOUR.steps),
      day: createSeries(LAST_DAY.stepMs, LAST_DAY.steps),
    };
    byAction.set(name, series);
    return series;
  }

  function follow({ event, correlationId, timestamp }: AuditEntry, known: Open | undefined): void {
    switch (event) {
      case 'ACCEPTED':
        if (open.size < bounds.open) open.set(correlationId, { submittedAt: timestamp, workingAt: null });
        break;
      case 'SUBMITTED':
      case 'POLL_PROGRESS':
      case 'CALLBACK_PROGRESS':
        if (known !== undefined) known.workingAt = timestamp;
        break;
      default:
    }
  }

  return {
    take: (entry) => {
      const known = open.get(entry.correlationId);
      const fact = factOf(entry, known);
      follow(entry, known);
      if (known !== undefined && fact.status !== null) open.delete(entry.correlationId);
      all.add(fact);
      const { hour, day } = seriesOf(entry.actionId);
      hour.add(fact);
      day.add(fact);
    },
    steps: (now, { steps, stepMs }) => all.last(now, steps, stepMs),
    actions: (now, { steps, stepMs }) =>
      [...byAction]
        .map(([actionId, { hour, day }]) => {
          const series = steps * stepMs <= LAST_HOUR.steps * LAST_HOUR.stepMs ? hour : day;
          return { actionId, tally: summed(series.last(now, steps, stepMs)) };
        })
        .filter(({ tally }) => busy(tally) > 0)
        .sort((one, other) => busy(other.tally) - busy(one.tally)),
  };
}

function factOf(entry: AuditEntry, known: Open | undefined): Fact {
  const { event, detail, timestamp, actionId, latencyMs, httpStatus } = entry;
  // Only the entry that ended an execution carries the hash of its outcome.
  const ending = detail['outcomeSha256'] === undefined ? null : outcomeFromAudit(event, detail);
  const wasAnswered = latencyMs !== null && httpStatus !== null && httpStatus > 0;
  const since = (time: number | null | undefined) =>
    time === null || time === undefined ? null : Math.max(0, timestamp - time);
  return {
    at: timestamp,
    event,
    actionId,
    status: ending?.status ?? null,
    way: ending?.resolvedBy ?? null,
    upstreamMs: wasAnswered && !event.startsWith('NOTIFICATION_') ? latencyMs : null,
    totalMs: ending === null ? null : since(known?.submittedAt),
    lagMs: ending?.resolvedBy === 'poll' ? since(known?.workingAt) : null,
  };
}

function busy({ submitted, byResolver }: Tally): number {
  return submitted + Object.values(byResolver).reduce((sum, ended) => sum + ended, 0);
}
