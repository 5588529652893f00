// Counts open executions, in partial indexes that contain open executions only.

import type { Database } from 'better-sqlite3';
import type { OpenCounts, QueueMonitor } from '../../port.ts';
import { fromIso } from '../rows.ts';
import type { Statements } from '../statements.ts';
import type { Backlog } from './backlog.ts';

/**
 * Reads one row: rowids are in the order of submission, and the index supplies the smallest. Without the hint, SQLite would
 * scan the table for the first row with a poll.
 */
export const OLDEST_POLLED = `SELECT submitted_at FROM executions WHERE rowid =
  (SELECT min(rowid) FROM executions INDEXED BY executions_to_poll WHERE poll_at IS NOT NULL)`;

export function createQueueMonitor(
  client: Database,
  { waiting }: Pick<Statements, 'waiting'>,
  backlog: Backlog,
): QueueMonitor {
  const oldestPolled = client.prepare<[], string>(OLDEST_POLLED).pluck();

  function count(rows: ReturnType<typeof waiting.all>): OpenCounts {
    const of = (status: string) => rows.find((row) => row.status === status)?.count ?? 0;
    return { QUEUED: of('QUEUED'), UNCONFIRMED: of('UNCONFIRMED'), PENDING: of('PENDING') + backlog.pollable };
  }

  return {
    openCounts: async () => count(waiting.all()),
    queueState: async () => {
      const rows = waiting.all();
      const unpolled = rows.filter(({ status }) => status !== 'QUEUED').map(({ oldest }) => oldest);
      const polled = backlog.pollable === 0 ? undefined : oldestPolled.get();
      // promise: oldest-pending-age
      const [oldestPending = null] = [...unpolled, ...(polled === undefined ? [] : [polled])].sort();
      const oldestQueued = rows.find(({ status }) => status === 'QUEUED')?.oldest ?? null;
      const apps = new Set(backlog.lanes().map(({ app }) => app));
      return {
        counts: count(rows),
        oldestQueuedAt: fromIso(oldestQueued),
        oldestPendingAt: fromIso(oldestPending),
        queuedByApp: new Map([...apps].map((app) => [app, backlog.queuedBy(app)])),
      };
    },
  };
}
