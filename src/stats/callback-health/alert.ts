// Decides whether more callbacks of an action are missing than usual. Pure.
//
// The rule: an hour with at least 20 outcomes, at least 3 of them without their callback, is compared with the 7 days before.
// It raises an alert if that many would be missing in fewer than one of 1,000 unchanged hours (exact one-sided binomial test at
// the upper 99.87 % bound of the earlier share), and the share has risen by at least 5 points. An action with fewer than 100
// outcomes in those days has no baseline: its hour is compared with one half.

import { binomialTail, wilson } from '../statistics.ts';

const MIN_OUTCOMES = 20;
const MIN_MISSED = 3;
const MIN_BASELINE = 100;
const MIN_RISE = 0.05;
const HALF = 0.5;
/** Accepted rate of false alerts. */
const FALSE_ALERTS = 0.001;
const Z = 3;

/** Outcomes that a callback should have brought, and how many of them came without one. */
export interface Missing {
  readonly missed: number;
  readonly outcomes: number;
}

/** `few`: too few outcomes to judge. `missing`: most callbacks are missing, and no baseline shows whether that is new. */
export type Verdict = 'few' | 'well' | 'risen' | 'missing';

export function judge(hour: Missing, baseline: Missing): Verdict {
  const { missed, outcomes } = hour;
  if (outcomes < MIN_OUTCOMES) return 'few';
  if (missed < MIN_MISSED) return 'well';
  const unlikely = (share: number) => binomialTail(missed, outcomes, share) < FALSE_ALERTS;
  if (baseline.outcomes < MIN_BASELINE) return missed / outcomes > HALF && unlikely(HALF) ? 'missing' : 'well';
  const before = wilson(baseline.missed, baseline.outcomes, Z);
  // promise: alert-needs-a-change
  return missed / outcomes - before.share >= MIN_RISE && unlikely(before.upper) ? 'risen' : 'well';
}

export function isAlert(verdict: Verdict): boolean {
  return verdict === 'risen' || verdict === 'missing';
}
