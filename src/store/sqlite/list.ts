// Lists executions, newest first, page by page along an index: references are UUIDv7, so their order is that of submission.

import { and, desc, eq, gte, lt } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ListQuery, Page } from '../port.ts';
import { toState } from './rows.ts';
import { executions } from './schema.ts';
import { stateColumns } from './statements.ts';

export function createList(orm: BetterSQLite3Database): (query: ListQuery) => Page {
  return (query) => {
    const { reference, app, status, actionId } = executions;
    const wanted = and(
      query.app === null ? undefined : eq(app, query.app),
      query.status === undefined ? undefined : eq(status, query.status),
      query.actionId === undefined ? undefined : eq(actionId, query.actionId),
      query.from === undefined ? undefined : gte(reference, firstReferenceAt(query.from)),
      query.to === undefined ? undefined : lt(reference, firstReferenceAt(query.to)),
      query.before === undefined ? undefined : lt(reference, query.before),
    );
    const rows = orm
      .select(stateColumns)
      .from(executions)
      .where(wanted)
      .orderBy(desc(reference))
      .limit(query.limit + 1)
      .all();
    const items = rows.slice(0, query.limit).map(toState);
    return { items, next: rows.length > query.limit ? (items.at(-1)?.reference ?? null) : null };
  };
}

/** What every UUIDv7 of that millisecond or later sorts at or after (RFC 9562, section 5.7: 48 bits of time come first). */
function firstReferenceAt(time: number): string {
  const hex = Math.max(0, time).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}
