// How audit entries are shown in a table and as JSON.

import { AUDIT_EVENTS, type AuditEntry } from '../../execution/event.ts';
import { representEntry } from '../../execution/representation.ts';
import { isoTime } from '../../lib/time.ts';
import type { Activity } from '../../store/activity-port.ts';
import type { Column } from '../table.ts';

const LONGEST_EVENT = Math.max(...AUDIT_EVENTS.map(({ length }) => length));

/** The detail has no fixed length, so it is the last column. */
export const ENTRY_COLUMNS: readonly Column<AuditEntry>[] = [
  { name: 'ID', of: ({ id }) => id, right: true, minWidth: 8 },
  { name: 'TIME', of: ({ timestamp }) => isoTime(timestamp), minWidth: 24 },
  { name: 'EVENT', of: ({ event }) => event, minWidth: LONGEST_EVENT },
  { name: 'CORRELATION ID', of: ({ correlationId }) => correlationId, minWidth: 36 },
  { name: 'HTTP', of: ({ httpStatus }) => httpStatus, right: true },
  { name: 'MS', of: ({ latencyMs }) => latencyMs, right: true, minWidth: 6 },
  { name: 'APP', of: ({ app }) => app, minWidth: 8 },
  { name: 'ACTION', of: ({ actionId }) => actionId, minWidth: 16 },
  { name: 'DETAIL', of: ({ detail }) => (Object.keys(detail).length === 0 ? null : JSON.stringify(detail)) },
];

export const ACTIVITY_COLUMNS: readonly Column<Activity>[] = [
  { name: 'ACTIVITY', of: ({ id }) => id, right: true },
  { name: 'TIME', of: ({ startedAt }) => isoTime(startedAt) },
  { name: 'BY', of: ({ by }) => by },
  { name: 'ACTION', of: ({ action }) => action },
  { name: 'ABOUT', of: ({ target, filter }) => target ?? filter },
  { name: 'OUTCOME', of: ({ outcome }) => outcome },
  { name: 'CHANGED', of: ({ changed }) => changed, right: true },
  { name: 'REASON', of: ({ reason }) => reason },
];

export function entryJson(entry: AuditEntry): string {
  return JSON.stringify(representEntry(entry));
}
