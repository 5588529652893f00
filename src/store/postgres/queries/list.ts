// Lists and counts executions in pages along an index: references are UUIDv7 and thus in the order of submission.

import { makeExcerpts } from '../../../execution/excerpt.ts';
import { writeExecutions } from '../../../execution/representation.ts';
import type { ExecutionPage, ExecutionReader, ListQuery } from '../../port.ts';
import { conditions } from '../../shared/conditions.ts';
import { createExecutionScan, MAX_PAGE_CHARS } from '../../shared/execution-scan.ts';
import type { Reads } from '../../shared/reads.ts';
import { COLUMNS, type StoredRow, TABLES, toExecution } from '../batch/aggregate.ts';
import {
  addFilter,
  addIds,
  addText,
  type FoundRow,
  openJoin,
  orderOf,
  rangeOf,
  scannedTable,
  textTest,
} from './filter.ts';

/** Rows of one step of a page or a count. */
const STEP = 5_000;

/** Executions that are looked up by their ids; more are scanned. */
const MAX_BY_IDS = 1_000;

/** Bytes of texts that may match after which a step of a search ends. */
const MAX_SEARCHED_BYTES = 8 * 1024 * 1024;

const OUTCOME = ['o.result', 'o.error', 'o.late_result'];
const PAYLOAD = ['q.inputs', 'q.context'];

interface Within {
  readonly edge?: string | undefined;
  readonly ids?: readonly number[];
}

type Listing = Pick<ExecutionReader, 'list' | 'listJson' | 'excerpts' | 'countMatches' | 'searchProgress'>;

