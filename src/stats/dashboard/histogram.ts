// A histogram of durations in buckets that grow by a fixed ratio: small, quick, mergeable, right to a tenth.

/** So many buckets for each doubling: a bucket is a fifth wide, and its middle no further than a tenth from what is in it. */
const PER_DOUBLING = 4;
/** The last bucket takes whatever is longer, from about two days on. */
const BUCKETS = 28 * PER_DOUBLING;

export interface Histogram {
  readonly counts: Uint32Array;
  total: number;
}

export function createHistogram(): Histogram {
  return { counts: new Uint32Array(BUCKETS), total: 0 };
}

export function observe(histogram: Histogram, milliseconds: number): void {
  const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(Math.max(1, milliseconds)) * PER_DOUBLING));
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  histogram.total += 1;
}

export function merge(into: Histogram, from: Histogram): void {
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    into.counts[bucket] = (into.counts[bucket] ?? 0) + (from.counts[bucket] ?? 0);
  }
  into.total += from.total;
}

/** Milliseconds below which that share of all lies, a tenth more or less; null when there are none. */
export function percentile(histogram: Histogram, share: number): number | null {
  if (histogram.total === 0) return null;
  let left = Math.max(1, Math.ceil(histogram.total * share));
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    left -= histogram.counts[bucket] ?? 0;
    if (left <= 0) return Math.round(2 ** ((bucket + 0.5) / PER_DOUBLING));
  }
  return null;
}
