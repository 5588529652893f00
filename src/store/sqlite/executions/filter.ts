// Builds the conditions of execution filters. A unary + before a column keeps SQLite from choosing an index for that term.

import type { Database } from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import { AT_CXONE_STATUSES, type StatusFilter } from '../../../execution/execution.ts';
import { isUuid } from '../../../execution/execution-id.ts';
import { createMasking } from '../../../execution/masking.ts';
import type { ExecutionFilter, ListQuery } from '../../port.ts';
import { RESOLVED_BY_CODES, STATUS_CODES } from '../../shared/codes.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { behindPrefix, escapedForLike, isOpen, needlesOf } from '../../shared/search-terms.ts';
import { and, eq, gte, inArray, isNotNull, isNull, lt, or, sql } from '../file/drizzle.ts';
import { ONLY_NAMED } from '../rows.ts';
import { executionRows } from '../schema.ts';
import { referenceBound } from './uuid-range.ts';

/** The columns of the text search. */
const PAYLOAD_TEXTS = ['inputs', 'context'];
const OUTCOME_TEXTS = ['result', 'error', 'late_result'];

const PRESENT_EXECUTION_ID = 'CASE WHEN other_execution_id IS NULL THEN execution_id ELSE other_execution_id END';
/** The end of an executionId, by which an index finds it. */
const END_CHARS = 8;

/** False for a row that only names what entries are about. */
const IS_EXECUTION = sql.raw(`status <> ${ONLY_NAMED}`);

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
    const visible = createMasking(JSON.parse(String(names)), '').jsonText(text);
    return visible.toLowerCase().includes(String(needle)) ? 1 : 0;
  });
}

/**
 * Returns the condition that bounds a scan to one index in the order of references.
 * @param edge the last reference of a step in the order of the query; null: the range has no other end
 */
export function inScannedRange(query: ListQuery, edge: string | null = null): SQL | undefined {
  const { app, status, incident } = query;
  const bounds = and(isNotNull(executionRows.reference), between(query, sql`${executionRows.reference}`, edge));
  // An incident affects a bounded number of executions.
  if (incident !== undefined) return and(isAffectedBy(incident), bounds);
  // Open executions have a small index of their own, for all apps.
  if (isOpen(status)) return and(isNull(executionRows.resolvedAt), IS_EXECUTION, bounds);
  return and(app === null ? undefined : eq(executionRows.app, app), bounds);
}

/** One bound for each end: of two, SQLite would seek one and read every row up to the other. */
function between({ from, to, before, after, oldestFirst = false }: ListQuery, reference: SQL, edge: string | null) {
  const [first, last] = [bound(before, false), bound(edge, true)];
  const lower = [
    bound(from === undefined ? null : firstReferenceAt(from), true),
    bound(after, false),
    oldestFirst ? first : last,
  ];
  const upper = [bound(to === undefined ? null : firstReferenceAt(to), false), oldestFirst ? last : first];
  const [low, high] = [greatest(lower), greatest(upper, -1)];
  return and(
    low === null ? undefined : sql`${reference} ${sql.raw(low.isIncluded ? '>=' : '>')} ${referenceBound(low.text)}`,
    high === null ? undefined : sql`${reference} ${sql.raw(high.isIncluded ? '<=' : '<')} ${referenceBound(high.text)}`,
  );
}

interface Bound {
  /** A reference, or its beginning, which sorts before it. */
  readonly text: string;
  readonly isIncluded: boolean;
}

function bound(text: string | null | undefined, isIncluded: boolean): Bound | null {
  return text === null || text === undefined ? null : { text, isIncluded };
}

/** @param sign -1 for the least */
function greatest(bounds: readonly (Bound | null)[], sign: 1 | -1 = 1): Bound | null {
  const [first = null] = bounds
    .filter((one) => one !== null)
    .sort((one, other) => (one.text < other.text ? sign : -sign));
  return first;
}

/** Returns the condition that each scanned row must meet. */
export function matchesFilter(filter: ExecutionFilter): SQL | undefined {
  const { app, status, actionId, id, executionId, incident, text, hidden = [], correlationIds } = filter;
  return and(
    IS_EXECUTION,
    app === null ? undefined : sql`+${executionRows.app} = ${app}`,
    status === undefined ? undefined : hasStatus(status),
    actionId === undefined ? undefined : eq(executionRows.actionId, actionId),
    id === undefined
      ? undefined
      : sql`+${executionRows.correlationId} >= ${id} AND +${executionRows.correlationId} < ${behindPrefix(id)}`,
    executionId === undefined ? undefined : hasExecutionId(executionId),
    incident === undefined ? undefined : isAffectedBy(incident),
    correlationIds === undefined ? undefined : inArray(sql`+${executionRows.correlationId}`, [...correlationIds]),
    endedLike(filter),
    text === undefined ? undefined : holds(text, hidden),
  );
}

