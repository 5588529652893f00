// Shortens a history that breaks a promise to the steps that are needed to break it.

import type { History, Step } from './history.ts';
import type { RunReport } from './run.ts';
import { runHistory } from './run.ts';

export interface Shrunk {
  readonly history: History;
  readonly report: RunReport;
}

/** Removes ever smaller groups of steps while the same promise stays broken, for at most `budgetMs` of real time. */
export async function shrink(history: History, broken: RunReport, budgetMs = 20_000): Promise<Shrunk> {
  const giveUpAt = Date.now() + budgetMs;
  let best: Shrunk = { history, report: broken };
  const stillBroken = async (steps: readonly Step[]): Promise<boolean> => {
    const shorter = { ...history, steps };
    const report = await runHistory(shorter);
    if (report.violation?.promise !== broken.violation?.promise) return false;
    best = { history: shorter, report };
    return true;
  };
  for (let size = Math.ceil(history.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.history.steps.length && Date.now() < giveUpAt; ) {
      const { steps } = best.history;
      const shorter = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (!(await stillBroken(shorter))) from += size;
    }
  }
  return best;
}
