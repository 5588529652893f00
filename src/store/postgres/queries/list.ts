// Lists and counts executions in pages along an index: references are UUIDv7 and thus in the order of submission.

import { makeExcerpts } from '../../../execution/excerpt.ts';
import { writeExecutions } from '../../../execution/representation.ts';
import type { ExecutionPage, ExecutionReader, ListQuery } from '../../port.ts';
import type { MatchCount, SearchProgress } from '../../search-port.ts';
import type { Reads } from '../../shared/reads.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import { SELECT_EXECUTION, type StoredRow, toExecution } from '../batch/aggregate.ts';
import { addFilter, addText, type FoundRow, openJoin, orderOf, rangeOf, scannedTable, textTest } from './filter.ts';

/** Maximum of rows that one page scans, and of those that one step scans. */
const MAX_ROWS = 100_000;
const STEP = 5_000;
/** Time of scanning in milliseconds after which a page or a count ends. */
const MAX_MS = 500;
/** Executions that one step of a count reads. */
const COUNT_STEP = 20_000;

/** Characters of results in one page after which the page ends: one result may have megabytes. */
const MAX_PAGE_CHARS = 1024 * 1024;

type Listing = Pick<ExecutionReader, 'list' | 'listJson' | 'excerpts' | 'countMatches' | 'searchProgress'>;

// One function because its steps read through the same connections.
export function createExecutionList(reads: Reads): Listing {
  async function list(query: ListQuery, signal?: AbortSignal): Promise<ExecutionPage> {
    const rows: FoundRow[] = [];
    const began = performance.now();
    const maxMs = Math.min(query.scanMs ?? MAX_MS, MAX_MS);
    const isOver = (scanned: number) =>
      scanned >= MAX_ROWS || performance.now() - began >= maxMs || signal?.aborted === true;
    let scanned = 0;
    for (let rest = query; ; ) {
      const edge = await edgeOf(rest, STEP);
      const found = await step(rest, edge, query.limit - rows.length + 1);
      const kept = withinPage(rows, found.slice(0, query.limit - rows.length));
      rows.push(...kept);
      const isFull = kept.length < found.length;
      if (isFull || edge === undefined || isOver(scanned + STEP)) {
        const next = isFull ? (rows.at(-1)?.reference ?? null) : (edge ?? null);
        return pageOf(query, rows, next, scanned + (await searchedIn(query, rest, next)));
      }
      scanned += STEP;
      rest = { ...query, before: edge };
    }
  }

  async function searchedIn(query: ListQuery, rest: ListQuery, next: string | null): Promise<number> {
    return query.text === undefined ? 0 : countRange(rest, next);
  }

  async function countRange(query: ListQuery, edge: string | null): Promise<number> {
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

  async function step(query: ListQuery, edge: string | undefined, limit: number): Promise<FoundRow[]> {
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

  async function countStep(query: ListQuery, edge: string | undefined, most: number): Promise<number> {
    if (query.text !== undefined || query.error !== undefined) return (await step(query, edge, most)).length;
    const where = rangeOf(query, edge);
    addFilter(where, query);
    const statement = `SELECT count(*) AS count FROM (
      SELECT 1 FROM execution_rows AS r ${openJoin(query)} ${where.where()} LIMIT ${most}) AS found`;
    return (await reads.first<{ count: number }>(statement, where.values))?.count ?? 0;
  }

  async function countMatches(query: ListQuery, signal?: AbortSignal): Promise<MatchCount> {
    const began = performance.now();
    const maxMs = Math.min(query.scanMs ?? MAX_MS, MAX_MS);
    let count = 0;
    for (let rest = query; ; ) {
      const edge = await edgeOf(rest, STEP);
      count += await countStep(rest, edge, query.limit + 1 - count);
      if (count > query.limit) return { count: query.limit, isWhole: false };
      if (edge === undefined) return { count, isWhole: true };
      if (performance.now() - began >= maxMs || signal?.aborted) return { count, isWhole: false };
      rest = { ...query, before: edge };
    }
  }

  async function count(query: ListQuery, signal?: AbortSignal): Promise<number> {
    let counted = 0;
    for (let rest = query; ; ) {
      const edge = await edgeOf(rest, COUNT_STEP);
      if (edge === undefined || signal?.aborted) return counted + (await countRange(rest, null));
      counted += COUNT_STEP;
      rest = { ...query, before: edge };
    }
  }

  async function searchProgress(query: ListQuery, signal?: AbortSignal): Promise<SearchProgress> {
    const { before, ...whole } = query;
    const total = await count(whole, signal);
    if (before === undefined) return { searched: 0, total, reachedAt: null };
    const rest = await count({ ...whole, before }, signal);
    return { searched: total - rest, total, reachedAt: timeOfReference(before) };
  }

  return {
    list,
    listJson: async (query, signal) => {
      const { items, ...page } = await list(query, signal);
      return { ...page, items: Buffer.from(writeExecutions(items, query.hidden)) };
    },
    excerpts: async (order) => makeExcerpts(order),
    countMatches,
    searchProgress,
  };
}

function pageOf(query: ListQuery, rows: readonly FoundRow[], next: string | null, scanned: number): ExecutionPage {
  const page = { items: rows.map(toExecution), next };
  if (query.text === undefined) return page;
  return { ...page, search: { scanned, reachedAt: next === null ? null : timeOfReference(next) } };
}

/** Returns the first of the rows that fit into the page, and at least one row if the page is empty. */
function withinPage(page: readonly FoundRow[], found: readonly FoundRow[]): readonly FoundRow[] {
  let chars = page.reduce((sum, row) => sum + outcomeChars(row), 0);
  const end = found.findIndex((row) => {
    chars += outcomeChars(row);
    return chars > MAX_PAGE_CHARS;
  });
  return end === -1 ? found : found.slice(0, end + 1);
}

function outcomeChars({ result, error, late_result }: StoredRow): number {
  return (result?.length ?? 0) + (error?.length ?? 0) + (late_result?.length ?? 0);
}
