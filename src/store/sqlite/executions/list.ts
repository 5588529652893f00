// Lists executions, newest or oldest first, in pages along an index: references are UUIDv7 and thus in the order of submission.

import type { Database } from 'better-sqlite3';
import { writeExecutions } from '../../../execution/representation.ts';
import type { ExecutionPage, IdGap, JsonPage, ListQuery } from '../../port.ts';
import type { Conditions } from '../../shared/conditions.ts';
import { createExecutionScan, MAX_PAGE_CHARS, type ScanBounds, type ScannedPage } from '../../shared/execution-scan.ts';
import { timeOfReference, wholeReferenceAt } from '../../shared/reference-times.ts';
import { numbered } from '../queries/reads.ts';
import { uuidBytes, uuidText } from '../rows.ts';
import { executionRow, outcomeChars, referenceOf, SELECT_STORED, type Values } from './execution-row.ts';
import {
  addFilter,
  addListQuery,
  defineTextSearch,
  endsLikeExecutionId,
  hasIdPrefix,
  inScannedRange,
  isNamed,
} from './filter.ts';

/** Executions that one step of a count scans, which takes a few milliseconds. */
const COUNT_ROWS = 2_000;

/** Target duration of one scan step, which blocks the event loop. Steps are measured in rows. */
const STEP_MS = 5;
const FIRST_STEP = 500;
const MIN_STEP = 10;
const MAX_STEP = 5_000;

/** Maximum of executions that an index on ids finds, so that they are read by it instead of a scan. */
const MAX_BY_INDEX = 200;

/** A page of rows: unlike executions, rows can be cloned between threads without a loss of digits. */
export type RowPage = ScannedPage<Values> & Pick<ExecutionPage, 'resumeBefore'>;

export function toExecutionPage({ rows, ...page }: RowPage): ExecutionPage {
  return { ...page, items: rows.map((values) => executionRow(values).execution) };
}

export function toJsonPage(found: RowPage, { hidden }: ListQuery): JsonPage {
  const { items, ...page } = toExecutionPage(found);
  return { ...page, items: Buffer.from(writeExecutions(items, hidden)) };
}

// One function because its parts share the prepared statements of one connection.
export function createExecutionList(client: Database, bounds?: ScanBounds, gaps: readonly IdGap[] = []) {
  const exists = client.prepare<[Buffer | string]>('SELECT 1 FROM execution_rows WHERE reference = ?');
  const byId = client.prepare<[number], Values>(`${SELECT_STORED} WHERE id = ?`).raw();
  const queries = listQueries(client);
  defineTextSearch(client);

  /** Reads the executions that a step finds, in the state in which it found them. */
  const readStep = client.transaction((query: ListQuery, rows: number, missing: number) => {
    const edge = queries.edge(query, rows);
    return { edge, ...read(queries.ids(LIST.step(query, edge, missing + 1)), missing) };
  });

  const readIndex = client.transaction((query: ListQuery, condition: Conditions) => {
    const ids = queries.ids(LIST.found(condition)).length;
    return ids > MAX_BY_INDEX ? undefined : { ids, ...read(queries.ids(LIST.byIndex(query, condition)), query.limit) };
  });

  function read(found: readonly number[], missing: number) {
    const rows: Values[] = [];
    let chars = 0;
    for (const id of found.slice(0, missing)) {
      const row = byId.get(id);
      if (row === undefined) continue;
      rows.push(row);
      chars += outcomeChars(row);
      // promise: list-page-is-bounded
      if (chars > MAX_PAGE_CHARS) break;
    }
    return { rows, chars, isFull: rows.length < found.length };
  }

  const countStep = client.transaction((query: ListQuery, rows: number, most: number) => {
    const edge = queries.edge(query, rows);
    return { edge, count: queries.matches(query, edge, most) };
  });

  const {
    list: scan,
    foundPage,
    ...counts
  } = createExecutionScan<Values>(
    {
      ...{ firstRows: FIRST_STEP, nextRows: nextStep, countRows: COUNT_ROWS, step: readStep, countStep, referenceOf },
      ...{ edge: queries.edge, count: queries.count },
    },
    bounds,
  );

  /** Returns undefined when the index finds too many. */
  function listByIndex(query: ListQuery, condition: Conditions): RowPage | undefined {
    const found = readIndex(query, condition);
    return found && foundPage(query, found, found.ids);
  }

  function listByIds(query: ListQuery): RowPage | undefined {
    const { executionId, id, correlationIds } = query;
    return (
      (correlationIds === undefined ? undefined : listByIndex(query, isNamed(correlationIds))) ??
      (executionId === undefined ? undefined : listByIndex(query, endsLikeExecutionId(executionId))) ??
      (id === undefined ? undefined : listByIndex(query, hasIdPrefix(id)))
    );
  }

  /** The gap of a restore that lost the execution at which the page before ended. */
  function gapOf(before: string): IdGap | undefined {
    const time = timeOfReference(before);
    const gap = gaps.find(({ lostFrom, restoredAt }) => time > lostFrom && time < restoredAt);
    return gap === undefined || exists.get(uuidBytes(before)) !== undefined ? undefined : gap;
  }

  /** Lists one page. It ends after the step that runs when the signal aborts. */
  async function list(query: ListQuery, signal?: AbortSignal): Promise<RowPage> {
    const gap = query.before === undefined ? undefined : gapOf(query.before);
    if (gap !== undefined) return { rows: [], next: null, resumeBefore: wholeReferenceAt(gap.restoredAt) };
    return listByIds(query) ?? scan(query, signal);
  }

  return { list, ...counts };
}

