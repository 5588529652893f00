// Counts open executions, in partial indexes that contain open executions only.

import type { Database } from 'better-sqlite3';
import type { OpenCounts, QueueMonitor } from '../../queue-port.ts';
import type { Backlog } from '../../shared/backlog.ts';
import { statusOf } from '../../shared/codes.ts';
import type { Statements } from '../statements.ts';
import { referenceBound } from './uuid-range.ts';

/**
 * References are in the order of submission, so that the index of open executions begins with the oldest one. What is not polled is in
 * it too, and its rows are read and passed over.
 */
export const FIRST_POLLED = `SELECT submitted_at FROM execution_rows INDEXED BY execution_rows_open
  WHERE resolved_at IS NULL AND status <> 0 AND poll_at IS NOT NULL ORDER BY reference LIMIT 1`;

/** Reads an index of all that are polled. Without the hint, SQLite would scan the table for the first row with a poll. */
export const LEAST_POLLED = `SELECT submitted_at FROM execution_rows WHERE id =
  (SELECT min(id) FROM execution_rows INDEXED BY execution_rows_to_poll WHERE poll_at IS NOT NULL)`;

/** The same while some have ended, whose rows are read and passed over. */
const LEAST_OPEN_POLLED = `SELECT submitted_at FROM execution_rows WHERE id =
  (SELECT min(id) FROM execution_rows INDEXED BY execution_rows_to_poll WHERE poll_at IS NOT NULL AND resolved_at IS NULL)`;

/** Both counts are ranges of the index of what waits for dispatch. */
export const QUEUED_BEFORE = `SELECT
  (SELECT count(*) FROM (SELECT 1 FROM execution_rows
    WHERE app = @app AND priority > @priority AND dispatch_at IS NOT NULL LIMIT @limit)) +
  (SELECT count(*) FROM (SELECT 1 FROM execution_rows
    WHERE app = @app AND priority = @priority AND dispatch_at <= @dispatchAt
      AND (dispatch_at < @dispatchAt OR id < (SELECT id FROM execution_rows WHERE reference = @reference)) LIMIT @limit))`;

export function createQueueMonitor(
  client: Database,
  { waiting }: Pick<Statements, 'waiting'>,
  backlog: Backlog,
): QueueMonitor {
  const queuedBefore = client.prepare<[object], number>(QUEUED_BEFORE).pluck();
  const firstPolled = client.prepare<[], number>(FIRST_POLLED).pluck();
  const leastPolled = client.prepare<[], number>(LEAST_POLLED).pluck();
  const leastOpenPolled = client.prepare<[], number>(LEAST_OPEN_POLLED).pluck();

  /** A paused app may have more executions that wait than all others have that are polled. */
  function oldestPolled(rows: ReturnType<typeof waiting.all>): number | undefined {
    if (backlog.pollable === 0) return undefined;
    const passedOver = rows.reduce((sum, row) => sum + row.count, 0);
    if (passedOver < backlog.pollable) return firstPolled.get();
    return (backlog.polledAfterEnd === 0 ? leastPolled : leastOpenPolled).get();
  }

  function count(rows: ReturnType<typeof waiting.all>): OpenCounts {
    const of = (status: string) => rows.find((row) => statusOf(row.status) === status)?.count ?? 0;
    return { QUEUED: of('QUEUED'), UNCONFIRMED: of('UNCONFIRMED'), PENDING: of('PENDING') + backlog.pollable };
  }

  return {
    queuedBefore: async ({ app, priority, dispatchAt, reference }, limit) =>
      Math.min(
        limit,
        queuedBefore.get({ app, priority, dispatchAt, reference: referenceBound(reference), limit }) ?? 0,
      ),
    openCounts: async () => count(waiting.all()),
    queueState: async () => {
      const rows = waiting.all();
      const unpolled = rows.filter(({ status }) => statusOf(status) !== 'QUEUED').map(({ oldest }) => oldest);
      const polled = oldestPolled(rows);
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
