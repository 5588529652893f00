// Adds the conditions of execution filters. A unary + before a column keeps SQLite from choosing an index for that term.

import type { Database } from 'better-sqlite3';
import { isUuid } from '../../../execution/execution-id.ts';
import { createMasking } from '../../../execution/masking.ts';
import type { ExecutionFilter, ListQuery } from '../../port.ts';
import { type Conditions, conditions } from '../../shared/conditions.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { addState, behindPrefix, escapedForLike, isOpen, needlesOf } from '../../shared/search-terms.ts';
import { ONLY_NAMED } from '../rows.ts';
import { referenceBound } from './uuid-range.ts';

/** The columns of the text search. */
const PAYLOAD_TEXTS = ['inputs', 'context'];
const OUTCOME_TEXTS = ['result', 'error', 'late_result'];

const PRESENT_EXECUTION_ID = 'CASE WHEN other_execution_id IS NULL THEN execution_id ELSE other_execution_id END';
/** The end of an executionId, by which an index finds it. */
const END_CHARS = 8;

/** False for a row that only names what entries are about. */
const IS_EXECUTION = `status <> ${ONLY_NAMED}`;

const IS_AFFECTED =
  'execution_rows.reference IN (SELECT reference FROM incident_executions WHERE incident = ? AND is_affected = 1)';

/** SQL function that compares without regard to case, for texts beyond ASCII: LIKE folds the case of ASCII letters only. */
const HOLDS = 'holds_in_any_case';

/** SQL function that compares like `HOLDS` after it has removed the values of hidden members from a JSON text. */
const HOLDS_VISIBLY = 'holds_visibly';

/** Defines the SQL functions that `addFilter` uses, on one connection. */
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
 * Returns the conditions that bound a scan to one index in the order of references.
 * @param edge the last reference of a step in the order of the query; null: the range has no other end
 */
export function inScannedRange(query: ListQuery, edge: string | null = null): Conditions {
  const { app, status, incident } = query;
  const where = conditions(['reference IS NOT NULL']);
  // An incident affects a bounded number of executions.
  if (incident !== undefined) where.addText(IS_AFFECTED, incident);
  // Open executions have a small index of their own, for all apps.
  else if (isOpen(status)) where.addText(`resolved_at IS NULL AND ${IS_EXECUTION}`);
  else if (app !== null) where.add('app =', app);
  addRange(where, query, 'reference', edge);
  return where;
}

interface Bound {
  /** A reference, or its beginning, which sorts before it. */
  readonly text: string;
  readonly isIncluded: boolean;
}

/** One bound for each end: of two, SQLite would seek one and read every row up to the other. */
function addRange(where: Conditions, query: ListQuery, reference: string, edge: string | null): void {
  const { from, to, before, after, oldestFirst = false } = query;
  const bound = (text: string | null | undefined, isIncluded: boolean): Bound[] =>
    text == null ? [] : [{ text, isIncluded }];
  const [first, last] = [bound(before, false), bound(edge, true)];
  const lower = [
    ...bound(from === undefined ? null : firstReferenceAt(from), true),
    ...bound(after, false),
    ...(oldestFirst ? first : last),
  ];
  const upper = [...bound(to === undefined ? null : firstReferenceAt(to), false), ...(oldestFirst ? last : first)];
  const [low, high] = [greatest(lower), greatest(upper, -1)];
  if (low !== undefined) where.add(`${reference} ${low.isIncluded ? '>=' : '>'}`, referenceBound(low.text));
  if (high !== undefined) where.add(`${reference} ${high.isIncluded ? '<=' : '<'}`, referenceBound(high.text));
}

/** @param sign -1 for the least */
function greatest(bounds: readonly Bound[], sign: 1 | -1 = 1): Bound | undefined {
  return bounds.toSorted((one, other) => (one.text < other.text ? sign : -sign))[0];
}

