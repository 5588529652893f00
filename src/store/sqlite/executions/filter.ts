// Builds the conditions of execution filters. A unary + before a column keeps SQLite from choosing an index for that term.

import type { Database } from 'better-sqlite3';
import { and, eq, gte, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import { AT_CXONE_STATUSES, OPEN_STATUSES, type StatusFilter } from '../../../execution/execution.ts';
import { isUuid } from '../../../execution/execution-id.ts';
import { readJson } from '../../../execution/json.ts';
import { createMasking } from '../../../execution/masking.ts';
import type { ExecutionFilter, ListQuery } from '../../port.ts';
import { executions } from '../schema.ts';
import { firstReferenceAt } from './uuid-range.ts';

/** The columns of the text search. */
const { inputs, context, result, error, lateResult } = executions;
const TEXTS = [inputs, context, result, error, lateResult];

/** SQL function that compares without regard to case, for texts beyond ASCII: LIKE folds the case of ASCII letters only. */
const HOLDS = 'holds_in_any_case';

/** SQL function that compares like `HOLDS` after it has removed the values of hidden members from a JSON text. */
const HOLDS_VISIBLY = 'holds_visibly';

/** Defines the SQL functions that `matchesFilter` uses, on one connection. */
export function defineTextSearch(client: Database): void {
  client.function(HOLDS, { deterministic: true }, (text: unknown, needle: unknown) =>
    String(text).toLowerCase().includes(String(needle)) ? 1 : 0,
  );
  client.function(HOLDS_VISIBLY, { deterministic: true }, (text: unknown, needle: unknown, names: unknown) => {
    if (typeof text !== 'string') return 0;
    const visible = createMasking(JSON.parse(String(names)), '').json(readJson(text));
    return JSON.stringify(visible).toLowerCase().includes(String(needle)) ? 1 : 0;
  });
}

/** Returns the condition that bounds a scan to one index in the order of references. */
export function inScannedRange(query: ListQuery): SQL | undefined {
  const { app, status } = query;
  const bounds = between(query, sql`${executions.reference}`);
  // Open executions have a small index of their own, for all apps.
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

/** Returns the condition that each scanned row must meet. */
export function matchesFilter(filter: ExecutionFilter): SQL | undefined {
  const { app, status, actionId, id, executionId, text, hidden = [] } = filter;
  return and(
    app === null ? undefined : sql`+${executions.app} = ${app}`,
    status === undefined ? undefined : hasStatus(status),
    actionId === undefined ? undefined : eq(executions.actionId, actionId),
    id === undefined
      ? undefined
      : sql`+${executions.correlationId} >= ${id} AND +${executions.correlationId} < ${behind(id)}`,
    executionId === undefined ? undefined : hasExecutionId(executionId),
    text === undefined ? undefined : holds(text, hidden),
  );
}

/** Returns the condition of a correlation id prefix, which uses the primary key. */
export function hasIdPrefix(id: string): SQL | undefined {
  return and(gte(executions.correlationId, id), lt(executions.correlationId, behind(id)));
}

/** Returns the condition that each row found by the prefix of its correlation id must meet. */
export function matchesListQuery(query: ListQuery): SQL | undefined {
  return and(between(query, sql`+${executions.reference}`), matchesFilter(query));
}

/** Returns the exclusive end of a prefix. Correlation ids are visible ASCII, whose last character is the tilde. */
function behind(id: string): string {
  return `${id}\u007f`;
}

/** UUIDs are compared without case. */
function hasExecutionId(id: string): SQL {
  return isUuid(id) ? sql`lower(${executions.executionId}) = ${id.toLowerCase()}` : eq(executions.executionId, id);
}

function hasStatus(status: StatusFilter): SQL {
  if (status === 'OPEN') return isNull(executions.resolvedAt);
  return status === 'AT_CXONE' ? inArray(executions.status, AT_CXONE_STATUSES) : eq(executions.status, status);
}

function isOpen(status: ListQuery['status']): boolean {
  return status === 'OPEN' || status === 'AT_CXONE' || OPEN_STATUSES.some((open) => open === status);
}

/** Searches for the text as typed and as JSON escapes it. */
function holds(text: string, hidden: readonly string[]): SQL | undefined {
  const written = JSON.stringify(text).slice(1, -1);
  const needles = [...new Set([text, written])];
  return or(...needles.flatMap((needle) => TEXTS.map((column) => holdsIn(column, needle, hidden))));
}

function holdsIn(column: (typeof TEXTS)[number], needle: string, hidden: readonly string[]): SQL {
  const escaped = needle.replaceAll(/[\\%_]/g, '\\$&');
  const pattern = `%${escaped.replaceAll(/[^\0-\x7f]/gu, '_')}%`;
  const like = sql`${column} LIKE ${pattern} ESCAPE '\\'`;
  // promise: hidden-is-not-searchable
  if (hidden.length > 0) {
    return sql`(${like} AND ${sql.raw(HOLDS_VISIBLY)}(${column}, ${needle.toLowerCase()}, ${JSON.stringify(hidden)}))`;
  }
  if (!/[^\0-\x7f]/u.test(needle)) return like;
  return sql`(${like} AND ${sql.raw(HOLDS)}(${column}, ${needle.toLowerCase()}))`;
}
