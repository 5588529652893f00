// Counts, in memory, the executions of each app that wait for dispatch and for polls: acceptance needs no query, claims no scan.

import type { Execution } from '../../execution/execution.ts';

/** The queued executions of one app at one priority: an index range that is ordered by time. */
export interface QueueLane {
  readonly app: string;
  readonly priority: number;
}

export type Backlog = ReturnType<typeof createBacklog>;

/** @param updated is called after each update. */
export function createBacklog(updated: (before: Execution | null, after: Execution) => void = () => {}) {
  /** Counts by app and priority; without empty lanes and apps. */
  const queued = new Map<string, Map<number, number>>();
  const polled = new Map<string, number>();
  let total = 0;
  let scheduled = 0;
  let pollable = 0;

  function queue({ app, priority }: QueueLane, change: number): void {
    const lanes = queued.get(app) ?? new Map<number, number>();
    queued.set(app, lanes);
    total += change;
    add(lanes, priority, change);
    if (lanes.size === 0) queued.delete(app);
  }

  function poll(app: string, change: number): void {
    scheduled += change;
    add(polled, app, change);
  }

  return {
    /** Number of queued executions. */
    get queued() {
      return total;
    },
    /** Number of open executions that are scheduled for a poll. */
    get pollable() {
      return pollable;
    },
    /** Number of executions that have ended and are scheduled for a poll. */
    get polledAfterEnd() {
      return scheduled - pollable;
    },
    /** Returns the number of queued executions of one app. */
    queuedBy: (app: string): number => [...(queued.get(app)?.values() ?? [])].reduce((sum, count) => sum + count, 0),
    /** Returns the lanes that are not empty: of each app the highest priority first. */
    lanes: (): QueueLane[] =>
      [...queued].flatMap(([app, lanes]) =>
        // promise: higher-priority-first
        [...lanes.keys()].sort((a, b) => b - a).map((priority) => ({ app, priority })),
      ),
    /** Returns the apps that have such executions. */
    polledApps: (): string[] => [...polled.keys()],
    /** Counts an execution that was added (`before` null) or changed. */
    update: (before: Execution | null, after: Execution): void => {
      const toSend = Number(after.dispatchAt !== null) - Number((before?.dispatchAt ?? null) !== null);
      const toPoll = Number(after.pollAt !== null) - Number((before?.pollAt ?? null) !== null);
      if (toSend !== 0) queue(after, toSend);
      if (toPoll !== 0) poll(after.app, toPoll);
      // promise: polled-after-the-end-is-not-open
      pollable += Number(isPollable(after)) - Number(before !== null && isPollable(before));
      updated(before, after);
    },
    /**
     * Replaces all counts by those of the database.
     * @param open open executions that wait for nothing else than a poll
     */
    reset: (
      lanes: readonly (QueueLane & { readonly count: number })[],
      apps: readonly { readonly app: string; readonly count: number }[],
      open: number,
    ): void => {
      queued.clear();
      polled.clear();
      total = 0;
      scheduled = 0;
      for (const lane of lanes) queue(lane, lane.count);
      for (const { app, count } of apps) poll(app, count);
      pollable = Math.min(open, scheduled);
    },
  };
}

function isPollable({ pollAt, resolvedAt }: Execution): boolean {
  return pollAt !== null && resolvedAt === null;
}

function add<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
