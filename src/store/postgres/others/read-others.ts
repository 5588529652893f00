// Reads what other receivers have committed: the audit entries behind the newest one that is known, with what they led to.

import type { AuditEvent } from '../../../execution/event.ts';
import type { CommittedChange } from '../../port.ts';
import { eventOf, resolverOf, statusOf } from '../../shared/codes.ts';

/** Entries that are listed. Of more, all listeners look for themselves. */
export const MAX_LISTED = 1_000;

export interface OthersRow {
  readonly id: number;
  readonly event: number;
  readonly ends: boolean | null;
  readonly latency_ms: number | null;
  readonly http_status: number | null;
  readonly reference: string;
  readonly correlation_id: string;
  readonly app: string;
  readonly action_id: string;
  readonly status: number;
  readonly resolved_by: number | null;
  readonly sent_at: number | null;
  readonly unknown_word: string | null;
  readonly dispatch_at: number | null;
  readonly poll_at: number | null;
  readonly expire_at: number | null;
  readonly notify_at: number | null;
}

/** Parameters: the newest known entry, the number of entries. */
export const READ_OTHERS = `SELECT a.id, a.event, a.ends, a.latency_ms, a.http_status, r.reference, r.correlation_id, r.app, r.action_id,
    r.status, r.resolved_by, r.sent_at, r.unknown_word, r.dispatch_at, r.poll_at, r.expire_at,
    CASE WHEN r.notify_url IS NOT NULL THEN (SELECT min(w.due_at) FROM notification_rows AS n JOIN notification_work AS w ON w.id = n.id
      WHERE n.reference = r.reference) END AS notify_at
  FROM audit_rows AS a JOIN execution_rows AS r ON r.id = a.execution WHERE a.id > $1 ORDER BY a.id LIMIT $2`;

/** Entries that change nothing in the state of the execution. */
const UNCHANGED: ReadonlySet<AuditEvent> = new Set([
  ...(['NOTIFICATION_DELIVERED', 'NOTIFICATION_FAILED', 'NOTIFICATION_DEAD', 'NOTIFICATION_REPLAYED'] as const),
  ...(['HELD', 'RELEASED', 'ERASED', 'RESUBMITTED'] as const),
]);

export function toCommittedChange(row: OthersRow): CommittedChange {
  const event = eventOf(row.event);
  const { app, correlation_id: correlationId } = row;
  return {
    execution: {
      ...{ reference: row.reference, correlationId, app, actionId: row.action_id },
      ...{ status: statusOf(row.status), resolvedBy: resolverOf(row.resolved_by), sentAt: row.sent_at },
      unknownWord: row.unknown_word,
      ...{ dispatchAt: row.dispatch_at, pollAt: row.poll_at, expireAt: row.expire_at },
    },
    outcome: outcomeOf(row, event),
    entry: { id: row.id, event, app, correlationId, latencyMs: row.latency_ms, httpStatus: row.http_status },
    notifyAt: row.notify_at,
  };
}

function outcomeOf({ ends }: OthersRow, event: AuditEvent): CommittedChange['outcome'] {
  if (ends === true) return 'resolved';
  return UNCHANGED.has(event) ? 'notification' : 'progress';
}
