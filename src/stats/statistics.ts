// Shares with their uncertainty, and quantiles. Pure.

/** A share of a sample, and between which bounds the true one most likely is. */
export interface Share {
  readonly lower: number;
  readonly share: number;
  readonly upper: number;
}

/** Wilson's score interval: unlike the textbook one it holds for few samples and for shares near 0 and 1. */
export function wilson(hits: number, of: number, z: number): Share {
  if (of === 0) return { lower: 0, share: 0, upper: 1 };
  const share = hits / of;
  const spread = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  const middle = share + z ** 2 / (2 * of);
  // Rounding must not put a bound on the wrong side of what was seen.
  return {
    lower: hits === 0 ? 0 : Math.max(0, (middle - spread) / scale),
    share,
    upper: hits === of ? 1 : Math.min(1, (middle + spread) / scale),
  };
}

/** By nearest rank: always one of the values; null of none. */
export function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The chance of `hits` or more of `of` when each has the chance `share` (the binomial distribution's upper tail). */
export function binomialTail(hits: number, of: number, share: number): number {
  if (hits <= 0 || share >= 1) return 1;
  if (share <= 0) return 0;
  // In logarithms: the chance of none of many is smaller than a double can hold.
  const odds = Math.log(share) - Math.log1p(-share);
  let log = of * Math.log1p(-share);
  let sum = 0;
  for (let k = 1; k <= of; k += 1) {
    log += odds + Math.log((of - k + 1) / k);
    if (k >= hits) sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
