// How many requests CXone has to cope with at a time: fewer when it slows or says that it is too many, more when it is well.

/** An average answer slower than this means that CXone has more to do than it can, in milliseconds. */
const SLOW_MS = 2_000;
/** How much one answer counts in the moving average. */
const AVERAGE_WEIGHT = 0.2;
const SLOW_SHRINK = 0.75;
const OVERLOAD_SHRINK = 0.5;
/** How CXone coped with a request: well, too many at once (429), or neither can be said. */
export type LoadSignal = 'well' | 'overloaded' | 'unknown';

/** Additive increase, multiplicative decrease; the answers of one burst shrink it once, as only younger requests know the new limit. */
export function createAdaptiveConcurrency(max: number) {
  let allowed = max;
  let average: number | null = null;
  let begun = 0;
  let shrunkAt = 0;

  function shrink(factor: number, by: number): void {
    if (by <= shrunkAt) return;
    shrunkAt = begun;
    allowed = Math.max(1, Math.floor(allowed * factor));
  }

  return {
    limit: () => Math.floor(allowed),
    averageLatencyMs: () => average,
    begin: () => {
      begun += 1;
      return begun;
    },
    observe: (by: number, latencyMs: number, verdict: LoadSignal): void => {
      average = average === null ? latencyMs : average + AVERAGE_WEIGHT * (latencyMs - average);
      if (verdict === 'overloaded') shrink(OVERLOAD_SHRINK, by);
      else if (average > SLOW_MS) shrink(SLOW_SHRINK, by);
      // One more for each round of as many good answers.
      else if (verdict === 'well') allowed = Math.min(max, allowed + 1 / allowed);
    },
  };
}