// One function because its steps read through the same connections.
export function createExecutionList(reads: Reads): Listing {
  async function count(query: ListQuery, edge: string | null): Promise<number> {
    const where = rangeOf(query, edge);
    const statement = `SELECT count(*) AS count FROM ${scannedTable(query)} ${where.where()}`;
    return (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
  }

  /** The last reference of a step of this many rows; undefined when fewer remain. */
  async function edgeOf(query: ListQuery, rows: number): Promise<string | undefined> {
    const where = rangeOf(query);
    const row = await reads.first<{ reference: string }>(
      `SELECT r.reference FROM ${scannedTable(query)} ${where.where()} ORDER BY ${orderOf(query)} LIMIT 1 OFFSET ${rows - 1}`,
      where.values,
    );
    return row?.reference;
  }

  /** Reads what a step of this many rows finds, at most `limit` executions. It ends early where texts are left out. */
  async function readStep(query: ListQuery, rows: number, limit: number) {
    const edge = await edgeOf(query, rows);
    return read(query, { edge }, limit);
  }

  /** @param within the last reference of the step, or the executions that were looked up */
  async function read(query: ListQuery, { edge, ids }: Within, limit: number) {
    const where = rangeOf(query, edge);
    if (ids !== undefined) where.addAny('r.id', 'bigint', ids);
    addFilter(where, query);
    if (query.text !== undefined) addText(where, query.text);
    // The test decides which of the rows match.
    const end = isTested(query) ? '' : `LIMIT ${limit}`;
    const all = await reads.all<FoundRow>(`${selectWithin(query, where.where())} ${end}`, where.values);
    const whole = all.filter((row) => !row.is_left_out);
    const found = isTested(query) ? whole.filter(textTest(query)).slice(0, limit) : whole;
    const isCut = whole.length < all.length;
    // promise: postgres/cut-step-continues
    const through = isCut ? whole.at(-1)?.reference : edge;
    return { edge: through, found, isCut };
  }

  async function countIn(query: ListQuery, edge: string | undefined, most: number): Promise<number> {
    const where = rangeOf(query, edge);
    addFilter(where, query);
    const statement = `SELECT count(*) AS count FROM (
      SELECT 1 FROM execution_rows AS r ${openJoin(query)} ${where.where()} LIMIT ${most}) AS found`;
    return (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
  }

  /** Returns the executions with the ids of the query, of any app; undefined if it has none, or too many match. */
  async function lookedUp(query: ListQuery): Promise<number[] | undefined> {
    const where = conditions();
    addIds(where, query);
    if (where.values.length === 0) return undefined;
    const statement = `SELECT r.id FROM execution_rows AS r ${where.where()} LIMIT ${MAX_BY_IDS + 1}`;
    const rows = await reads.all<{ id: number }>(statement, where.values);
    return rows.length > MAX_BY_IDS ? undefined : rows.map(({ id }) => id);
  }

  const {
    list: scan,
    foundPage,
    ...counts
  } = createExecutionScan<FoundRow>({
    ...{ firstRows: STEP, nextRows: () => STEP, countRows: STEP },
    ...{ edge: edgeOf, count, referenceOf: ({ reference }) => reference },
    step: async (query, rows, missing) => {
      const { edge, found, isCut } = await readStep(query, rows, missing + 1);
      const page = withinPage(found, missing);
      // What was read fills the page, even if little of it matches.
      return { edge, ...page, chars: isCut ? Number.POSITIVE_INFINITY : page.chars };
    },
    countStep: async (query, rows, most) => {
      if (isTested(query)) {
        const { edge, found } = await readStep(query, rows, most);
        return { edge, count: found.length };
      }
      const edge = await edgeOf(query, rows);
      return { edge, count: await countIn(query, edge, most) };
    },
  });

  async function listLookedUp(query: ListQuery, ids: readonly number[]) {
    const { found, isCut } = await read(query, { ids }, query.limit + 1);
    const page = withinPage(found, query.limit);
    return foundPage(query, { ...page, isFull: page.isFull || isCut }, ids.length);
  }

  async function list(query: ListQuery, signal?: AbortSignal): Promise<ExecutionPage> {
    // promise: postgres/ids-are-looked-up
    const ids = isTested(query) ? undefined : await lookedUp(query);
    const { rows, ...page } = ids === undefined ? await scan(query, signal) : await listLookedUp(query, ids);
    return { ...page, items: rows.map(toExecution) };
  }

  return {
    list,
    ...counts,
    listJson: async (query, signal) => {
      const { items, ...page } = await list(query, signal);
      return { ...page, items: Buffer.from(writeExecutions(items, query.hidden)) };
    },
    excerpts: async (order) => makeExcerpts(order),
  };
}

/** Returns whether the texts of a row decide whether it matches. */
function isTested({ text, error }: ListQuery): boolean {
  return text !== undefined || error !== undefined;
}

/** Selects executions with their texts. A row lacks them if those of the rows before it have more bytes than are read at once. */
function selectWithin(query: ListQuery, where: string): string {
  const texts = query.text === undefined ? OUTCOME : [...OUTCOME, ...PAYLOAD];
  const payloads = query.text === undefined ? '' : 'LEFT JOIN payload_rows AS q ON q.id = r.id';
  const most = isTested(query) ? MAX_SEARCHED_BYTES : MAX_PAGE_CHARS;
  const bytes = texts.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ');
  // promise: postgres/list-page-is-bounded
  const isRead = `coalesce(sum(${bytes}) OVER earlier, 0) <= ${most}`;
  const read = texts.map((column) => `CASE WHEN ${isRead} THEN ${column} END AS ${column.slice(2)}`);
  return `SELECT ${COLUMNS}, ${read.join(', ')}, NOT ${isRead} AS is_left_out
    FROM ${TABLES} ${openJoin(query)} ${payloads} ${where}
    WINDOW earlier AS (ORDER BY ${orderOf(query)} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) ORDER BY ${orderOf(query)}`;
}

/** Returns the first `missing` rows as far as they fit into the page, and at least one row. */
function withinPage(found: readonly FoundRow[], missing: number) {
  const rows: FoundRow[] = [];
  let chars = 0;
  for (const row of found.slice(0, missing)) {
    rows.push(row);
    chars += outcomeChars(row);
    if (chars > MAX_PAGE_CHARS) break;
  }
  return { rows, chars, isFull: rows.length < found.length };
}

function outcomeChars({ result, error, late_result }: StoredRow): number {
  return (result?.length ?? 0) + (error?.length ?? 0) + (late_result?.length ?? 0);
}
