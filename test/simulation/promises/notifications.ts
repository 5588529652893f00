// The promises to an app with notifications: each outcome and each late result, in this order, until the app accepts it.

import type { EntryRow, NotificationRow, Row } from '../database.ts';
import type { Call } from '../hook.ts';
import { NOTIFIED_APP } from '../receiver.ts';
import { isOpen } from '../trail.ts';
import { demand, show } from '../violation.ts';
import { detailOf, type State } from './state.ts';
import { events } from './trails.ts';

const WRITTEN = 'an outcome is never stored without its notification';
const TRUE = 'a notification states what is stored';
const AUDITED = 'a notification has the status that its trail states';
const RECORDED = 'a delivery counts only when the app accepted it';
const ORDER = 'a late result is notified after the outcome';
const NOTIFIED = 'an app is notified eventually, unless every attempt failed';

export function checkNotifications({ rows, trails, notifications, calls }: State): void {
  const byId = Map.groupBy(notifications, ({ correlation_id }) => correlation_id);
  for (const row of rows.values()) checkWritten(row, byId.get(row.correlation_id) ?? []);
  for (const one of notifications) {
    checkAudited(one, trails.get(one.correlation_id) ?? []);
    const taken = calls.some(({ id, receipt }) => id === one.id && receipt === 'delivered');
    demand(one.status !== 'DELIVERED' || taken, RECORDED, () => show(one));
  }
  for (const call of calls) checkCall(call, rows.get(call.correlationId), notifications);
}

function checkWritten(row: Row, found: readonly NotificationRow[]): void {
  const wanted: string[] = [];
  if (row.app === NOTIFIED_APP && !isOpen(row.status)) wanted.push(`execution.${row.status.toLowerCase()}`);
  if (row.app === NOTIFIED_APP && row.late_result !== null) wanted.push('execution.late_result');
  const types = found.map(({ type }) => type);
  demand(show(types) === show(wanted), WRITTEN, () => `${row.correlation_id}: ${show(types)}, not ${show(wanted)}`);
}

const LEFT_IN: { readonly [event: string]: string } = {
  NOTIFICATION_DELIVERED: 'DELIVERED',
  NOTIFICATION_DEAD: 'DEAD',
};

function checkAudited(one: NotificationRow, trail: readonly EntryRow[]): void {
  const about = trail.map((entry) => ({ event: entry.event, detail: detailOf(entry) }));
  const last = about.findLast(({ detail }) => detail['notification'] === one.id && detail['outcome'] !== 'ignored');
  const expected = LEFT_IN[last?.event ?? ''] ?? 'PENDING';
  demand(last !== undefined && one.status === expected, AUDITED, () => `${show(one)}: ${events(trail)}`);
}

function checkCall(call: Call, row: Row | undefined, notifications: readonly NotificationRow[]): void {
  demand(row !== undefined && row.status === call.status, TRUE, () => `${show(call)}: ${show(row)}`);
  if (call.type !== 'execution.late_result') return;
  const end = notifications.find(
    ({ correlation_id, type }) => correlation_id === call.correlationId && type !== call.type,
  );
  demand(end !== undefined && end.status !== 'PENDING', ORDER, () => `${show(call)}: ${show(end)}`);
}

/** Checked when there was no fault for long enough. */
export function checkNotified(notifications: readonly NotificationRow[], calls: readonly Call[]): void {
  for (const one of notifications) {
    const failures = calls.filter(({ id, receipt }) => id === one.id && receipt !== 'delivered');
    const dead = one.status === 'DEAD' && failures.length > 0;
    demand(one.status === 'DELIVERED' || dead, NOTIFIED, () => show(one));
  }
}
