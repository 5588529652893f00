// The statistics entry of a change that this process committed, so that it is not read back from the store.

import type { AuditEvent } from '../execution/event.ts';
import type { Change } from '../store/port.ts';
import type { StatisticsEntry } from '../store/statistics-port.ts';

/** Their statistics depend on earlier entries of the execution. */
const NEEDS_EARLIER_ENTRIES: ReadonlySet<AuditEvent> = new Set([
  'CALLBACK_DUPLICATE',
  'CALLBACK_CONFLICT',
  'CALLBACK_LATE',
  'POLL_COMPLETED',
]);

/** Returns what the store would return for the entry; null if only the store knows it. */
export function entryOfChange({ entry, execution }: Pick<Change, 'entry' | 'execution'>): StatisticsEntry | null {
  const { id, timestamp, event, actionId, correlationId, latencyMs, httpStatus, detail } = entry;
  const { status, resolvedBy, sentAt, submittedAt, resolvedAt } = execution;
  if (NEEDS_EARLIER_ENTRIES.has(event) || detail['repeats'] !== undefined) return null;
  const isEnd = detail['outcomeSha256'] !== undefined;
  const common = { id, timestamp, event, repeats: null, since: null, actionId, correlationId, latencyMs, httpStatus };
  if (!isEnd) return { ...common, ended: null, repeated: null };
  if (resolvedBy !== 'callback' || resolvedAt === null) return null;
  const ended = { actionId, status, resolvedBy, sentAt, resolvedAt, calledBackAt: resolvedAt, foundAt: null };
  const totalMs = Math.max(0, resolvedAt - submittedAt);
  return { ...common, ended: { ...ended, totalMs, unnoticedMs: null }, repeated: null };
}
