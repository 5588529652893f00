// Counts, in memory, the executions of each app that wait for dispatch and for polls: acceptance needs no query, claims no scan.

import type { Execution } from '../../execution/execution.ts';

/** The queued executions of one app at one priority: an index range that is ordered by time. */
export interface QueueLane {
  readonly app: string;
  readonly priority: number;
}

export interface Backlog {
  /** Number of queued executions. */
  readonly queued: number;
  /** Returns the number of queued executions of one app. */
  queuedBy(app: string): number;
  /** Returns the lanes that are not empty: of each app the highest priority first. */
  lanes(): QueueLane[];
  /** Number of open executions that are scheduled for a poll. */
  readonly pollable: number;
  /** Number of executions that have ended and are scheduled for a poll. */
  readonly polledAfterEnd: number;
  /** Returns the apps that have such executions. */
  polledApps(): string[];
  /** Counts an execution that was added (`before` null) or changed. */
  update(before: Execution | null, after: Execution): void;
  /**
   * Replaces all counts by those of the database.
   * @param open open executions that wait for nothing else than a poll
   */
  reset(
    queued: readonly (QueueLane & { readonly count: number })[],
    polled: readonly { readonly app: string; readonly count: number }[],
    open: number,
  ): void;
}

/** @param updated is called after each update. */
export function createBacklog(updated: Backlog['update'] = () => {}): Backlog {
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
    get queued() {
      return total;
    },
    get pollable() {
      return pollable;
    },
    get polledAfterEnd() {
      return scheduled - pollable;
    },
    queuedBy: (app) => [...(queued.get(app)?.values() ?? [])].reduce((sum, count) => sum + count, 0),
    lanes: () =>
      [...queued].flatMap(([app, lanes]) =>
        // promise: higher-priority-first
        [...lanes.keys()].sort((a, b) => b - a).map((priority) => ({ app, priority })),
      ),
    polledApps: () => [...polled.keys()],
    update: (before, after) => {
      const toSend = Number(after.dispatchAt !== null) - Number((before?.dispatchAt ?? null) !== null);
      const toPoll = Number(after.pollAt !== null) - Number((before?.pollAt ?? null) !== null);
      if (toSend !== 0) queue(after, toSend);
      if (toPoll !== 0) poll(after.app, toPoll);
      // promise: polled-after-the-end-is-not-open
      pollable += Number(isPollable(after)) - Number(before !== null && isPollable(before));
      updated(before, after);
    },
    reset: (lanes, apps, open) => {
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
