// From what was observed to how executions went at CXone: what a poll or a time-out left open is filled in from the others. Pure.

import type { Observation } from '../../store/observations-port.ts';
import { type Share, wilson } from '../statistics.ts';
import { type Duration, kaplanMeier, type Survival } from './kaplan-meier.ts';
import { pollTimes, type Timeline, type Timing } from './replay.ts';

/** A callback may come after the poll: an execution counts as not called back when it ended so long ago, milliseconds. */
const SETTLED_MS = 600_000;

/** Fewer callbacks than this say nothing of how long executions take: then the polls alone do. */
const MIN_CALLBACKS = 10;
/** 95 % of the time the true share lies between the bounds. */
const Z = 1.96;
/** The golden ratio's fraction: its multiples spread evenly, however many are taken. */
const GOLDEN = 0.618033988749895;

export interface Sample {
  readonly timeline: Timeline;
  readonly timing: Timing;
  /** A result is known, from a callback or a poll; if not, the timeline beyond the end of watching is an estimate. */
  readonly ended: boolean;
}

export interface Timelines {
  readonly samples: readonly Sample[];
  /** How long CXone takes, milliseconds from sent to done. */
  readonly duration: Survival;
  /** Of the results, those whose callback never came. */
  readonly loss: Share;
  readonly results: number;
  readonly censored: number;
}

/** When it was done at CXone: at `to`, or after `from` and by `to`; not by `from` when `to` is null. */
interface Span {
  readonly observation: Observation;
  readonly from: number;
  readonly to: number | null;
  readonly calledBackAt: number | null;
}

/** @param now when it was observed: younger results may still be called back. */
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

/** Null for what says nothing of callbacks and polls: not sent, refused, or done with the submit answer. */
function spanOf(observation: Observation, intervalMs: number, now: number): Span | null {
  const { sentAt, resolvedAt, resolvedBy, calledBackAt: heardAt, foundAt, status } = observation;
  if (sentAt === null || resolvedBy === 'submit' || status === 'QUEUED') return null;
  const since = (at: number) => Math.max(0, at - sentAt);
  const heard = heardAt === null ? null : since(heardAt);
  if (heard !== null && (heardAt ?? 0) <= (foundAt ?? resolvedAt ?? now)) {
    return { observation, from: heard, to: heard, calledBackAt: heard };
  }
  if (foundAt !== null && resolvedBy === 'poll') {
    const found = since(foundAt);
    return { observation, from: lastInVain(observation, found, intervalMs), to: found, calledBackAt: heard };
  }
  if (heard !== null) return { observation, from: heard, to: heard, calledBackAt: heard };
  return { observation, from: since(resolvedAt ?? now), to: null, calledBackAt: null };
}

/** When the poll before the one that found it was due: it was not done by then. */
function lastInVain(observation: Observation, found: number, intervalMs: number): number {
  const { pollCount } = observation;
  if (pollCount <= 1) return 0;
  const planned = pollTimes(observation, intervalMs)[pollCount - 2] ?? 0;
  return Math.min(planned, found);
}

/** Of those that a poll found only is known when they were done at the latest: they count where callbacks are too few. */
function durationOf({ from, to }: Span, callbacksSuffice: boolean): Duration[] {
  if (to === null) return [{ time: from, seen: false }];
  return from === to || !callbacksSuffice ? [{ time: to, seen: true }] : [];
}

function sampleOf({ observation, from, to, calledBackAt }: Span, duration: Survival, chance: number): Sample {
  const doneAt = from === to ? to : within(duration, from, to, chance);
  return {
    timeline: { doneAt, calledBackAt, pollable: observation.pollable },
    timing: observation,
    ended: to !== null,
  };
}

/** A moment after `from` and by `to`, as the others make it likely; null when that lies beyond what is known. */
function within(duration: Survival, from: number, to: number | null, chance: number): number | null {
  const before = duration.beyond(from);
  const after = to === null ? 0 : duration.beyond(to);
  if (before - after <= 0) return to;
  const found = duration.quantile(1 - before + chance * (before - after));
  if (found === null) return to;
  return Math.max(from, to === null ? found : Math.min(found, to));
}
