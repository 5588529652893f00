// Derives the outcome of an execution from its audit trail, to check the stored row against the trail.

import type { AuditEvent } from './event.ts';
import type { ResolvedBy, TerminalStatus } from './execution.ts';
import { isJsonObject, type Json } from './json.ts';

export interface AuditedOutcome {
  readonly status: TerminalStatus;
  readonly resolvedBy: ResolvedBy;
}

/**
 * Returns the outcome that this entry gives to an open execution; null for none. Only the first such entry of a trail counts:
 * a later event may leave the same entry without an effect.
 */
export function outcomeFromAudit(event: AuditEvent, detail: Json): AuditedOutcome | null {
  const said = isJsonObject(detail) ? detail : {};
  const has = (name: string) => Object.hasOwn(said, name);
  switch (event) {
    case 'CALLBACK_COMPLETED':
      return resultIn(said['status'], 'callback');
    case 'POLL_COMPLETED':
      return has('outcome') ? null : resultIn(said['status'], 'poll');
    case 'SUBMITTED':
      return has('outcome') ? null : resultIn(said['status'], 'submit');
    // A failure that did not end the execution has `retryAt` or `note`.
    case 'FAILED':
      return has('retryAt') || has('note') ? null : { status: 'REJECTED', resolvedBy: 'submit' };
    case 'POLL_404':
      return { status: 'NOT_FOUND', resolvedBy: 'poll' };
    case 'POLL_TIMEOUT':
    case 'QUEUE_TIMEOUT':
      return { status: 'TIMEOUT', resolvedBy: 'deadline' };
    case 'CANCELLED':
      return { status: 'CANCELLED', resolvedBy: 'cancel' };
    default:
      return null;
  }
}

function resultIn(status: Json | undefined, resolvedBy: ResolvedBy): AuditedOutcome | null {
  return status === 'COMPLETED' || status === 'FAILED' ? { status, resolvedBy } : null;
}
