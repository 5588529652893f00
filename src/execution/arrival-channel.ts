// The channel over which the outcome of an execution became known, for statistics of callbacks. Pure.

import type { Execution } from './execution.ts';

export type ArrivalChannel = 'callback' | 'poll' | 'submit' | 'timeout';

/** Returns null for what says nothing about callbacks: open, never sent, rejected or cancelled executions. */
export function arrivalChannel({
  status,
  resolvedBy,
  sentAt,
}: Pick<Execution, 'status' | 'resolvedBy' | 'sentAt'>): ArrivalChannel | null {
  if (sentAt === null) return null;
  switch (resolvedBy) {
    case 'callback':
    case 'poll':
      return resolvedBy;
    case 'submit':
      return status === 'REJECTED' ? null : 'submit';
    case 'deadline':
      return 'timeout';
    case 'cancel':
    case null:
      return null;
    default:
      return resolvedBy satisfies never;
  }
}

/** The course of an execution, as far as it shows how its outcome arrived. Times in milliseconds since the Unix epoch. */
export interface ObservedEnd extends Pick<Execution, 'status' | 'resolvedBy' | 'sentAt' | 'resolvedAt'> {
  /** When a callback first reported the outcome, or last hinted at it before the end; null without such a callback. */
  readonly calledBackAt: number | null;
  /** When a poll first reported the outcome. */
  readonly foundAt: number | null;
}

export interface Arrival {
  readonly channel: ArrivalChannel;
  /** By poll, or timed out, without a callback by then. */
  readonly missed: boolean;
  /** Missed, with a callback afterwards. */
  readonly calledBackLater: boolean;
  /** Callback minus poll, milliseconds, where both brought an outcome; positive when the poll was first. */
  readonly skewMs: number | null;
}

/** Returns how the outcome arrived; null for an execution that says nothing about callbacks. */
export function arrivalOf(end: ObservedEnd): Arrival | null {
  const channel = arrivalChannel(end);
  const { resolvedAt, calledBackAt, foundAt } = end;
  if (channel === null || resolvedAt === null) return null;
  const missed = (channel === 'poll' || channel === 'timeout') && (calledBackAt === null || calledBackAt > resolvedAt);
  return {
    channel,
    missed,
    calledBackLater: missed && calledBackAt !== null,
    skewMs: calledBackAt !== null && foundAt !== null ? calledBackAt - foundAt : null,
  };
}