/** A statement that is built per call, because its conditions depend on the filter. */
interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

function select(what: string, where: Conditions, rest = ''): Statement {
  return { text: `SELECT ${what} FROM execution_rows ${where.where()} ${rest}`, values: where.values };
}

/** Selects of the matching executions of the step that ends at `edge`. */
function selectInStep(what: string, query: ListQuery, edge: string | undefined, limit: number): Statement {
  const where = inScannedRange(query, edge);
  addFilter(where, query);
  return select(what, where, `ORDER BY ${inOrder(query)} LIMIT ${limit}`);
}

export const LIST = {
  /** The last reference of a step of this many rows; no row when fewer remain. */
  edge: (query: ListQuery, rows: number) =>
    select('reference', inScannedRange(query), `ORDER BY ${inOrder(query)} LIMIT 1 OFFSET ${rows - 1}`),
  /** Counts the executions in the range of a query, up to one of them in its order; null: to its end. */
  count: (query: ListQuery, last: string | null) => select('count(*)', inScannedRange(query, last)),
  /** Counts up to `most` matching executions of a step. */
  matches: (query: ListQuery, edge: string | undefined, most: number): Statement => {
    const { text, values } = selectInStep('1', query, edge, most);
    return { text: `SELECT count(*) FROM (${text})`, values };
  },
  /** The ids of the matching executions of a step. */
  step: (query: ListQuery, edge: string | undefined, limit: number) => selectInStep('id', query, edge, limit),
  /** What an index of ids finds, up to one more than the maximum. */
  found: (condition: Conditions) => select('id', condition, `LIMIT ${MAX_BY_INDEX + 1}`),
  byIndex: (query: ListQuery, condition: Conditions) => {
    const where = condition.copy();
    addListQuery(where, query);
    return select('id', where, `ORDER BY +${inOrder(query)} LIMIT ${query.limit + 1}`);
  },
};

function inOrder({ oldestFirst = false }: ListQuery): string {
  return oldestFirst ? 'reference' : 'reference DESC';
}

/** Returns functions that run the queries. */
export function listQueries(client: Database) {
  const all = <T>({ text, values }: Statement): T[] => client.prepare<[object], T>(text).pluck().all(numbered(values));
  return {
    edge: (query: ListQuery, rows: number): string | undefined => {
      const [edge] = all<Buffer | string>(LIST.edge(query, rows));
      return edge === undefined ? undefined : uuidText(edge);
    },
    count: (query: ListQuery, last: string | null): number => all<number>(LIST.count(query, last))[0] ?? 0,
    matches: (query: ListQuery, edge: string | undefined, most: number): number =>
      all<number>(LIST.matches(query, edge, most))[0] ?? 0,
    ids: (statement: Statement): number[] => all(statement),
  };
}

function nextStep(rows: number, tookMs: number): number {
  const fitting = Math.round((rows * STEP_MS) / Math.max(tookMs, 0.1));
  return Math.max(MIN_STEP, Math.min(fitting, rows * 2, MAX_STEP));
}
