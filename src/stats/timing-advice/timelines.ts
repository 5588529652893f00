// Reconstructs the timelines of executions at CXone from observations. Gaps left by polls and time-outs are estimated. Pure.

import type { Observation } from '../../store/observations-port.ts';
import { type Share, wilson } from '../statistics.ts';
import { type Duration, kaplanMeier, type Survival } from './kaplan-meier.ts';
import { pollTimes, type Timeline, type Timing } from './replay.ts';

/** Time in milliseconds after the end, after which a callback counts as lost. */
const SETTLED_MS = 600_000;

/** With fewer callbacks than this, durations are estimated from polls alone. */
const MIN_CALLBACKS = 10;
/** The bounds hold the true share with 95 % confidence. */
const Z = 1.96;
/** Fraction of the golden ratio: its multiples spread evenly for any count. */
const GOLDEN = 0.618033988749895;

export interface Sample {
  readonly timeline: Timeline;
  readonly timing: Timing;
  /** True if a callback or a poll brought a result; otherwise the later timeline is an estimate. */
  readonly ended: boolean;
}

export interface Timelines {
  readonly samples: readonly Sample[];
  /** Duration at CXone, milliseconds from sending to the end. */
  readonly duration: Survival;
  /** Share of the results whose callback never came. */
  readonly loss: Share;
  readonly results: number;
  readonly censored: number;
}

/** The end at CXone lies after `from` and at or before `to`; exactly at `to` if both are equal; after `from` if `to` is null. */
interface Span {
  readonly observation: Observation;
  readonly from: number;
  readonly to: number | null;
  readonly calledBackAt: number | null;
}

/** `now` is the time of observation: recent results may still be called back. */
export function timelinesOf(observations: readonly Observation[], intervalMs: number, now: number): Timelines {
  const spans = observations.flatMap((one) => spanOf(one, intervalMs, now) ?? []);
  const exact = spans.filter((span) => span.to !== null && span.from === span.to);
  const duration = kaplanMeier(spans.flatMap((span) => durationOf(span, exact.length >= MIN_CALLBACKS)));
  const ended = spans.filter(({ to }) => to !== null);
  const settled = ended.filter(({ observation }) => now - (observation.resolvedAt ?? now) >= SETTLED_MS);
  const counted = settled.length >= MIN_CALLBACKS ? settled : ended;
  const lost = counted.filter(({ calledBackAt }) => calledBackAt === null);
  const samples = spans.map((span, index) => sampleOf(span, duration, (index * GOLDEN) % 1));
  return {
    samples,
    duration: kaplanMeier(
      samples.map(({ timeline, ended: seen }, index) => ({
        time: seen ? (timeline.doneAt ?? 0) : (spans[index]?.from ?? 0),
        seen,
      })),
    ),
    loss: wilson(lost.length, counted.length, Z),
    results: ended.length,
    censored: spans.length - ended.length,
  };
}

/** Returns null for executions that say nothing about callbacks and polls: not sent, or ended by the submit response. */
function spanOf(observation: Observation, intervalMs: number, now: number): Span | null {
  const { sentAt, resolvedAt, resolvedBy, calledBackAt, foundAt, status } = observation;
  if (sentAt === null || resolvedBy === 'submit' || status === 'QUEUED') return null;
  const since = (at: number) => Math.max(0, at - sentAt);
  const calledBack = calledBackAt === null ? null : since(calledBackAt);
  if (calledBack !== null && (calledBackAt ?? 0) <= (foundAt ?? resolvedAt ?? now)) {
    return { observation, from: calledBack, to: calledBack, calledBackAt: calledBack };
  }
  if (foundAt !== null && resolvedBy === 'poll') {
    const found = since(foundAt);
    return { observation, from: lastRunningPoll(observation, found, intervalMs), to: found, calledBackAt: calledBack };
  }
  if (calledBack !== null) return { observation, from: calledBack, to: calledBack, calledBackAt: calledBack };
  return { observation, from: since(resolvedAt ?? now), to: null, calledBackAt: null };
}

/** Returns the due time of the last poll that found it still running. */
function lastRunningPoll(observation: Observation, found: number, intervalMs: number): number {
  const { pollCount } = observation;
  if (pollCount <= 1) return 0;
  const planned = pollTimes(observation, intervalMs)[pollCount - 2] ?? 0;
  return Math.min(planned, found);
}

/** For results found by a poll only the latest possible end is known, so they count only if callbacks are too few. */
function durationOf({ from, to }: Span, callbacksSuffice: boolean): Duration[] {
  if (to === null) return [{ time: from, seen: false }];
  return from === to || !callbacksSuffice ? [{ time: to, seen: true }] : [];
}

function sampleOf({ observation, from, to, calledBackAt }: Span, duration: Survival, chance: number): Sample {
  const doneAt = from === to ? to : momentIn(duration, from, to, chance);
  return {
    timeline: { doneAt, calledBackAt, pollable: observation.pollable },
    timing: observation,
    ended: to !== null,
  };
}

/** Returns a likely moment after `from` and up to `to`; null if it lies beyond the observed time. */
function momentIn(duration: Survival, from: number, to: number | null, chance: number): number | null {
  const before = duration.beyond(from);
  const after = to === null ? 0 : duration.beyond(to);
  if (before - after <= 0) return to;
  const found = duration.quantile(1 - before + chance * (before - after));
  if (found === null) return to;
  return Math.max(from, to === null ? found : Math.min(found, to));
}
