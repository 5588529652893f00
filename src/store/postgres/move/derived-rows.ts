// Completes moved rows by what only PostgreSQL stores: what is due in tables of its own, endings of executionIds, levels of the sample.

import { readMembers } from '../../../execution/json-members.ts';
import type { MovedRow } from '../../moved-rows.ts';
import { levelOf } from '../../shared/sample-ranks.ts';
import { endingOf } from '../executions/execution-ids.ts';

type Rows = Readonly<Record<string, readonly MovedRow[]>>;

/** Returns the rows of each table that the moved row becomes. */
export function rowsOf(table: string, row: MovedRow): Rows {
  switch (table) {
    case 'execution_rows':
      return executionRows(row);
    case 'audit_rows':
      return { audit_rows: [{ ...row, ...statisticsOf(String(row['detail'])) }] };
    case 'notification_rows':
      return notificationRows(row);
    default:
      return { [table]: [row] };
  }
}

function executionRows(row: MovedRow): Rows {
  const { id, reference, app, action_id, priority, status, submitted_at, dispatch_at, poll_at, expire_at } = row;
  const { execution_id: executionId, resolved_at: resolvedAt } = row;
  const work = { reference, app, action_id, priority, status, submitted_at, dispatch_at, poll_at, expire_at };
  return {
    execution_rows: [{ ...row, version: 0, sample_level: levelOf(String(reference)) }],
    ...(resolvedAt === null || poll_at !== null ? { work: [{ ...work, execution: id }] } : {}),
    ...(executionId === null ? {} : { execution_ids: [{ ending: endingOf(String(executionId)), execution: id }] }),
  };
}

/** What statistics read of a detail. */
function statisticsOf(detail: string): MovedRow {
  const { outcomeSha256, repeats, since, until } = readMembers(detail);
  const isSummary = repeats !== undefined;
  return {
    ends: outcomeSha256 === undefined ? null : true,
    repeats: isSummary ? Number(repeats) : null,
    since: isSummary ? Date.parse(String(since)) : null,
    until: isSummary ? Date.parse(String(until)) : null,
  };
}

function notificationRows(row: MovedRow): Rows {
  const { id, app, origin, due_at, status } = row;
  return {
    notification_rows: [row],
    ...(due_at === null ? {} : { notification_work: [{ id, app, origin, due_at }] }),
    ...(status === 'DEAD' ? { notification_dead: [{ id }] } : {}),
  };
}
