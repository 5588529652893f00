// Advises a grace period and a polling window for an action, from its observed executions. Pure.
//
// Each candidate is replayed over the observations, and the costs are compared: polls, and the lag from the end at CXone to
// its detection here. The poll interval sets the exchange rate: polling every two seconds pays one poll for a result two
// seconds earlier. Missing callbacks count at the upper bound of their share, so that a short time without a loss does not
// lead to a long grace period.

import { many } from '../../lib/figures.ts';
import type { Observation } from '../../store/observations-port.ts';
import { mean, quantile, type Share } from '../statistics.ts';
import { pollTimes, replay, type Timeline, type Timing } from './replay.ts';
import { type Sample, type Timelines, timelinesOf } from './timelines.ts';

/** Fewer results give no advice. */
const MIN_RESULTS = 30;
const FAIR_RESULTS = 200;
const GOOD_RESULTS = 1_000;
/** Above this share of unknown ends, confidence is one step lower. */
const MUCH_UNKNOWN = 0.1;

/** Share of the completing executions that must end within grace period and window. */
const COVERED = 0.999;
const MIN_WINDOW_S = 5;
const MAX_WINDOW_S = 120;
const MAX_GRACE_S = 86_400;
/** Additional share of time-outs that a candidate may have; smaller differences cannot be measured. */
const MORE_TIME_OUTS = 0.001;
/** Minimum saving per execution, in polls: smaller savings keep the current settings. */
const WORTH_IT = 0.05;

const GRACES_S = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600];
const QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1];

export type Confidence = 'none' | 'low' | 'fair' | 'good';

/** The costs of a timing per 1,000 executions like the observed ones. */
export interface Cost {
  readonly polls: number;
  /** From the end at CXone to its detection, milliseconds; time-outs excluded. */
  readonly lagMeanMs: number;
  readonly lagP95Ms: number;
  readonly timeOuts: number;
}

export interface Advice {
  readonly actionId: string;
  readonly executions: number;
  /** Executions of the sample with a result, and those whose end was not observed. */
  readonly results: number;
  readonly censored: number;
  /** Share of the results whose callback never came. */
  readonly lost: Share;
  /** From sending to the end at CXone, milliseconds; null if beyond the observed time. */
  readonly durationMs: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
  /** The most common timing of the submissions. */
  readonly current: Timing & { readonly cost: Cost };
  /** Actual polls per 1,000 executions, for comparison with the replay of the current timing. */
  readonly pollsSeen: number;
  /** Null if there are too few results. */
  readonly advised: (Timing & { readonly cost: Cost }) | null;
  /** Per 1,000 executions: polls saved, and milliseconds by which the average result is known later. */
  readonly saves: { readonly polls: number; readonly lagMs: number } | null;
  readonly confidence: Confidence;
  readonly words: readonly string[];
}

export interface AdviceOptions {
  /** POLL_INTERVAL_SECONDS, in milliseconds. */
  readonly intervalMs: number;
  readonly now: number;
  /** The number of executions, if the observations are a sample. */
  readonly executions?: number;
}

export function adviceFor(
  actionId: string,
  observations: readonly Observation[],
  { intervalMs, now, executions }: AdviceOptions,
): Advice {
  const timelines = timelinesOf(observations, intervalMs, now);
  const { samples, duration, loss, results, censored } = timelines;
  const timing = mostCommon(samples.map((sample) => sample.timing));
  const current = { ...timing, cost: costNow(samples, intervalMs) };
  const advised = results < MIN_RESULTS ? null : best(timelines, current, intervalMs);
  const confidence = confidenceIn(timelines);
  const facts = {
    actionId,
    executions: executions ?? samples.length,
    results,
    censored,
    lost: loss,
    durationMs: { p50: duration.quantile(0.5), p95: duration.quantile(0.95), p99: duration.quantile(0.99) },
    current,
    pollsSeen: 1_000 * mean(observations.filter(({ sentAt }) => sentAt !== null).map(({ pollCount }) => pollCount)),
    advised,
    saves: advised === null ? null : difference(current.cost, advised.cost),
    confidence,
  };
  return { ...facts, words: wordsFor(facts) };
}

/** Replays each execution with its own timing. */
function costNow(samples: readonly Sample[], intervalMs: number): Cost {
  const times = new Map<string, number[]>();
  return costOf(
    samples.map(({ timeline, timing }) => {
      const key = `${timing.graceSeconds}+${timing.timeoutSeconds}`;
      const polls = times.get(key) ?? pollTimes(timing, intervalMs);
      times.set(key, polls);
      return replay(timeline, polls);
    }),
  );
}

function costOf(replayed: readonly { polls: number; lagMs: number | null }[]): Cost {
  const lags = replayed.flatMap(({ lagMs }) => (lagMs === null ? [] : [lagMs])).sort((one, other) => one - other);
  const thousand = replayed.length === 0 ? 0 : 1_000 / replayed.length;
  return {
    polls: thousand * replayed.reduce((sum, { polls }) => sum + polls, 0),
    lagMeanMs: mean(lags),
    lagP95Ms: quantile(lags, 0.95) ?? 0,
    timeOuts: thousand * (replayed.length - lags.length),
  };
}

function best(timelines: Timelines, current: Timing & { cost: Cost }, intervalMs: number): Timing & { cost: Cost } {
  const { samples } = timelines;
  const price = priced(timelines, intervalMs);
  const own = price(current);
  let chosen: Timing = current;
  let lowest = own.price - WORTH_IT;
  for (const timing of candidates(timelines, current)) {
    const { price: cost, timeOuts } = price(timing);
    if (timeOuts > own.timeOuts + MORE_TIME_OUTS || cost >= lowest) continue;
    chosen = timing;
    lowest = cost;
  }
  const polls = pollTimes(chosen, intervalMs);
  const { graceSeconds, timeoutSeconds } = chosen;
  return { graceSeconds, timeoutSeconds, cost: costOf(samples.map(({ timeline }) => replay(timeline, polls))) };
}

