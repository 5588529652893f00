// The conditions of execution filters: those that bound a scan, and those that each scanned execution must meet.

import { isUuid } from '../../../execution/execution-id.ts';
import { createMasking } from '../../../execution/masking.ts';
import type { ExecutionFilter, ListQuery } from '../../port.ts';
import { type Conditions, conditions } from '../../shared/conditions.ts';
import { addState, behindPrefix, escapedForLike, isOpen, needlesOf } from '../../shared/search-terms.ts';
import type { StoredRow } from '../batch/aggregate.ts';
import { endingOf } from '../executions/execution-ids.ts';
import { leastReferenceAt } from '../executions/uuid-bounds.ts';

export interface FoundRow extends StoredRow {
  /** True if its texts are left out, because those of the rows before it fill the page. */
  readonly is_left_out: boolean;
  readonly inputs?: string | null;
  readonly context?: string | null;
}

export function scannedTable(query: ListQuery): string {
  return isOpen(query.status) ? 'work AS r' : 'execution_rows AS r';
}

export function openJoin(query: ListQuery): string {
  return isOpen(query.status) ? 'JOIN work AS w ON w.reference = r.reference' : '';
}

export function orderOf({ oldestFirst = false }: ListQuery): string {
  return oldestFirst ? 'r.reference' : 'r.reference DESC';
}

/**
 * Returns the conditions that bound a scan.
 * @param edge the last reference of a step in the order of the query; null: the range has no other end
 */
export function rangeOf(query: ListQuery, edge: string | null = null): Conditions {
  const { app, from, to, before, after, incident, oldestFirst = false } = query;
  const where = conditions();
  if (app !== null) where.add('r.app =', app);
  // An incident affects a bounded number of executions.
  if (incident !== undefined) where.addText(`r.reference IN (${AFFECTED})`, incident);
  if (from !== undefined) where.add('r.reference >=', leastReferenceAt(from));
  if (to !== undefined) where.add('r.reference <', leastReferenceAt(to));
  if (before !== undefined) where.add(`r.reference ${oldestFirst ? '>' : '<'}`, before);
  if (after !== undefined) where.add(`r.reference ${oldestFirst ? '<' : '>'}`, after);
  if (edge !== null) where.add(`r.reference ${oldestFirst ? '<=' : '>='}`, edge);
  return where;
}

const AFFECTED = 'SELECT reference FROM incident_executions WHERE incident = ? AND is_affected = 1';

/** Adds the conditions that each scanned execution must meet. */
export function addFilter(where: Conditions, filter: ExecutionFilter): void {
  addState(where, filter, 'r.');
  addIds(where, filter);
  if (filter.error !== undefined) where.addText('o.error ILIKE ANY (?::text[])', patternsOf(filter.error));
}

/** Adds the conditions on ids, each of which has an index. */
export function addIds(where: Conditions, { id, executionId, correlationIds }: ExecutionFilter): void {
  if (correlationIds !== undefined) where.addAny('r.correlation_id', 'text', correlationIds);
  if (id !== undefined) where.addText('r.correlation_id >= ? AND r.correlation_id < ?', id, behindPrefix(id));
  if (executionId === undefined) return;
  where.addText('r.id IN (SELECT execution FROM execution_ids WHERE ending = ?)', endingOf(executionId));
  if (isUuid(executionId)) where.add('lower(r.execution_id) =', executionId.toLowerCase());
  else where.add('r.execution_id =', executionId);
}

const TEXTS = ['q.inputs', 'q.context', 'o.result', 'o.error', 'o.late_result'];

/** Finds what may hold the text: other letters than those of ASCII match any, and `textTest` decides. */
export function addText(where: Conditions, text: string): void {
  const patterns = patternsOf(text);
  const any = TEXTS.map((column) => `${column} ILIKE ANY (?::text[])`);
  where.addText(`(${any.join(' OR ')})`, ...TEXTS.map(() => patterns));
}

function patternsOf(text: string): string[] {
  // The lower case of a letter may have more characters than the letter.
  return lowerNeedlesOf(text).map((needle) => `%${escapedForLike(needle).replaceAll(/[^\0-\x7f]+/gu, '%')}%`);
}

function lowerNeedlesOf(text: string): string[] {
  return needlesOf(text).map((needle) => needle.toLowerCase());
}

/** Returns whether a row that the conditions found has the texts of the filter where its reader sees them. */
export function textTest({ text, error, hidden = [] }: ExecutionFilter): (row: FoundRow) => boolean {
  const masking = createMasking(hidden, '');
  // promise: postgres/hidden-is-not-searchable
  const visible = (json: string) => (hidden.length === 0 ? json : masking.jsonText(json)).toLowerCase();
  const holds = (wanted: string | undefined, columns: (row: FoundRow) => readonly (string | null | undefined)[]) => {
    if (wanted === undefined) return () => true;
    const needles = lowerNeedlesOf(wanted);
    return (row: FoundRow) =>
      columns(row).some((json) => json != null && needles.some((needle) => visible(json).includes(needle)));
  };
  const [inAny, inError] = [
    holds(text, (row) => [row.inputs, row.context, row.result, row.error, row.late_result]),
    holds(error, (row) => [row.error]),
  ];
  return (row) => inAny(row) && inError(row);
}
