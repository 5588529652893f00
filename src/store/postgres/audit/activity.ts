// Stores and lists the activity of operators.

import type { Activity, ActivityAction, ActivityLog, ActivityOutcome } from '../../activity-port.ts';
import { conditions } from '../../shared/conditions.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

interface ActivityRow extends Omit<Activity, 'by' | 'action' | 'outcome' | 'startedAt' | 'endedAt'> {
  readonly operator: string;
  readonly action: string;
  readonly outcome: string;
  readonly started_at: number;
  readonly ended_at: number | null;
}

const SELECT = `SELECT id, started_at, ended_at, operator, action, target, filter, reason, outcome, matched, changed
  FROM operator_activity_rows`;

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
    listActivity: async ({ by, action, from, to, before, after, limit }) => {
      const where = conditions();
      if (by !== undefined) where.add('operator =', by);
      if (action !== undefined) where.add('action =', action);
      if (from !== undefined) where.add('started_at >=', Math.trunc(from));
      if (to !== undefined) where.add('started_at <', Math.trunc(to));
      if (before !== undefined) where.add('id <', before);
      if (after !== undefined) where.add('id >', after);
      const statement = `${SELECT} ${where.where()} ORDER BY id DESC LIMIT ${limit + 1}`;
      const rows = await reads.all<ActivityRow>(statement, where.values);
      const items = rows.slice(0, limit).map(toActivity);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

function toActivity({ operator, started_at, ended_at, action, outcome, ...row }: ActivityRow): Activity {
  return {
    ...row,
    by: operator,
    action: action as ActivityAction,
    outcome: outcome as ActivityOutcome,
    startedAt: started_at,
    endedAt: ended_at,
  };
}
