// Reads an audit trail the other way round: which entry ended an execution, and how. For checking rows against their trail.

import type { AuditEvent } from './event.ts';
import type { ResolvedBy, TerminalStatus } from './execution.ts';
import { isJsonObject, type Json } from './json.ts';

export interface AuditedOutcome {
  readonly status: TerminalStatus;
  readonly resolvedBy: ResolvedBy;
}

/**
 * How this entry ends an execution that is still open; null when it does not. Of a trail, the first entry with an ending is
 * the one that counts: an event that comes later may leave the same entry and change nothing.
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
    // Answers after which it went on say when it is sent again, or that it is not.
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
