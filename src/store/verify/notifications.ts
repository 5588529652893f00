// Checks the rows of notifications against the trail: existence, execution, and the status after the last entry about each.

import { isJsonObject } from '../../execution/json.ts';
import type { NotificationStatus } from '../../notification/notification.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import type { Finding } from '../verification.ts';
import { parseDetail, reporter } from './findings.ts';
import type { StoredRows } from './stored.ts';

/** The status after each event. Any other entry that names a notification is the one that created it. */
const STATUS_AFTER: { readonly [event: string]: NotificationStatus } = {
  NOTIFICATION_DELIVERED: 'DELIVERED',
  NOTIFICATION_FAILED: 'PENDING',
  NOTIFICATION_DEAD: 'DEAD',
  NOTIFICATION_REPLAYED: 'PENDING',
};

/** An entry that the row contradicts, unless a later entry explains it. */
interface Contradicted {
  readonly entry: number;
  readonly expected: string;
  readonly stored: string;
}

/** @param isPartial true if rows may be missing that exports did not contain. */
export function createNotificationCheck(isPartial: boolean) {
  const findings: Finding[] = [];
  const report = reporter(findings, 'row');
  const contradicted = new Map<string, Contradicted>();

  function check(entry: AuditRow, id: string, rows: StoredRows): void {
    const row = rows.notification(id);
    if (row === undefined) {
      if (!isPartial) report(entry.id, `notification ${id} of execution ${entry.correlationId} has a trail and no row`);
      return;
    }
    const { correlationId, app } = entry;
    for (const [name, value] of Object.entries({ correlationId, app })) {
      const stored = row[name as 'correlationId' | 'app'];
      if (stored !== value) report(entry.id, differs(name, id, { entry: entry.id, expected: value, stored }));
    }
    const expected = STATUS_AFTER[entry.event] ?? 'PENDING';
    // The row may be as a later entry left it.
    if (row.status === expected) contradicted.delete(id);
    else contradicted.set(id, { entry: entry.id, expected, stored: row.status });
  }

  return {
    findings,
    entry: (entry: AuditRow, rows: StoredRows): void => {
      const id = notificationIn(entry);
      if (id !== null) check(entry, id, rows);
    },
    /** Drops what entries say whose later entries are being pruned. */
    skipAccepted: (): void => contradicted.clear(),
    end: (): void => {
      for (const [id, one] of contradicted) report(one.entry, differs('status', id, one));
    },
  };
}

/** Returns the id of the notification that an entry created or changed; null for none. */
export function notificationIn({ event, detail: text }: Pick<AuditRow, 'event' | 'detail'>): string | null {
  // Most entries do not concern a notification and are not parsed.
  if (!text.includes('"notification":')) return null;
  const detail = parseDetail(text);
  if (!isJsonObject(detail) || typeof detail['notification'] !== 'string') return null;
  const changedNothing = event in STATUS_AFTER && detail['outcome'] === 'ignored';
  return changedNothing ? null : detail['notification'];
}

function differs(name: string, id: string, { entry, expected, stored }: Contradicted): string {
  return `${name} of notification ${id} is ${stored}, but ${expected} in entry ${entry} of its trail`;
}
