// When more callbacks are missing than an action is used to. Pure.
//
// The rule: an hour with at least 20 outcomes, at least 3 of which came without their callback, is held against the 7 days
// before. It is an alarm when so many would miss in less than one of 1,000 such hours if nothing had changed (an exact one-sided
// binomial test, at the upper 99.87 % bound of the share in those days), and the share is 5 points more than it was. An action
// with fewer than 100 outcomes in those days has no habits yet: it is held against one half.

import { binomialTail, wilson } from '../statistics.ts';

const MIN_OUTCOMES = 20;
const MIN_MISSED = 3;
const MIN_BASELINE = 100;
const MIN_RISE = 0.05;
const MOST = 0.5;
/** How often a rise may be told where there is none. */
const FALSE_ALARMS = 0.001;
const Z = 3;

/** Outcomes that a callback should have brought, and how many of them came without. */
export interface Missing {
  readonly missed: number;
  readonly outcomes: number;
}

/** `few`: too few to say. `missing`: most are, and it was not watched for long enough to know whether that is new. */
export type Verdict = 'few' | 'well' | 'risen' | 'missing';

export function judge(hour: Missing, baseline: Missing): Verdict {
  const { missed, outcomes } = hour;
  if (outcomes < MIN_OUTCOMES) return 'few';
  if (missed < MIN_MISSED) return 'well';
  const unlikely = (share: number) => binomialTail(missed, outcomes, share) < FALSE_ALARMS;
  if (baseline.outcomes < MIN_BASELINE) return missed / outcomes > MOST && unlikely(MOST) ? 'missing' : 'well';
  const before = wilson(baseline.missed, baseline.outcomes, Z);
  // promise: alert-needs-a-change
  return missed / outcomes - before.share >= MIN_RISE && unlikely(before.upper) ? 'risen' : 'well';
}

export function isAlert(verdict: Verdict): boolean {
  return verdict === 'risen' || verdict === 'missing';
}
