// Who is next: apps that have work take turns in proportion to their weights, from one round to the next.

/**
 * Shares out up to `limit` turns among apps. `demand` is the number of turns that each app can use. Returns the app of each
 * turn, in order.
 */
export type FairShare = (limit: number, demand: ReadonlyMap<string, number>) => readonly string[];

/** The weight of an app that none was chosen for. */
const USUAL_WEIGHT = 1;

interface Waiting {
  readonly app: string;
  /** How far a turn puts its mark. */
  readonly step: number;
  mark: number;
  /** Turns that it could still use. */
  left: number;
}

/**
 * Start-time fair queueing: each turn puts its app's mark on by 1/weight, and whoever's mark is the least goes next, so that
 * turns alternate as finely as the weights allow. The marks outlast the round. Whoever comes back from having nothing to do
 * begins where the others are: nothing was saved up meanwhile.
 */
export function createFairShare(weights: ReadonlyMap<string, number> = new Map()): FairShare {
  /** Of those that are ahead; everyone else stands where the last turn was given. */
  const marks = new Map<string, number>();
  let reached = 0;

  function enter(demand: ReadonlyMap<string, number>): Waiting[] {
    return [...demand].map(([app, left]) => {
      const step = 1 / (weights.get(app) ?? USUAL_WEIGHT);
      // promise: idle-app-saves-nothing
      return { app, step, mark: Math.max(reached, marks.get(app) ?? 0), left };
    });
  }

  function remember(served: readonly Waiting[]): void {
    for (const { app, mark } of served) marks.set(app, mark);
    for (const [app, mark] of marks) if (mark <= reached) marks.delete(app);
  }

  return (limit, demand) => {
    const waiting = enter(demand);
    const turns: string[] = [];
    while (turns.length < limit) {
      const one = first(waiting);
      if (one === undefined) break;
      turns.push(one.app);
      reached = one.mark;
      // promise: apps-take-turns
      one.mark += one.step;
      one.left -= 1;
    }
    remember(waiting);
    return turns;
  };
}

function first(waiting: readonly Waiting[]): Waiting | undefined {
  let found: Waiting | undefined;
  for (const one of waiting) {
    if (one.left > 0 && (found === undefined || one.mark < found.mark)) found = one;
  }
  return found;
}
