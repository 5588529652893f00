// Stores the activity of operators. Triggers reject changes of what has ended.

import type { Database } from 'better-sqlite3';
import { fromIso, isoTime } from '../../../lib/time.ts';
import type { ActivityLog } from '../../activity-port.ts';
import type { Change } from '../../port.ts';
import { type ActivityTable, createActivityList } from '../../shared/activity.ts';
import { unchanged, type Writer } from '../group-commit.ts';
import { createReads } from '../queries/reads.ts';

export const TABLE: ActivityTable<string> = { name: 'operator_activity', stored: isoTime, timeOf: fromIso };

export function createActivityLog(client: Database, writer: Pick<Writer<Change>, 'mutate'>): ActivityLog {
  const insert = client.prepare<[object]>(
    // The id is explicit: in a trigger before the insertion, an automatic one is not known yet.
    `INSERT INTO operator_activity (id, started_at, operator, action, target, filter, reason, outcome)
    SELECT coalesce(max(id), 0) + 1, @startedAt, @by, @action, @target, @filter, @reason, 'running' FROM operator_activity`,
  );
  const end = client.prepare<[object]>(
    `UPDATE operator_activity SET outcome = @outcome, matched = @matched, changed = @changed, ended_at = @endedAt
    WHERE id = @id AND outcome = 'running'`,
  );
  return {
    beginActivity: (activity) =>
      writer.mutate(() => {
        const row = { ...activity, startedAt: isoTime(activity.startedAt) };
        return unchanged(Number(insert.run(row).lastInsertRowid));
      }),
    endActivity: (id, { endedAt, ...rest }) =>
      writer.mutate(() => {
        end.run({ id, ...rest, endedAt: isoTime(endedAt) });
        return unchanged(undefined);
      }),
    listActivity: createActivityList(createReads(client), TABLE),
  };
}
