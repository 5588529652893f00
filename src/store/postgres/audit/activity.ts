// Stores the activity of operators.

import type { ActivityLog } from '../../activity-port.ts';
import { type ActivityTable, createActivityList } from '../../shared/activity.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

export const TABLE: ActivityTable<number> = { name: 'operator_activity_rows', stored: Math.trunc, timeOf: Number };

const BEGIN = `WITH begun AS (
    INSERT INTO operator_activity_rows (started_at, operator, action, target, filter, reason, outcome)
    SELECT "startedAt", by, action, target, filter, reason, 'running' FROM json_to_record($1) AS g("startedAt" bigint, by text,
      action text, target text, filter text, reason text)
    RETURNING id
  ) SELECT to_json(id) FROM begun`;

const END = `WITH ended AS (
    UPDATE operator_activity_rows AS a SET outcome = g.outcome, matched = g.matched, changed = g.changed, ended_at = g."endedAt"
    FROM json_to_record($1) AS g(id bigint, outcome text, matched bigint, changed bigint, "endedAt" bigint)
    WHERE a.id = g.id AND a.outcome = 'running' RETURNING a.id
  ) SELECT to_json(count(*)) FROM ended`;

export function createActivityLog(reads: Reads, session: Pick<Session, 'write'>): ActivityLog {
  return {
    beginActivity: ({ startedAt, ...activity }) =>
      session.write<number>(BEGIN, { ...activity, startedAt: Math.trunc(startedAt) }),
    endActivity: async (id, { endedAt, ...end }) => {
      await session.write(END, { ...end, id, endedAt: Math.trunc(endedAt) });
    },
    listActivity: createActivityList(reads, TABLE),
  };
}
