// Counts open executions, in partial indexes that contain open executions only.

import type { Database } from 'better-sqlite3';
import type { OpenCounts, QueueMonitor } from '../../port.ts';
import { statusOf } from '../rows.ts';
import type { Statements } from '../statements.ts';
import type { Backlog } from './backlog.ts';

/**
 * Reads one row: ids are in the order of submission, and the index supplies the smallest. Without the hint, SQLite would
 * scan the table for the first row with a poll.
 */
export const OLDEST_POLLED = `SELECT submitted_at FROM execution_rows WHERE id =
  (SELECT min(id) FROM execution_rows INDEXED BY execution_rows_to_poll WHERE poll_at IS NOT NULL)`;

export function createQueueMonitor(
  client: Database,
  { waiting }: Pick<Statements, 'waiting'>,
  backlog: Backlog,
): QueueMonitor {
  const oldestPolled = client.prepare<[], number>(OLDEST_POLLED).pluck();

  function count(rows: ReturnType<typeof waiting.all>): OpenCounts {
    const of = (status: string) => rows.find((row) => statusOf(row.status) === status)?.count ?? 0;
    return { QUEUED: of('QUEUED'), UNCONFIRMED: of('UNCONFIRMED'), PENDING: of('PENDING') + backlog.pollable };
  }

  return {
    openCounts: async () => count(waiting.all()),
    queueState: async () => {
      const rows = waiting.all();
      const unpolled = rows.filter(({ status }) => statusOf(status) !== 'QUEUED').map(({ oldest }) => oldest);
      const polled = backlog.pollable === 0 ? undefined : oldestPolled.get();
      const open = [...unpolled, ...(polled === undefined ? [] : [polled])];
      const oldestQueued = rows.find(({ status }) => statusOf(status) === 'QUEUED')?.oldest ?? null;
      const apps = new Set(backlog.lanes().map(({ app }) => app));
      return {
        counts: count(rows),
        oldestQueuedAt: oldestQueued,
        // promise: oldest-pending-age
        oldestPendingAt: open.length === 0 ? null : Math.min(...open),
        queuedByApp: new Map([...apps].map((app) => [app, backlog.queuedBy(app)])),
      };
    },
  };
}
