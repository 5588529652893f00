// What every measure of the bench returns, and how its figures are condensed and judged.
import { medianSorted, quantileSorted } from 'simple-statistics';

/** One row of the table. */
export interface Row {
  readonly measure: string;
  /** What it is compared with; null for a figure that stands alone. */
  readonly beside: string | null;
  /** Null: context only. */
  readonly goal: Goal | null;
  /** The ratio or the figure; null when it was left out. */
  readonly value: Spread | null;
  /** 'times', 'ms', 's', 'requests' … */
  readonly unit: string;
  /** Why it was left out, or what the figure stands on. */
  readonly note?: string;
  /** Absolute figures, which belong to this machine alone: requests a second, CPU µs a request, mean batch … */
  readonly context?: Readonly<Record<string, number | string>>;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** Median and quartiles over rounds (or repeated trials). */
export interface Spread {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly samples: number;
}

export interface Settings {
  readonly quick: boolean;
  readonly log: (line: string) => void;
  /** A folder on the disk that is measured; what a measure leaves there is removed at the end. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export type Measure = (settings: Settings) => Promise<readonly Row[]>;

export type Verdict = 'reached' | 'missed' | 'too noisy to claim' | 'left out' | 'context';

/** A ceiling whose quartiles lie further apart than this share of its median carries no claim. */
const widestCeiling = 0.15;

/** @throws RangeError when there are no samples, or one of them is not a finite number. */
export function spreadOf(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('No samples: a spread needs one at least.');
  const wrong = samples.find((sample) => !Number.isFinite(sample));
  if (wrong !== undefined) throw new RangeError(`A sample is ${wrong}: it must be a finite number.`);
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: medianSorted(sorted),
    q1: quantileSorted(sorted, 0.25),
    q3: quantileSorted(sorted, 0.75),
    samples: sorted.length,
  };
}

/** The spread of the ratios `ours / theirs`, each taken within one round, so that a slow minute of the machine cancels out. */
export function ratioOf(rounds: readonly { readonly ours: number; readonly theirs: number }[]): Spread {
  return spreadOf(rounds.map(({ ours, theirs }) => ours / theirs));
}

/** Interquartile range over median. */
export function relativeWidth({ median, q1, q3 }: Spread): number {
  return (q3 - q1) / Math.abs(median);
}

/** What is put in `note` when the ceiling swayed too much; `verdict` reads it there. */
const tooNoisy = 'too noisy to claim';

export function verdict({ value, goal, note }: Row): Verdict {
  if (value === null) return 'left out';
  if (goal === null) return 'context';
  // promise: bench-refuses-noise
  if (note?.startsWith(tooNoisy)) return tooNoisy;
  return reaches(value, goal) ? 'reached' : 'missed';
}

function reaches({ median }: Spread, goal: Goal): boolean {
  return 'atLeast' in goal ? median >= goal.atLeast : median <= goal.atMost;
}

/** The note of a row whose claim rests on `ceiling`; undefined when that was steady enough. */
export function noiseNote(what: string, ceiling: Spread): string | undefined {
  const width = relativeWidth(ceiling);
  if (width <= widestCeiling) return undefined;
  return `${tooNoisy}: ${what} itself varied by ${Math.round(width * 100)}% between its quartiles`;
}
