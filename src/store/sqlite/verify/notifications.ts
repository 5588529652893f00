// Whether the notifications are what the trail says: there, of the right execution, and as far as the last word on each has it.

import type { Database } from 'better-sqlite3';
import { isJsonObject } from '../../../execution/json.ts';
import type { NotificationStatus } from '../../../notification/notification.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, MAX_FINDINGS, parseDetail } from './findings.ts';

/** What each event leaves a notification in; any other entry that names one is the one that brought it. */
const LEFT_IN: { readonly [event: string]: NotificationStatus } = {
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
  // Prepared when the first entry names a notification: a backup from before there were any has no table of them.
  let statements: ReturnType<typeof prepareReads> | undefined;
  const findings: Finding[] = [];

  function tell(entry: number, message: string): void {
    if (findings.length < MAX_FINDINGS) findings.push({ kind: 'row', entry, message });
  }

  function check(entry: AuditRow, id: string): void {
    statements ??= prepareReads(client);
    const { find, laterWord } = statements;
    const row = find.get(id);
    if (row === undefined) {
      tell(entry.id, `notification ${id} of execution ${entry.correlationId} has a trail and no row`);
      return;
    }
    const told = { status: LEFT_IN[entry.event] ?? 'PENDING', correlationId: entry.correlationId, app: entry.app };
    for (const [name, value] of Object.entries(told)) {
      const stands = row[name as keyof Columns];
      if (stands === value) continue;
      if (name === 'status' && laterWord.get(entry.correlationId, entry.id, id) !== undefined) continue;
      tell(entry.id, `${name} of notification ${id} is ${stands}, by entry ${entry.id} of its trail ${value}`);
    }
  }

  return {
    findings,
    entry: (entry: AuditRow) => {
      // Most entries are about no notification: they are not worth parsing.
      if (!entry.detail.includes('"notification":')) return;
      const detail = parseDetail(entry.detail);
      if (!isJsonObject(detail) || typeof detail['notification'] !== 'string') return;
      const changedNothing = entry.event in LEFT_IN && detail['outcome'] === 'ignored';
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
    laterWord: client.prepare<[string, number, string], 1>(
      `SELECT 1 FROM audit_events WHERE correlation_id = ? AND id > ? AND event LIKE 'NOTIFICATION\\_%' ESCAPE '\\'
      AND detail ->> '$.notification' = ? AND detail ->> '$.outcome' IS NULL LIMIT 1`,
    ),
  };
}
