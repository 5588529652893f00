// Shares with their uncertainty, percentiles and a binomial test. Pure.

/** A share of a sample, with the bounds between which the true share most likely lies. */
export interface Share {
  readonly lower: number;
  readonly share: number;
  readonly upper: number;
}

/** Returns Wilson's score interval. Unlike the textbook interval it holds for small samples and for shares near 0 and 1. */
export function wilson(hits: number, of: number, z: number): Share {
  if (of === 0) return { lower: 0, share: 0, upper: 1 };
  const share = hits / of;
  const spread = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  const middle = share + z ** 2 / (2 * of);
  // Rounding must not put a bound on the wrong side of the observed share.
  return {
    lower: hits === 0 ? 0 : Math.max(0, (middle - spread) / scale),
    share,
    upper: hits === of ? 1 : Math.min(1, (middle + spread) / scale),
  };
}

/** Returns the percentile by nearest rank, which is always one of the values; null for an empty sample. */
export function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}

/** Returns the same of values that occur several times. `sorted` holds each value with its count, smallest value first. */
export function weightedQuantile(
  sorted: Iterable<readonly [value: number, count: number]>,
  total: number,
  q: number,
): number | null {
  let left = Math.max(1, Math.ceil(q * total));
  for (const [value, count] of sorted) {
    left -= count;
    if (left <= 0) return value;
  }
  return null;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the probability of at least `hits` in `of` trials, each with probability `share` (upper tail of the binomial). */
export function binomialTail(hits: number, of: number, share: number): number {
  if (hits <= 0 || share >= 1) return 1;
  if (share <= 0) return 0;
  // In logarithms: the probability of no hit in many trials is smaller than a double can hold.
  const odds = Math.log(share) - Math.log1p(-share);
  let log = of * Math.log1p(-share);
  let sum = 0;
  for (let k = 1; k <= of; k += 1) {
    log += odds + Math.log((of - k + 1) / k);
    if (k >= hits) sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
