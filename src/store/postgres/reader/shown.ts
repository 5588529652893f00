// Checks that the views show the trail and the rows as they were verified: operators read views, and the hashes cover the rows behind.

import type { AuditRow } from '../../shared/audit-rows.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Finding } from '../../verification.ts';
import { MAX_FINDINGS, reporter } from '../../verify/findings.ts';
import type { StoredNotification, StoredState } from '../../verify/stored.ts';

/** The hash that `outcomeHash` returns, computed where the texts are: PostgreSQL writes a text as JSON as JSON.stringify does. */
export const outcomeSha256 = (table: string): string => `encode(sha256(convert_to('[' ||
  coalesce(to_json(${table}.result)::text, 'null') || ',' || coalesce(to_json(${table}.error)::text, 'null') || ']', 'UTF8')), 'hex')`;

const SHOWN_ENTRIES = `SELECT id, "timestamp", event, action_id AS "actionId", correlation_id AS "correlationId",
    execution_id AS "executionId", latency_ms AS "latencyMs", http_status AS "httpStatus", app, detail, hash
  FROM audit_events WHERE id > $1 AND id <= $2 ORDER BY id`;

const SHOWN_EXECUTIONS = `SELECT correlation_id AS id, status, resolved_by AS "resolvedBy", resolved_at AS "resolvedAt",
    action_id AS "actionId", app, ${outcomeSha256('executions')} AS "outcomeSha256"
  FROM executions WHERE correlation_id = ANY ($1::text[])`;

const SHOWN_NOTIFICATIONS = `SELECT id, status, correlation_id AS "correlationId", app FROM notifications WHERE id = ANY ($1::text[])`;

/** What a view shows that no row has. */
const INVENTED = `SELECT 'audit_events' AS view, id::text AS id FROM audit_events WHERE id <= $1 OR id > $2
  UNION ALL SELECT 'executions', correlation_id FROM executions AS v
    WHERE NOT EXISTS (SELECT 1 FROM execution_rows AS r WHERE r.correlation_id = v.correlation_id)
  UNION ALL SELECT 'notifications', id FROM notifications AS v
    WHERE NOT EXISTS (SELECT 1 FROM notification_rows AS r WHERE r.id = v.id)
  LIMIT ${MAX_FINDINGS}`;

export type ShownCheck = ReturnType<typeof createShownCheck>;

export function createShownCheck(reads: Reads) {
  const findings: Finding[] = [];
  const report = reporter(findings, 'row');

  function compare(view: string, id: string | number, shown: object | undefined, stored: object | undefined): void {
    if (stored === undefined) return;
    const fields = shown === undefined ? [] : Object.entries(shown).filter(([name]) => name !== 'id');
    const wrong = fields.find(([name, value]) => value !== stored[name as keyof typeof stored]);
    // promise: postgres/shown-rows-are-verified
    if (shown === undefined) report(null, `the view ${view} was altered: it does not show ${id}`);
    else if (wrong !== undefined) {
      report(null, `the view ${view} was altered: its ${wrong[0]} of ${id} is not that of the row that was verified`);
    }
  }

  return {
    findings,
    /** Compares the view with entries that follow each other. @param after the id before the first of them */
    entries: async (after: number, rows: readonly AuditRow[]): Promise<void> => {
      const last = rows.at(-1)?.id;
      if (last === undefined) return;
      const shown = await reads.all<AuditRow>(SHOWN_ENTRIES, [after, last]);
      const byId = new Map(shown.map((row) => [row.id, row]));
      for (const row of rows) compare('audit_events', row.id, byId.get(row.id), row);
      if (shown.length > rows.length)
        report(null, 'the view audit_events was altered: it shows entries that no row has');
    },
    executions: async (ids: readonly string[], stored: ReadonlyMap<string, StoredState>): Promise<void> => {
      const shown = await reads.all<{ id: string }>(SHOWN_EXECUTIONS, [ids]);
      const byId = new Map(shown.map((row) => [row.id, row]));
      for (const id of ids) compare('executions', id, byId.get(id), stored.get(id));
    },
    notifications: async (ids: readonly string[], stored: ReadonlyMap<string, StoredNotification>): Promise<void> => {
      const shown = await reads.all<{ id: string }>(SHOWN_NOTIFICATIONS, [ids]);
      const byId = new Map(shown.map((row) => [row.id, row]));
      for (const id of ids) compare('notifications', id, byId.get(id), stored.get(id));
    },
    /** Looks for what the views have beside the trail from `after` to `last`. */
    end: async (after: number, last: number): Promise<void> => {
      for (const { view, id } of await reads.all<{ view: string; id: string }>(INVENTED, [after, last])) {
        report(null, `the view ${view} was altered: it shows ${id}, which no row has`);
      }
    },
  };
}
