// A histogram of durations in buckets that grow by a fixed ratio: small, quick, mergeable, exact to a tenth.

import { weightedQuantile } from '../statistics.ts';

/** Buckets per doubling: a bucket is a fifth wide, so its middle is within a tenth of every value in it. */
const PER_DOUBLING = 4;
/** The last bucket takes every longer duration, from about two days on. */
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
  for (const [bucket, count] of from.counts.entries()) into.counts[bucket] = (into.counts[bucket] ?? 0) + count;
  into.total += from.total;
}

/** Returns the milliseconds below which that share of all durations lies, within a tenth; null for an empty histogram. */
export function percentile({ counts, total }: Histogram, share: number): number | null {
  const bucket = weightedQuantile(counts.entries(), total, share);
  return total === 0 || bucket === null ? null : Math.round(2 ** ((bucket + 0.5) / PER_DOUBLING));
}
