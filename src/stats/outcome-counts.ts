// Counts of outcomes, the one definition behind the page, the terminal and the metrics. Pure.

import { type ArrivalChannel, arrivalChannel } from '../execution/arrival-channel.ts';
import type { Execution, ResolvedBy, Status } from '../execution/execution.ts';

export interface OutcomeCounts {
  submitted: number;
  readonly byStatus: Record<Status, number>;
  readonly byResolver: Record<ResolvedBy, number>;
  readonly byChannel: Record<ArrivalChannel, number>;
  /** Results that came after an end without one. */
  late: number;
}

export function createOutcomeCounts(): OutcomeCounts {
  const open = { QUEUED: 0, UNCONFIRMED: 0, PENDING: 0 };
  return {
    submitted: 0,
    byStatus: { ...open, COMPLETED: 0, FAILED: 0, REJECTED: 0, NOT_FOUND: 0, TIMEOUT: 0, CANCELLED: 0 },
    byResolver: { callback: 0, poll: 0, submit: 0, deadline: 0, cancel: 0 },
    byChannel: { callback: 0, poll: 0, submit: 0, timeout: 0 },
    late: 0,
  };
}

export function countOutcome(
  counts: OutcomeCounts,
  outcome: Pick<Execution, 'status' | 'resolvedBy' | 'sentAt'>,
  times = 1,
): void {
  counts.byStatus[outcome.status] += times;
  if (outcome.resolvedBy !== null) counts.byResolver[outcome.resolvedBy] += times;
  const channel = arrivalChannel(outcome);
  if (channel !== null) counts.byChannel[channel] += times;
}

export function addOutcomeCounts(into: OutcomeCounts, from: OutcomeCounts): void {
  into.submitted += from.submitted;
  into.late += from.late;
  addCounts(into.byStatus, from.byStatus);
  addCounts(into.byResolver, from.byResolver);
  addCounts(into.byChannel, from.byChannel);
}

export function addCounts<K extends string>(into: Record<K, number>, from: Readonly<Record<K, number>>): void {
  for (const key in from) into[key] += from[key];
}

export function endedIn({ byResolver }: Pick<OutcomeCounts, 'byResolver'>): number {
  return Object.values(byResolver).reduce((sum, count) => sum + count, 0);
}

/** Returns the share of outcomes without a callback, of all outcomes that a callback should have brought; null without any. */
export function missedCallbackShare({ byChannel: { callback, poll, timeout } }: OutcomeCounts): number | null {
  const all = callback + poll + timeout;
  return all === 0 ? null : (poll + timeout) / all;
}