/** Returns a function for the price of a timing per execution, in polls, with the upper bound of lost callbacks. */
function priced({ samples, loss }: Timelines, intervalMs: number) {
  const calledBack = samples.filter(({ timeline }) => timeline.calledBackAt !== null).map(({ timeline }) => timeline);
  const unseen = samples.filter(({ ended }) => !ended).map(({ timeline }) => timeline);
  const notCalledBack = samples
    .filter(({ ended }) => ended)
    .map(({ timeline }): Timeline => ({ ...timeline, calledBackAt: null }));
  const shareUnseen = unseen.length / samples.length;
  // Without any callback, polls alone determine the price.
  const shareLost = calledBack.length === 0 ? 1 : loss.upper;
  const groups = [
    { timelines: calledBack, share: (1 - shareUnseen) * (1 - shareLost) },
    { timelines: notCalledBack, share: (1 - shareUnseen) * shareLost },
    { timelines: unseen, share: shareUnseen },
  ];
  return (timing: Timing): { readonly price: number; readonly timeOuts: number } => {
    const polls = pollTimes(timing, intervalMs);
    let price = 0;
    let timeOuts = 0;
    for (const { timelines, share } of groups) {
      const replayed = timelines.map((timeline) => replay(timeline, polls));
      price += share * mean(replayed.map((one) => one.polls + (one.lagMs ?? 0) / intervalMs));
      timeOuts += share * mean(replayed.map(({ lagMs }) => (lagMs === null ? 1 : 0)));
    }
    return { price, timeOuts };
  };
}

/** Shorter grace periods first, since of two equal prices the shorter period tolerates surprises better. */
function candidates({ samples, duration }: Timelines, current: Timing): Timing[] {
  const calledBack = samples.flatMap(({ timeline }) => timeline.calledBackAt ?? []).sort((one, other) => one - other);
  const observed = QUANTILES.flatMap((q) => quantile(calledBack, q) ?? []).map((ms) => Math.ceil(ms / 1000));
  const graces = new Set([...GRACES_S, ...observed, current.graceSeconds].filter((grace) => grace <= MAX_GRACE_S));
  const over = coveredBy(duration);
  return [...graces]
    .toSorted((one, other) => one - other)
    .map((graceSeconds) => {
      const until = over ?? current.graceSeconds + current.timeoutSeconds;
      const timeoutSeconds = Math.min(MAX_WINDOW_S, Math.max(MIN_WINDOW_S, until - graceSeconds));
      return { graceSeconds, timeoutSeconds };
    });
}

/** Seconds after which all but one in a thousand have ended; null if beyond the observed time. */
function coveredBy(duration: Timelines['duration']): number | null {
  const over = duration.quantile(COVERED);
  return over === null ? null : Math.ceil(over / 1000) + 1;
}

function mostCommon(timings: readonly Timing[]): Timing {
  const groups = Map.groupBy(timings, ({ graceSeconds, timeoutSeconds }) => `${graceSeconds}+${timeoutSeconds}`);
  const [most] = [...groups.values()].toSorted((one, other) => other.length - one.length);
  const { graceSeconds, timeoutSeconds } = most?.[0] ?? { graceSeconds: 0, timeoutSeconds: MIN_WINDOW_S };
  return { graceSeconds, timeoutSeconds };
}

function confidenceIn({ results, censored, loss }: Timelines): Confidence {
  if (results < MIN_RESULTS) return 'none';
  const enough = [FAIR_RESULTS, GOOD_RESULTS].filter((many) => results >= many).length;
  const dark = censored > MUCH_UNKNOWN * (results + censored) || loss.upper - loss.lower > MUCH_UNKNOWN ? 1 : 0;
  return (['low', 'fair', 'good'] as const)[Math.max(0, enough - dark)] ?? 'low';
}

function difference(now: Cost, then: Cost): { polls: number; lagMs: number } {
  return { polls: now.polls - then.polls, lagMs: then.lagMeanMs - now.lagMeanMs };
}

function wordsFor({ results, censored, lost, durationMs, current, advised, saves }: Omit<Advice, 'words'>): string[] {
  if (advised === null || saves === null) {
    return [
      `no advice: ${many(results, 'result')} ${results === 1 ? 'was' : 'were'} observed, and ${MIN_RESULTS} are needed`,
    ];
  }
  const words: string[] = [];
  const same = advised.graceSeconds === current.graceSeconds && advised.timeoutSeconds === current.timeoutSeconds;
  words.push(
    same
      ? `keep graceSeconds ${current.graceSeconds} and timeoutSeconds ${current.timeoutSeconds}`
      : `graceSeconds ${advised.graceSeconds} and timeoutSeconds ${advised.timeoutSeconds} instead of ${current.graceSeconds} and ${current.timeoutSeconds}`,
  );
  if (!same) {
    const polls = Math.round(Math.abs(saves.polls));
    words.push(
      `${saves.polls >= 0 ? 'saves' : 'adds'} ${many(polls, 'poll')} per 1,000 executions; results arrive ${formatMs(Math.abs(saves.lagMs))} ${saves.lagMs > 0 ? 'later' : 'earlier'} on average`,
    );
  }
  if (lost.share > 0.5) words.push('most callbacks are missing: find the cause first');
  if (censored > 0) {
    const known = durationMs.p99 === null ? ', so the longest duration is unknown' : '';
    words.push(`the end of ${many(censored, 'execution')} was not observed${known}`);
  }
  return words;
}

export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
