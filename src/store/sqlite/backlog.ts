// How many executions are queued, in all and of each app: remembered, so that accepting one more costs no count.

import type { Execution } from '../../execution/execution.ts';

export interface Backlog {
  readonly total: number;
  of(app: string): number;
  /** An execution was added (`before` null) or changed. */
  moved(before: Execution | null, after: Execution): void;
  /** Forgets what it knew for what the database says. */
  reset(counts: readonly { readonly app: string; readonly count: number }[]): void;
}

export function createBacklog(): Backlog {
  const byApp = new Map<string, number>();
  let total = 0;

  return {
    get total() {
      return total;
    },
    of: (app) => byApp.get(app) ?? 0,
    moved: (before, after) => {
      const change = Number(after.status === 'QUEUED') - Number(before?.status === 'QUEUED');
      if (change === 0) return;
      total += change;
      byApp.set(after.app, (byApp.get(after.app) ?? 0) + change);
    },
    reset: (counts) => {
      byApp.clear();
      for (const { app, count } of counts) byApp.set(app, count);
      total = counts.reduce((sum, { count }) => sum + count, 0);
    },
  };
}
