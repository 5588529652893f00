// Estimates durations when some are known only as "longer than" (Kaplan and Meier, 1958). Pure.

/** A duration; `seen` is false when observation stopped before the end (right-censored). */
export interface Duration {
  readonly time: number;
  readonly seen: boolean;
}

export type Survival = ReturnType<typeof kaplanMeier>;

interface Step {
  readonly time: number;
  /** The share that takes longer than this. */
  readonly beyond: number;
}

/** Rounding in a product of many factors must not make a quantile one step too late. */
const EPSILON = 1e-12;

/** Returns the product-limit estimate. At equal times, ends come before censorings, by convention. */
export function kaplanMeier(durations: readonly Duration[]) {
  const steps = stepsOf(durations);
  const beyond = (time: number) => steps[firstAfter(steps, time) - 1]?.beyond ?? 1;
  return {
    /** The share that takes longer than `time`. */
    beyond,
    /** The time by which the share `q` has ended; null if beyond the observed time. */
    quantile: (q: number): number | null => steps.find((step) => step.beyond <= 1 - q + EPSILON)?.time ?? null,
    /** The share that had not ended at the longest observed time. */
    unknown: steps.at(-1)?.beyond ?? 1,
  };
}

function stepsOf(durations: readonly Duration[]): Step[] {
  const sorted = durations.toSorted((one, other) => one.time - other.time);
  const steps: Step[] = [];
  let beyond = 1;
  for (let at = 0; at < sorted.length; ) {
    const time = sorted[at]?.time ?? 0;
    let end = at;
    let ended = 0;
    // promise: censored-counts-as-longer
    for (; sorted[end]?.time === time; end += 1) ended += sorted[end]?.seen ? 1 : 0;
    const atRisk = sorted.length - at;
    if (ended > 0) {
      beyond = ended === atRisk ? 0 : beyond * (1 - ended / atRisk);
      steps.push({ time, beyond });
    }
    at = end;
  }
  return steps;
}

/** The index of the first step later than `time`. */
function firstAfter(steps: readonly Step[], time: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle]?.time ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
