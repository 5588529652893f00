// Stores and lists the activity of operators. Triggers reject changes of what has ended.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type {
  Activity,
  ActivityAction,
  ActivityLog,
  ActivityOutcome,
  ActivityPage,
  ActivityQuery,
} from '../../activity-port.ts';
import type { Change } from '../../port.ts';
import { unchanged, type Writer } from '../group-commit.ts';

interface ActivityRow extends Pick<Activity, 'id' | 'target' | 'filter' | 'reason' | 'matched' | 'changed'> {
  readonly operator: string;
  readonly action: string;
  readonly outcome: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

const SELECT = `SELECT id, started_at AS startedAt, ended_at AS endedAt, operator, action, target, filter, reason, outcome, matched, changed
  FROM operator_activity`;

/** Conditions by members of the query. Ids are in the order of the starts, but the clock may step. */
const CONDITIONS = {
  by: 'operator = @by',
  action: 'action = @action',
  from: 'started_at >= @from',
  to: 'started_at < @to',
  before: 'id < @before',
  after: 'id > @after',
} as const;

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
    listActivity: async (query) => listActivity(client, query),
  };
}

export function listActivity(client: Database, query: ActivityQuery): ActivityPage {
  const names = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).filter((name) => query[name] !== undefined);
  const where = names.length === 0 ? '' : ` WHERE ${names.map((name) => CONDITIONS[name]).join(' AND ')}`;
  const bound = Object.fromEntries(names.map((name) => [name, boundOf(name, query[name])]));
  const rows = client
    .prepare<[object], ActivityRow>(`${SELECT}${where} ORDER BY id DESC LIMIT @limit`)
    .all({ ...bound, limit: query.limit + 1 });
  const items = rows.slice(0, query.limit).map(toActivity);
  return { items, next: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

function boundOf(name: string, value: string | number | undefined): string | number | undefined {
  return typeof value === 'number' && (name === 'from' || name === 'to') ? isoTime(value) : value;
}

function toActivity({ operator, startedAt, endedAt, action, outcome, ...row }: ActivityRow): Activity {
  return {
    ...row,
    by: operator,
    action: action as ActivityAction,
    outcome: outcome as ActivityOutcome,
    startedAt: Date.parse(startedAt),
    endedAt: endedAt === null ? null : Date.parse(endedAt),
  };
}