/** Adds the conditions that each scanned row must meet. */
export function addFilter(where: Conditions, filter: ExecutionFilter): void {
  const { app, id, executionId, incident, text, error, hidden = [], correlationIds } = filter;
  where.addText(IS_EXECUTION);
  if (app !== null) where.add('+app =', app);
  addState(where, filter, '');
  if (id !== undefined) where.addText('+correlation_id >= ? AND +correlation_id < ?', id, behindPrefix(id));
  if (executionId !== undefined) addExecutionId(where, executionId);
  if (incident !== undefined) where.addText(IS_AFFECTED, incident);
  if (correlationIds !== undefined) where.addIn('+correlation_id', correlationIds);
  if (error !== undefined) {
    const inError = inOutcome(['error'], needlesOf(error), hidden);
    where.addText(inError.text, ...inError.values);
  }
  if (text !== undefined) addText(where, needlesOf(text), hidden);
}

/** Returns the condition of these correlation ids, which uses their index. */
export function isNamed(correlationIds: readonly string[]): Conditions {
  const where = conditions();
  where.addIn('correlation_id', correlationIds);
  return where;
}

/** Returns the condition of a correlation id prefix, which uses the primary key. */
export function hasIdPrefix(id: string): Conditions {
  return conditions(['correlation_id >= $1 AND correlation_id < $2'], [id, behindPrefix(id)]);
}

/** Returns the condition that the executionId ends like this one, which uses the index on the end. */
export function endsLikeExecutionId(id: string): Conditions {
  const end = id.slice(-END_CHARS).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const stored = `lower(substr(${PRESENT_EXECUTION_ID}, -${END_CHARS}))`;
  return conditions([`${stored} = $1 AND execution_id IS NOT NULL`], [end]);
}

/** Adds the conditions that each row found by an index of ids must meet. */
export function addListQuery(where: Conditions, query: ListQuery): void {
  addRange(where, query, '+reference', null);
  addFilter(where, query);
}

/** UUIDs are compared without case. */
function addExecutionId(where: Conditions, id: string): void {
  if (isUuid(id)) where.add(`lower(${PRESENT_EXECUTION_ID}) =`, id.toLowerCase());
  else where.add(`${PRESENT_EXECUTION_ID} =`, id);
}

/** A part of a condition, with `?` for each value. */
interface Term {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Searches for the text as typed and as JSON escapes it. Each row of payload and outcome is looked up once. */
function addText(where: Conditions, needles: readonly string[], hidden: readonly string[]): void {
  const [payload, outcome] = [inAny(PAYLOAD_TEXTS, needles, hidden), inOutcome(OUTCOME_TEXTS, needles, hidden)];
  const inPayload = `EXISTS (SELECT 1 FROM payload_rows WHERE id = execution_rows.id AND ${payload.text})`;
  where.addText(`(${inPayload} OR ${outcome.text})`, ...payload.values, ...outcome.values);
}

function inOutcome(columns: readonly string[], needles: readonly string[], hidden: readonly string[]): Term {
  const { text, values } = inAny(columns, needles, hidden);
  return { text: `outcome IS NOT NULL AND EXISTS (SELECT 1 FROM outcome_rows WHERE id = outcome AND ${text})`, values };
}

function inAny(columns: readonly string[], needles: readonly string[], hidden: readonly string[]): Term {
  const terms = needles.flatMap((needle) => columns.map((column) => holdsIn(column, needle, hidden)));
  return { text: `(${terms.map(({ text }) => text).join(' OR ')})`, values: terms.flatMap(({ values }) => values) };
}

function holdsIn(column: string, needle: string, hidden: readonly string[]): Term {
  const pattern = `%${escapedForLike(needle).replaceAll(/[^\0-\x7f]/gu, '_')}%`;
  const like = `${column} LIKE ? ESCAPE '\\'`;
  const inLowerCase = needle.toLowerCase();
  // promise: hidden-is-not-searchable
  if (hidden.length > 0) {
    const values = [pattern, inLowerCase, JSON.stringify(hidden)];
    return { text: `(${like} AND ${HOLDS_VISIBLY}(${column}, ?, ?))`, values };
  }
  if (!/[^\0-\x7f]/u.test(needle)) return { text: like, values: [pattern] };
  return { text: `(${like} AND ${HOLDS}(${column}, ?))`, values: [pattern, inLowerCase] };
}
