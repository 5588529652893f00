// How much each app has to be sent and to be polled: remembered, so that accepting costs no count and looking for work no scan.

import type { Execution } from '../../../execution/execution.ts';

/** What one app has queued at one priority: a stretch of the index that is in the order of time. */
export interface QueueLane {
  readonly app: string;
  readonly priority: number;
}

export interface Backlog {
  /** Executions that are queued. */
  readonly queued: number;
  /** Of one app. */
  queuedBy(app: string): number;
  /** Those that hold something: of each app the highest priority first. */
  lanes(): QueueLane[];
  /** Executions that will be polled. */
  readonly pollable: number;
  /** Apps that have such. */
  polledApps(): string[];
  /** An execution was added (`before` null) or changed. */
  update(before: Execution | null, after: Execution): void;
  /** Forgets what it knew for what the database says. */
  reset(
    queued: readonly (QueueLane & { readonly count: number })[],
    polled: readonly { readonly app: string; readonly count: number }[],
  ): void;
}

export function createBacklog(): Backlog {
  /** By app; a lane or an app that holds nothing is not in it. */
  const queued = new Map<string, Map<number, number>>();
  const polled = new Map<string, number>();
  let total = 0;
  let pollable = 0;

  function queue({ app, priority }: QueueLane, change: number): void {
    const lanes = queued.get(app) ?? new Map<number, number>();
    queued.set(app, lanes);
    total += change;
    add(lanes, priority, change);
    if (lanes.size === 0) queued.delete(app);
  }

  function poll(app: string, change: number): void {
    pollable += change;
    add(polled, app, change);
  }

  return {
    get queued() {
      return total;
    },
    get pollable() {
      return pollable;
    },
    queuedBy: (app) => [...(queued.get(app)?.values() ?? [])].reduce((sum, count) => sum + count, 0),
    lanes: () =>
      [...queued].flatMap(([app, lanes]) =>
        // promise: higher-priority-first
        [...lanes.keys()].sort((one, other) => other - one).map((priority) => ({ app, priority })),
      ),
    polledApps: () => [...polled.keys()],
    update: (before, after) => {
      const toSend = Number(after.dispatchAt !== null) - Number((before?.dispatchAt ?? null) !== null);
      const toPoll = Number(after.pollAt !== null) - Number((before?.pollAt ?? null) !== null);
      if (toSend !== 0) queue(after, toSend);
      if (toPoll !== 0) poll(after.app, toPoll);
    },
    reset: (lanes, apps) => {
      queued.clear();
      polled.clear();
      total = 0;
      pollable = 0;
      for (const lane of lanes) queue(lane, lane.count);
      for (const { app, count } of apps) poll(app, count);
    },
  };
}

function add<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
