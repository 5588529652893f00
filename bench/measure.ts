// The result type of every measure, and how its values are condensed and judged.
import { medianSorted, quantileSorted } from 'simple-statistics';

/** One row of the table. */
export interface Row {
  readonly measure: string;
  /** The subject of the comparison; null for an absolute value. */
  readonly beside: string | null;
  /** Null for context without a goal. */
  readonly goal: Goal | null;
  /** The ratio or the value; null when the measure was left out. */
  readonly value: Spread | null;
  /** 'times', 'ms', 's', 'requests' … */
  readonly unit: string;
  /** Why the row was left out, or what limits its value. */
  readonly note?: string;
  /** Absolute values of this machine: requests per second, CPU µs per request, mean batch … */
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
  /** A folder on the measured disk; the bench deletes it at the end. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export type Measure = (settings: Settings) => Promise<readonly Row[]>;

export type Verdict = 'reached' | 'missed' | 'too noisy to claim' | 'left out' | 'context';

/** A ceiling whose interquartile range exceeds this share of its median supports no claim. */
const widestCeiling = 0.15;

/** @throws RangeError without samples, or for a sample that is not a finite number. */
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

/** The spread of the ratios `ours / theirs`, each within one round, so that a slow minute of the machine cancels out. */
export function ratioOf(rounds: readonly { readonly ours: number; readonly theirs: number }[]): Spread {
  return spreadOf(rounds.map(({ ours, theirs }) => ours / theirs));
}

/** Interquartile range over median. */
export function relativeWidth({ median, q1, q3 }: Spread): number {
  return (q3 - q1) / Math.abs(median);
}

/** Prefix of the `note` of a row whose ceiling varied too much; `verdict` reads it. */
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

/** The note of a row whose claim depends on `ceiling`; undefined when the ceiling was steady enough. */
export function noiseNote(what: string, ceiling: Spread): string | undefined {
  const width = relativeWidth(ceiling);
  if (width <= widestCeiling) return undefined;
  return `${tooNoisy}: ${what} itself varied by ${Math.round(width * 100)}% between its quartiles`;
}
