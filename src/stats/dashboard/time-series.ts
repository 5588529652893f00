// Tallies of entries along time: a ring of intervals of one length, in which the newest replaces the oldest.

import type { AuditEvent } from '../../execution/event.ts';
import type { StatisticsEntry } from '../../store/statistics-port.ts';
import {
  addCounts,
  addOutcomeCounts,
  countOutcome,
  createOutcomeCounts,
  type OutcomeCounts,
} from '../outcome-counts.ts';
import { createHistogram, type Histogram, merge, observe } from './histogram.ts';

const DURATIONS = ['detectionLag', 'upstream', 'total'] as const;

export interface Tally extends OutcomeCounts {
  /** Requests to CXone that got no response or an error. */
  upstreamErrors: number;
  readonly notified: { delivered: number; failed: number; dead: number };
  /** Null until a duration is observed: most intervals are empty. */
  detectionLag: Histogram | null;
  upstream: Histogram | null;
  total: Histogram | null;
}

export interface Interval {
  /** Its beginning, milliseconds. */
  readonly at: number;
  readonly tally: Tally;
}

export type TimeSeries = ReturnType<typeof createTimeSeries>;

export function createTimeSeries(slotMs: number, slots: number) {
  const ring = new Array<{ readonly number: number; readonly tally: Tally } | undefined>(slots);
  return {
    add: (entry: StatisticsEntry): void => {
      const number = Math.floor(entry.timestamp / slotMs);
      const current = ring[number % slots];
      // Older than the ring reaches: read from far back, or written after the clock was set back.
      if (current !== undefined && current.number > number) return;
      const slot = current?.number === number ? current : { number, tally: createTally() };
      ring[number % slots] = slot;
      countEntry(slot.tally, entry);
    },
    /** Returns the sum of these intervals. */
    total: (now: number, steps: number, stepMs: number): Tally => {
      const perStep = stepMs / slotMs;
      const end = (Math.floor(now / stepMs) + 1) * perStep;
      const sum = createTally();
      for (const slot of ring) {
        if (slot !== undefined && slot.number < end && slot.number >= end - steps * perStep) addTally(sum, slot.tally);
      }
      return sum;
    },
    /** Returns the last `steps` intervals of `stepMs` up to now, oldest first. `stepMs` is a multiple of the ring's own length. */
    last: (now: number, steps: number, stepMs: number): Interval[] => {
      const perStep = stepMs / slotMs;
      const lastStep = Math.floor(now / stepMs);
      return Array.from({ length: steps }, (_, index) => {
        const step = lastStep - steps + 1 + index;
        const tally = createTally();
        for (let number = step * perStep; number < (step + 1) * perStep; number += 1) {
          const slot = ring[number % slots];
          if (slot?.number === number) addTally(tally, slot.tally);
        }
        return { at: step * stepMs, tally };
      });
    },
  };
}

export function sumOf(intervals: readonly Interval[]): Tally {
  const sum = createTally();
  for (const { tally } of intervals) addTally(sum, tally);
  return sum;
}

function createTally(): Tally {
  return {
    ...createOutcomeCounts(),
    upstreamErrors: 0,
    notified: { delivered: 0, failed: 0, dead: 0 },
    detectionLag: null,
    upstream: null,
    total: null,
  };
}

const UPSTREAM_ERRORS: ReadonlySet<AuditEvent> = new Set([
  'FAILED',
  'NETWORK_ERROR',
  'RATE_LIMITED',
  'TOKEN_ERROR',
  'POLL_ERROR',
]);

function countEntry(tally: Tally, { event, repeats, ended, latencyMs, httpStatus }: StatisticsEntry): void {
  if (event === 'ACCEPTED') tally.submitted += 1;
  if (event === 'CALLBACK_LATE') tally.late += 1;
  if (UPSTREAM_ERRORS.has(event)) tally.upstreamErrors += repeats ?? 1;
  if (event === 'NOTIFICATION_DELIVERED') tally.notified.delivered += 1;
  else if (event === 'NOTIFICATION_FAILED') tally.notified.failed += 1;
  else if (event === 'NOTIFICATION_DEAD') tally.notified.dead += 1;
  else if (latencyMs !== null && (httpStatus ?? 0) > 0) time(tally, 'upstream', latencyMs);
  if (ended === null) return;
  countOutcome(tally, ended);
  time(tally, 'total', ended.totalMs);
  if (ended.unnoticedMs !== null) time(tally, 'detectionLag', ended.unnoticedMs);
}

function time(tally: Tally, duration: (typeof DURATIONS)[number], milliseconds: number): void {
  tally[duration] ??= createHistogram();
  observe(tally[duration], milliseconds);
}

function addTally(into: Tally, from: Tally): void {
  addOutcomeCounts(into, from);
  into.upstreamErrors += from.upstreamErrors;
  addCounts(into.notified, from.notified);
  for (const duration of DURATIONS) {
    const added = from[duration];
    if (added === null) continue;
    into[duration] ??= createHistogram();
    merge(into[duration], added);
  }
}
