// Weighted fair sharing: apps with pending work take turns in proportion to their weights, across rounds.

/**
 * Distributes up to `limit` turns among apps, of which each can use as many as `demand` says. Returns an app for each turn, in
 * the order of the turns, and counts the turns as used.
 */
export type FairShare = (limit: number, demand: ReadonlyMap<string, number>) => readonly string[];

/** The weight of an app without a configured one. */
const DEFAULT_WEIGHT = 1;

interface Contender {
  readonly app: string;
  /** What one turn adds to its virtual time. */
  readonly step: number;
  virtualTime: number;
  /** Turns that it can still use. */
  demand: number;
}

/**
 * Start-time fair queueing: each turn advances its app's virtual time by 1/weight, and the app with the earliest virtual time is
 * next, so turns alternate as finely as the weights allow. Virtual times outlast the round. An app that was idle rejoins at the
 * current virtual time: idleness earns no credit.
 */
export function createFairShare(weights: ReadonlyMap<string, number> = new Map()): FairShare {
  /** Only of apps that are ahead of the last turn. */
  const virtualTimes = new Map<string, number>();
  let current = 0;

  function enter(demands: ReadonlyMap<string, number>): Contender[] {
    return [...demands].map(([app, demand]) => {
      const step = 1 / (weights.get(app) ?? DEFAULT_WEIGHT);
      // promise: idle-app-saves-nothing
      return { app, step, virtualTime: Math.max(current, virtualTimes.get(app) ?? 0), demand };
    });
  }

  function remember(contenders: readonly Contender[]): void {
    for (const { app, virtualTime } of contenders) virtualTimes.set(app, virtualTime);
    for (const [app, virtualTime] of virtualTimes) if (virtualTime <= current) virtualTimes.delete(app);
  }

  return (limit, demand) => {
    const contenders = enter(demand);
    const turns: string[] = [];
    while (turns.length < limit) {
      const next = earliest(contenders);
      if (next === undefined) break;
      turns.push(next.app);
      current = next.virtualTime;
      // promise: apps-take-turns
      next.virtualTime += next.step;
      next.demand -= 1;
    }
    remember(contenders);
    return turns;
  };
}

function earliest(contenders: readonly Contender[]): Contender | undefined {
  let found: Contender | undefined;
  for (const contender of contenders) {
    if (contender.demand > 0 && (found === undefined || contender.virtualTime < found.virtualTime)) found = contender;
  }
  return found;
}
