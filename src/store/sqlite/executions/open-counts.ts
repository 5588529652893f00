// How things stand with what is open: counted in partial indexes, which hold what is open and nothing else.

import type { Database } from 'better-sqlite3';
import type { OpenCounts, QueueState } from '../../port.ts';
import { fromIso } from '../rows.ts';
import type { Statements } from '../statements.ts';
import type { Backlog } from './backlog.ts';

/**
 * Rows are in the order of submission, and the index names them: so no row is read but the oldest. Left to itself SQLite would
 * walk through the table until it meets one that is polled.
 */
export const OLDEST_POLLED = `SELECT submitted_at FROM executions WHERE rowid =
  (SELECT min(rowid) FROM executions INDEXED BY executions_to_poll WHERE poll_at IS NOT NULL)`;

export interface QueueStateReader {
  openCounts(): OpenCounts;
  queueState(): QueueState;
}

export function createQueueState(
  client: Database,
  { waiting }: Pick<Statements, 'waiting'>,
  backlog: Backlog,
): QueueStateReader {
  const oldestPolled = client.prepare<[], string>(OLDEST_POLLED).pluck();

  function count(rows: ReturnType<typeof waiting.all>): OpenCounts {
    const of = (status: string) => rows.find((row) => row.status === status)?.count ?? 0;
    return { QUEUED: of('QUEUED'), UNCONFIRMED: of('UNCONFIRMED'), PENDING: of('PENDING') + backlog.pollable };
  }

  return {
    openCounts: () => count(waiting.all()),
    queueState: () => {
      const rows = waiting.all();
      const unasked = rows.filter(({ status }) => status !== 'QUEUED').map(({ oldest }) => oldest);
      const polled = backlog.pollable === 0 ? undefined : oldestPolled.get();
      // promise: oldest-pending-age
      const [oldestPending = null] = [...unasked, ...(polled === undefined ? [] : [polled])].sort();
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
