// What is counted of a stretch of time: what came, how it ended, how long things took. Pure.

import type { AuditEvent } from '../../execution/event.ts';
import type { ResolvedBy, TerminalStatus } from '../../execution/execution.ts';
import { createHistogram, type Histogram, merge, observe } from './histogram.ts';

export interface Tally {
  submitted: number;
  readonly byStatus: Record<TerminalStatus, number>;
  readonly byResolver: Record<ResolvedBy, number>;
  /** Results that came after an ending without one. */
  late: number;
  /** Answers of CXone that were none or said that something is wrong. */
  upstreamErrors: number;
  readonly notified: { delivered: number; failed: number; dead: number };
  /** Null until there is something in it: most stretches are empty. */
  detectionLag: Histogram | null;
  upstream: Histogram | null;
  total: Histogram | null;
}

/** One thing that happened, as far as it is counted. */
export interface Fact {
  readonly at: number;
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly status: TerminalStatus | null;
  readonly way: ResolvedBy | null;
  /** How long CXone took to answer, milliseconds; null when it was not asked or did not answer. */
  readonly upstreamMs: number | null;
  /** From submission to outcome. */
  readonly totalMs: number | null;
  /** For a result found by a poll: since CXone was last known to be at work, so the longest it can have gone unnoticed. */
  readonly lagMs: number | null;
}

export function createTally(): Tally {
  return {
    submitted: 0,
    byStatus: { COMPLETED: 0, FAILED: 0, REJECTED: 0, NOT_FOUND: 0, TIMEOUT: 0, CANCELLED: 0 },
    byResolver: { callback: 0, poll: 0, submit: 0, deadline: 0, cancel: 0 },
    late: 0,
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

export function count(tally: Tally, fact: Fact): void {
  if (fact.event === 'ACCEPTED') tally.submitted += 1;
  if (fact.event === 'CALLBACK_LATE') tally.late += 1;
  if (UPSTREAM_ERRORS.has(fact.event)) tally.upstreamErrors += 1;
  if (fact.event === 'NOTIFICATION_DELIVERED') tally.notified.delivered += 1;
  if (fact.event === 'NOTIFICATION_FAILED') tally.notified.failed += 1;
  if (fact.event === 'NOTIFICATION_DEAD') tally.notified.dead += 1;
  if (fact.status !== null) tally.byStatus[fact.status] += 1;
  if (fact.way !== null) tally.byResolver[fact.way] += 1;
  time(tally, 'detectionLag', fact.lagMs);
  time(tally, 'upstream', fact.upstreamMs);
  time(tally, 'total', fact.totalMs);
}

function time(tally: Tally, what: 'detectionLag' | 'upstream' | 'total', took: number | null): void {
  if (took === null) return;
  tally[what] ??= createHistogram();
  observe(tally[what], took);
}

export function addTo(into: Tally, from: Tally): void {
  into.submitted += from.submitted;
  into.late += from.late;
  into.upstreamErrors += from.upstreamErrors;
  addCounts(into.byStatus, from.byStatus);
  addCounts(into.byResolver, from.byResolver);
  addCounts(into.notified, from.notified);
  for (const name of ['detectionLag', 'upstream', 'total'] as const) {
    const more = from[name];
    if (more === null) continue;
    into[name] ??= createHistogram();
    merge(into[name], more);
  }
}

function addCounts<K extends string>(into: Record<K, number>, from: Readonly<Record<K, number>>): void {
  for (const key of Object.keys(from) as K[]) into[key] += from[key];
}