/** Returns the condition of the members that only executions with an outcome match. */
function endedLike({
  resolvedBy,
  minDurationSeconds: least,
  maxDurationSeconds: most,
  error,
  hidden = [],
}: ExecutionFilter) {
  const durationMs = sql`(${executionRows.resolvedAt} - ${executionRows.submittedAt})`;
  return and(
    resolvedBy === undefined ? undefined : eq(executionRows.resolvedBy, RESOLVED_BY_CODES[resolvedBy]),
    least === undefined ? undefined : sql`${durationMs} >= ${least * 1000}`,
    most === undefined ? undefined : sql`${durationMs} <= ${most * 1000}`,
    error === undefined
      ? undefined
      : sql`outcome IS NOT NULL AND ${holdsInOutcome(['error'], needlesOf(error), hidden)}`,
  );
}

/** Returns the condition of these correlation ids, which uses their index. */
export function isNamed(correlationIds: readonly string[]): SQL {
  return inArray(executionRows.correlationId, [...correlationIds]);
}

/** Returns the condition of a correlation id prefix, which uses the primary key. */
export function hasIdPrefix(id: string): SQL | undefined {
  return and(gte(executionRows.correlationId, id), lt(executionRows.correlationId, behindPrefix(id)));
}

/** Returns the condition that each row found by the prefix of its correlation id must meet. */
export function matchesListQuery(query: ListQuery): SQL | undefined {
  return and(between(query, sql`+${executionRows.reference}`, null), matchesFilter(query));
}

/** UUIDs are compared without case. */
function hasExecutionId(id: string): SQL {
  const present = sql.raw(PRESENT_EXECUTION_ID);
  return isUuid(id) ? sql`lower(${present}) = ${id.toLowerCase()}` : sql`${present} = ${id}`;
}

/** Returns the condition that the executionId ends like this one, which uses the index on the end. */
export function endsLikeExecutionId(id: string): SQL {
  const end = id.slice(-END_CHARS).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return sql`lower(substr(${sql.raw(PRESENT_EXECUTION_ID)}, -${sql.raw(String(END_CHARS))})) = ${end} AND execution_id IS NOT NULL`;
}

function hasStatus(status: StatusFilter): SQL {
  if (status === 'OPEN') return isNull(executionRows.resolvedAt);
  if (status !== 'AT_CXONE') return eq(executionRows.status, STATUS_CODES[status]);
  return inArray(
    executionRows.status,
    AT_CXONE_STATUSES.map((one) => STATUS_CODES[one]),
  );
}

function isAffectedBy(incident: string): SQL {
  return sql`execution_rows.reference IN (SELECT reference FROM incident_executions WHERE incident = ${incident} AND is_affected = 1)`;
}

/** Searches for the text as typed and as JSON escapes it. Each row of payload and outcome is looked up once. */
function holds(text: string, hidden: readonly string[]): SQL {
  const needles = needlesOf(text);
  return sql`(EXISTS (SELECT 1 FROM payload_rows WHERE id = execution_rows.id AND ${inAny(PAYLOAD_TEXTS, needles, hidden)})
    OR outcome IS NOT NULL AND ${holdsInOutcome(OUTCOME_TEXTS, needles, hidden)})`;
}

function holdsInOutcome(columns: readonly string[], needles: readonly string[], hidden: readonly string[]): SQL {
  return sql`EXISTS (SELECT 1 FROM outcome_rows WHERE id = outcome AND ${inAny(columns, needles, hidden)})`;
}

function inAny(columns: readonly string[], needles: readonly string[], hidden: readonly string[]): SQL | undefined {
  return or(...needles.flatMap((needle) => columns.map((column) => holdsIn(sql.raw(column), needle, hidden))));
}

function holdsIn(column: SQL, needle: string, hidden: readonly string[]): SQL {
  const pattern = `%${escapedForLike(needle).replaceAll(/[^\0-\x7f]/gu, '_')}%`;
  const like = sql`${column} LIKE ${pattern} ESCAPE '\\'`;
  // promise: hidden-is-not-searchable
  if (hidden.length > 0) {
    return sql`(${like} AND ${sql.raw(HOLDS_VISIBLY)}(${column}, ${needle.toLowerCase()}, ${JSON.stringify(hidden)}))`;
  }
  if (!/[^\0-\x7f]/u.test(needle)) return like;
  return sql`(${like} AND ${sql.raw(HOLDS)}(${column}, ${needle.toLowerCase()}))`;
}
