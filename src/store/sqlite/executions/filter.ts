// Which rows a filter means. A term with + before its column leaves the choice of the index to the others.

import type { Database } from 'better-sqlite3';
import { and, eq, gte, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import { OPEN_STATUSES } from '../../../execution/execution.ts';
import type { ExecutionFilter, ListQuery } from '../../port.ts';
import { executions } from '../schema.ts';
import { firstReferenceAt } from './uuid-range.ts';

/** Where a text is looked for. */
const { inputs, context, result, error, lateResult } = executions;
const TEXTS = [inputs, context, result, error, lateResult];

/** LIKE knows upper and lower case of ASCII alone: what it finds for other letters is looked at again by this. */
const HOLDS = 'holds_in_any_case';

/** What `wanted` needs on a connection. */
export function defineTextSearch(client: Database): void {
  client.function(HOLDS, { deterministic: true }, (text: unknown, needle: unknown) =>
    String(text).toLowerCase().includes(String(needle)) ? 1 : 0,
  );
}

/** What is found along an index in the order of references: the stretch to look through. */
export function inScannedRange(query: ListQuery): SQL | undefined {
  const { app, status } = query;
  const bounds = between(query, sql`${executions.reference}`);
  // What is open is little, whosever it is.
  if (isOpen(status)) return and(isNull(executions.resolvedAt), bounds);
  return and(app === null ? undefined : eq(executions.app, app), bounds);
}

function between({ from, to, before }: ListQuery, reference: SQL): SQL | undefined {
  return and(
    from === undefined ? undefined : gte(reference, firstReferenceAt(from)),
    to === undefined ? undefined : lt(reference, firstReferenceAt(to)),
    before === undefined ? undefined : lt(reference, before),
  );
}

/** What each row of the stretch is held against. */
export function matchesFilter({ app, status, actionId, id, executionId, text }: ExecutionFilter): SQL | undefined {
  return and(
    app === null ? undefined : sql`+${executions.app} = ${app}`,
    status === undefined || status === 'OPEN' ? undefined : eq(executions.status, status),
    status === 'OPEN' ? isNull(executions.resolvedAt) : undefined,
    actionId === undefined ? undefined : eq(executions.actionId, actionId),
    id === undefined
      ? undefined
      : sql`+${executions.correlationId} >= ${id} AND +${executions.correlationId} < ${behind(id)}`,
    executionId === undefined ? undefined : eq(executions.executionId, executionId),
    text === undefined ? undefined : holds(text),
  );
}

/** What is found along the primary key. */
export function hasIdPrefix(id: string): SQL | undefined {
  return and(gte(executions.correlationId, id), lt(executions.correlationId, behind(id)));
}

/** What each row that is found by its correlation id is held against. */
export function matchesListQuery(query: ListQuery): SQL | undefined {
  return and(between(query, sql`+${executions.reference}`), matchesFilter(query));
}

/** Correlation ids are visible ASCII, which ends with the tilde. */
function behind(id: string): string {
  return `${id}\u007f`;
}

function isOpen(status: ListQuery['status']): boolean {
  return status === 'OPEN' || OPEN_STATUSES.some((open) => open === status);
}

/** As somebody would type it, or as JSON writes it. */
function holds(text: string): SQL | undefined {
  const written = JSON.stringify(text).slice(1, -1);
  const needles = [...new Set([text, written])];
  return or(...needles.flatMap((needle) => TEXTS.map((column) => holdsIn(column, needle))));
}

function holdsIn(column: (typeof TEXTS)[number], needle: string): SQL {
  const escaped = needle.replaceAll(/[\\%_]/g, '\\$&');
  const pattern = `%${escaped.replaceAll(/[^\0-\x7f]/gu, '_')}%`;
  const like = sql`${column} LIKE ${pattern} ESCAPE '\\'`;
  if (!/[^\0-\x7f]/u.test(needle)) return like;
  return sql`(${like} AND ${sql.raw(HOLDS)}(${column}, ${needle.toLowerCase()}))`;
}
