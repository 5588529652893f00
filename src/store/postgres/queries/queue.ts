// Counts open executions in the table `work`, which also has ended ones that are polled because of a callback.

import type { OpenCounts, QueueMonitor } from '../../queue-port.ts';
import { OPEN_CODES, statusOf } from '../../shared/codes.ts';
import { wholeMs } from '../../shared/columns.ts';
import type { Reads } from '../../shared/reads.ts';

interface CountRow {
  readonly status: number;
  readonly app: string;
  readonly count: number;
  readonly oldest: number;
}

// promise: postgres/polled-after-the-end-is-not-open
const BY_STATUS_AND_APP = `SELECT status, app, count(*) AS count, min(submitted_at) AS oldest FROM work
  WHERE status IN (${OPEN_CODES.join(', ')}) GROUP BY status, app`;

/** Both counts are ranges of the index of what waits for dispatch. Of those due at the same time, earlier ones have lesser ids. */
const QUEUED_BEFORE = `SELECT least($5,
    (SELECT count(*) FROM (SELECT 1 FROM generate_series($2 + 1, 9) AS p(priority) CROSS JOIN LATERAL (
      SELECT 1 FROM work WHERE app = $1 AND priority = p.priority AND dispatch_at IS NOT NULL ORDER BY dispatch_at LIMIT $5) AS w LIMIT $5) AS higher) +
    (SELECT count(*) FROM (SELECT 1 FROM work WHERE app = $1 AND priority = $2 AND dispatch_at <= $3 AND (dispatch_at < $3
      OR execution < (SELECT id FROM execution_rows WHERE reference = $4)) ORDER BY dispatch_at LIMIT $5) AS before))::integer AS count`;

export function createQueueMonitor(reads: Reads): QueueMonitor {
  const rows = () => reads.all<CountRow>(BY_STATUS_AND_APP);

  function count(found: readonly CountRow[]): OpenCounts {
    const of = (status: string) =>
      found.filter((row) => statusOf(row.status) === status).reduce((sum, row) => sum + row.count, 0);
    return { QUEUED: of('QUEUED'), UNCONFIRMED: of('UNCONFIRMED'), PENDING: of('PENDING') };
  }

  return {
    openCounts: async () => count(await rows()),
    queuedBefore: async ({ app, priority, dispatchAt, reference }, limit) => {
      const values = [app, priority, wholeMs(dispatchAt), reference, limit];
      return (await reads.first<{ count: number }>(QUEUED_BEFORE, values))?.count ?? 0;
    },
    queueState: async () => {
      const found = await rows();
      const isQueued = ({ status }: CountRow) => statusOf(status) === 'QUEUED';
      const queued = found.filter(isQueued);
      return {
        counts: count(found),
        oldestQueuedAt: oldestOf(queued),
        oldestPendingAt: oldestOf(found.filter((row) => !isQueued(row))),
        queuedByApp: new Map(queued.map((row) => [row.app, row.count])),
      };
    },
  };
}

function oldestOf(rows: readonly CountRow[]): number | null {
  // promise: postgres/oldest-pending-age
  return rows.length === 0 ? null : Math.min(...rows.map(({ oldest }) => oldest));
}
