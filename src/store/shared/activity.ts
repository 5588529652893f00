// Lists the activity of operators.

import type { Activity, ActivityLog } from '../activity-port.ts';
import { conditions } from './conditions.ts';
import type { Reads } from './reads.ts';

/** The table of a database, whose times have the type `Time`. */
export interface ActivityTable<Time> {
  readonly name: string;
  readonly stored: (time: number) => Time;
  readonly timeOf: (stored: Time) => number;
}

interface ActivityRow<Time> extends Omit<Activity, 'by' | 'startedAt' | 'endedAt'> {
  readonly operator: string;
  readonly started_at: Time;
  readonly ended_at: Time | null;
}

export function createActivityList<Time>(
  reads: Reads,
  { name, stored, timeOf }: ActivityTable<Time>,
): ActivityLog['listActivity'] {
  const select = `SELECT id, started_at, ended_at, operator, action, target, filter, reason, outcome, matched, changed FROM ${name}`;

  function toActivity({ operator: by, started_at, ended_at, ...row }: ActivityRow<Time>): Activity {
    return { ...row, by, startedAt: timeOf(started_at), endedAt: ended_at === null ? null : timeOf(ended_at) };
  }

  return async ({ by, action, from, to, before, after, limit }) => {
    const where = conditions();
    if (by !== undefined) where.add('operator =', by);
    if (action !== undefined) where.add('action =', action);
    // Ids are in the order of the starts, but the clock may step.
    if (from !== undefined) where.add('started_at >=', stored(from));
    if (to !== undefined) where.add('started_at <', stored(to));
    if (before !== undefined) where.add('id <', before);
    if (after !== undefined) where.add('id >', after);
    const statement = `${select} ${where.where()} ORDER BY id DESC LIMIT ${limit + 1}`;
    const rows = await reads.all<ActivityRow<Time>>(statement, where.values);
    const items = rows.slice(0, limit).map(toActivity);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  };
}
