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
