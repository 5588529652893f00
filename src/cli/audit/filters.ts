// Which audit entries are meant: the flags that query, tail and export share, and how entries look in a table.

import { AUDIT_EVENTS, type AuditEntry } from '../../execution/event.ts';
import { representEntry } from '../../execution/representation.ts';
import { isoTime } from '../../lib/time.ts';
import type { AuditFilter } from '../../store/sqlite/queries/audit.ts';
import { oneOf } from '../filters.ts';
import type { Column } from '../table.ts';

export const TRAIL_FLAGS = {
  app: { type: 'string' },
  event: { type: 'string' },
  action: { type: 'string' },
  id: { type: 'string' },
} as const;

export const TRAIL_HELP = `  --id ID         of the execution with this correlation id
  --event NAME    such as CALLBACK_LATE
  --action NAME   of this Data Action
  --app NAME      of this app`;

interface Values {
  readonly app?: string | undefined;
  readonly event?: string | undefined;
  readonly action?: string | undefined;
  readonly id?: string | undefined;
}

/** @throws {CommandUsage} */
export function trailFilter({ app, event, action, id }: Values): AuditFilter {
  return {
    app,
    actionId: action,
    correlationId: id,
    event: event === undefined ? undefined : oneOf('--event', event, AUDIT_EVENTS),
  };
}

const LONGEST_EVENT = Math.max(...AUDIT_EVENTS.map(({ length }) => length));

/** What is long and of no fixed length stands last. */
export const ENTRY_COLUMNS: readonly Column<AuditEntry>[] = [
  { name: 'ID', of: ({ id }) => id, right: true, least: 8 },
  { name: 'TIME', of: ({ timestamp }) => isoTime(timestamp), least: 24 },
  { name: 'EVENT', of: ({ event }) => event, least: LONGEST_EVENT },
  { name: 'CORRELATION ID', of: ({ correlationId }) => correlationId, least: 36 },
  { name: 'HTTP', of: ({ httpStatus }) => httpStatus, right: true },
  { name: 'MS', of: ({ latencyMs }) => latencyMs, right: true, least: 6 },
  { name: 'APP', of: ({ app }) => app, least: 8 },
  { name: 'ACTION', of: ({ actionId }) => actionId, least: 16 },
  { name: 'DETAIL', of: ({ detail }) => (Object.keys(detail).length === 0 ? null : JSON.stringify(detail)) },
];

export function entryJson(entry: AuditEntry): string {
  return JSON.stringify(representEntry(entry));
}
