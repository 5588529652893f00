// Adaptive concurrency limit: decreases when CXone slows down or responds 429, increases while it responds well.

/** Average latency in milliseconds above which CXone counts as overloaded. */
const SLOW_MS = 2_000;
/** Weight of one response in the moving average. */
const AVERAGE_WEIGHT = 0.2;
const SLOW_SHRINK = 0.75;
const OVERLOAD_SHRINK = 0.5;
/** What a response says about CXone's load; `overloaded` is a 429. */
export type LoadSignal = 'well' | 'overloaded' | 'unknown';

/** Additive increase, multiplicative decrease. A burst of bad responses decreases the limit once: older requests do not count. */
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
    /** Continues with this limit, from 1 to the maximum. */
    continueWith: (limit: number): void => {
      allowed = Math.min(max, Math.max(1, limit));
    },
    averageLatencyMs: () => average,
    begin: () => {
      begun += 1;
      return begun;
    },
    observe: (by: number, latencyMs: number, verdict: LoadSignal): void => {
      average = average === null ? latencyMs : average + AVERAGE_WEIGHT * (latencyMs - average);
      if (verdict === 'overloaded') shrink(OVERLOAD_SHRINK, by);
      else if (average > SLOW_MS) shrink(SLOW_SHRINK, by);
      // One more after as many good responses as the limit.
      else if (verdict === 'well') allowed = Math.min(max, allowed + 1 / allowed);
    },
  };
}
