// Checks the rows of notifications against the trail: existence, execution, and the status after the last entry about each.

import type { Database } from 'better-sqlite3';
import { isJsonObject } from '../../../execution/json.ts';
import type { NotificationStatus } from '../../../notification/notification.ts';
import { isImported } from '../import/imported.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, parseDetail, reporter } from './findings.ts';

/** The status after each event. Any other entry that names a notification is the one that created it. */
const STATUS_AFTER: { readonly [event: string]: NotificationStatus } = {
  NOTIFICATION_DELIVERED: 'DELIVERED',
  NOTIFICATION_FAILED: 'PENDING',
  NOTIFICATION_DEAD: 'DEAD',
  NOTIFICATION_REPLAYED: 'PENDING',
};

interface Columns {
  readonly status: string;
  readonly correlationId: string;
  readonly app: string;
}

export function createNotificationCheck(client: Database) {
  // Prepared for the first entry that names a notification: a backup of a version without notifications lacks their table.
  let statements: ReturnType<typeof prepareReads> | undefined;
  const findings: Finding[] = [];
  const isPartial = isImported(client);

  const report = reporter(findings, 'row');
  function check(entry: AuditRow, id: string): void {
    statements ??= prepareReads(client);
    const { find, laterChange } = statements;
    const row = find.get(id);
    if (row === undefined) {
      if (!isPartial) report(entry.id, `notification ${id} of execution ${entry.correlationId} has a trail and no row`);
      return;
    }
    const { correlationId, app } = entry;
    const expected = { status: STATUS_AFTER[entry.event] ?? 'PENDING', correlationId, app };
    for (const [name, value] of Object.entries(expected)) {
      const stored = row[name as keyof Columns];
      if (stored === value) continue;
      if (name === 'status' && laterChange.get(correlationId, entry.id, id) !== undefined) continue;
      report(entry.id, `${name} of notification ${id} is ${stored}, but ${value} in entry ${entry.id} of its trail`);
    }
  }

  return {
    findings,
    entry: (entry: AuditRow) => {
      // Most entries do not concern a notification and are not parsed.
      if (!entry.detail.includes('"notification":')) return;
      const detail = parseDetail(entry.detail);
      if (!isJsonObject(detail) || typeof detail['notification'] !== 'string') return;
      const changedNothing = entry.event in STATUS_AFTER && detail['outcome'] === 'ignored';
      if (!changedNothing) check(entry, detail['notification']);
    },
    end: () => {},
  };
}

function prepareReads(client: Database) {
  return {
    find: client.prepare<[string], Columns>(
      'SELECT status, correlation_id AS correlationId, app FROM notifications WHERE id = ?',
    ),
    laterChange: client.prepare<[string, number, string], 1>(
      `SELECT 1 FROM audit_events WHERE correlation_id = ? AND id > ? AND event LIKE 'NOTIFICATION\\_%' ESCAPE '\\'
      AND detail ->> '$.notification' = ? AND detail ->> '$.outcome' IS NULL LIMIT 1`,
    ),
  };
}
