// Lists and counts executions in pages along an index: references are UUIDv7 and thus in the order of submission.

import { makeExcerpts } from '../../../execution/excerpt.ts';
import { writeExecutions } from '../../../execution/representation.ts';
import type { ExecutionPage, ExecutionReader, ListQuery } from '../../port.ts';
import { createExecutionScan, MAX_PAGE_CHARS } from '../../shared/execution-scan.ts';
import type { Reads } from '../../shared/reads.ts';
import { SELECT_EXECUTION, type StoredRow, toExecution } from '../batch/aggregate.ts';
import { addFilter, addText, type FoundRow, openJoin, orderOf, rangeOf, scannedTable, textTest } from './filter.ts';

/** Rows of one step of a page or a count. */
const STEP = 5_000;

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

  async function read(query: ListQuery, edge: string | undefined, limit: number): Promise<FoundRow[]> {
    const where = rangeOf(query, edge);
    addFilter(where, query);
    const { text, error } = query;
    if (text === undefined && error === undefined) {
      const statement = `${SELECT_EXECUTION} ${openJoin(query)} ${where.where()} ORDER BY ${orderOf(query)} LIMIT ${limit}`;
      return reads.all(statement, where.values) as Promise<FoundRow[]>;
    }
    if (text !== undefined) addText(where, text);
    const statement = `SELECT r.*, p.inputs, p.context FROM (${SELECT_EXECUTION} ${openJoin(query)}
      LEFT JOIN payload_rows AS q ON q.id = r.id ${where.where()}) AS r LEFT JOIN payload_rows AS p ON p.id = r.id
      ORDER BY ${orderOf(query)}`;
    const rows = (await reads.all(statement, where.values)) as unknown as FoundRow[];
    return rows.filter(textTest(query)).slice(0, limit);
  }

  async function countIn(query: ListQuery, edge: string | undefined, most: number): Promise<number> {
    if (query.text !== undefined || query.error !== undefined) return (await read(query, edge, most)).length;
    const where = rangeOf(query, edge);
    addFilter(where, query);
    const statement = `SELECT count(*) AS count FROM (
      SELECT 1 FROM execution_rows AS r ${openJoin(query)} ${where.where()} LIMIT ${most}) AS found`;
    return (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
  }

  const { list: scan, ...counts } = createExecutionScan<FoundRow>({
    ...{ firstRows: STEP, nextRows: () => STEP, countRows: STEP },
    ...{ edge: edgeOf, count, referenceOf: ({ reference }) => reference },
    step: async (query, rows, missing) => {
      const edge = await edgeOf(query, rows);
      return { edge, ...withinPage(await read(query, edge, missing + 1), missing) };
    },
    countStep: async (query, rows, most) => {
      const edge = await edgeOf(query, rows);
      return { edge, count: await countIn(query, edge, most) };
    },
  });

  async function list(query: ListQuery, signal?: AbortSignal): Promise<ExecutionPage> {
    const { rows, ...page } = await scan(query, signal);
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
