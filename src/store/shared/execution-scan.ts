// Scans executions along an index in the order of their references, in bounded steps: for pages, counts and the progress of searches.

import { longWorkSlice } from '../../lib/event-loop.ts';
import type { ListQuery } from '../port.ts';
import type { MatchCount, PageOfSearch, SearchProgress } from '../search-port.ts';
import { timeOfReference } from './reference-times.ts';

export interface ScanBounds {
  /** Maximum of rows that one page scans. */
  readonly rows: number;
  /** Time of scanning in milliseconds after which a page ends, and a count whose query states none. */
  readonly ms: number;
}

const BOUNDS: ScanBounds = { rows: 100_000, ms: 500 };

/** Executions that one step of a search's progress counts, which takes about a millisecond. */
const PROGRESS_ROWS = 20_000;

/** Characters of results in one page after which the page ends: one result may have megabytes. */
export const MAX_PAGE_CHARS = 1024 * 1024;

type Awaitable<T> = T | Promise<T>;

interface Step {
  /** Its last reference in the order of the query; undefined at the end. */
  readonly edge: string | undefined;
}

interface FoundStep<Row> extends Step {
  readonly rows: readonly Row[];
  /** Characters of their results. */
  readonly chars: number;
  /** True if more executions were found than the page has. */
  readonly isFull: boolean;
}

/** The executions of a database. */
export interface ExecutionSource<Row> {
  /** Rows of the first step of a page, and of the step after one of this many rows. */
  readonly firstRows: number;
  readonly nextRows: (rows: number, tookMs: number) => number;
  /** Rows of one step of a count. */
  readonly countRows: number;
  /** Reads what a step of this many rows finds, in the state in which it finds it: at most `missing` executions. */
  step(query: ListQuery, rows: number, missing: number): Awaitable<FoundStep<Row>>;
  /** Counts up to `most` matching executions of a step. */
  countStep(query: ListQuery, rows: number, most: number): Awaitable<Step & { readonly count: number }>;
  /** Returns the last reference of a step; undefined when fewer rows remain. */
  edge(query: ListQuery, rows: number): Awaitable<string | undefined>;
  /** Counts the executions in the range of a query, up to one of them in its order; null: to its end. */
  count(query: ListQuery, last: string | null): Awaitable<number>;
  readonly referenceOf: (row: Row) => string;
}

export interface ScannedPage<Row> {
  readonly rows: readonly Row[];
  /** `before` of the next page; null at the end. */
  readonly next: string | null;
  readonly search?: PageOfSearch;
}

interface EndedScan<Row> extends FoundStep<Row> {
  /** The query of the last step. */
  readonly rest: ListQuery;
  /** Executions of the steps before. */
  readonly scannedRows: number;
}

// One function because its loops share the source and the bounds.
export function createExecutionScan<Row>(source: ExecutionSource<Row>, bounds = BOUNDS) {
  async function list(query: ListQuery, signal?: AbortSignal): Promise<ScannedPage<Row>> {
    const rows: Row[] = [];
    const maxMs = Math.min(query.scanMs ?? bounds.ms, bounds.ms);
    let [scannedRows, scannedMs, chars, size] = [0, 0, 0, source.firstRows];
    for (let rest = query; ; ) {
      await longWorkSlice(isLongWork(query, scannedRows));
      const began = performance.now();
      const found = await source.step(rest, size, query.limit - rows.length);
      rows.push(...found.rows);
      chars += found.chars;
      const tookMs = performance.now() - began;
      scannedMs += tookMs;
      // promise: list-scan-is-bounded
      const isOver = scannedRows + size >= bounds.rows || scannedMs >= maxMs || chars > MAX_PAGE_CHARS;
      // promise: cancelled-search-ends
      const isEnd = found.isFull || found.edge === undefined || isOver || signal?.aborted;
      if (isEnd) return endedPage(query, { ...found, rows, rest, scannedRows });
      scannedRows += size;
      size = source.nextRows(size, tookMs);
      rest = { ...query, before: found.edge as string };
    }
  }

  async function endedPage(query: ListQuery, ended: EndedScan<Row>): Promise<ScannedPage<Row>> {
    const { rows, rest, scannedRows, edge, isFull } = ended;
    const next = isFull ? lastReference(rows) : (edge ?? null);
    if (query.text === undefined) return { rows, next };
    const scanned = scannedRows + (await source.count(rest, next));
    return { rows, next, search: { scanned, reachedAt: timeReached(next) } };
  }

  /** Returns the page of all executions that an index found, without a scan. */
  function foundPage({ text }: ListQuery, found: Omit<FoundStep<Row>, 'edge'>, scanned: number): ScannedPage<Row> {
    const next = found.isFull ? lastReference(found.rows) : null;
    const { rows } = found;
    return text === undefined ? { rows, next } : { rows, next, search: { scanned, reachedAt: timeReached(next) } };
  }

  function lastReference(rows: readonly Row[]): string | null {
    const last = rows.at(-1);
    return last === undefined ? null : source.referenceOf(last);
  }

  async function countMatches(query: ListQuery, signal?: AbortSignal): Promise<MatchCount> {
    const maxMs = query.scanMs ?? bounds.ms;
    let [count, scannedMs] = [0, 0];
    for (let rest = query; ; ) {
      await longWorkSlice(rest !== query);
      const began = performance.now();
      const step = await source.countStep(rest, source.countRows, query.limit + 1 - count);
      count += step.count;
      scannedMs += performance.now() - began;
      if (count > query.limit) return { count: query.limit, isWhole: false };
      if (step.edge === undefined) return { count, isWhole: true };
      if (scannedMs >= maxMs || signal?.aborted) return { count, isWhole: false };
      rest = { ...query, before: step.edge };
    }
  }

  async function countAll(query: ListQuery, signal?: AbortSignal): Promise<number> {
    let counted = 0;
    for (let rest = query; ; ) {
      await longWorkSlice();
      const edge = await source.edge(rest, PROGRESS_ROWS);
      if (edge === undefined || signal?.aborted) return counted + (await source.count(rest, null));
      counted += PROGRESS_ROWS;
      rest = { ...query, before: edge };
    }
  }

  /** Counts the executions of a search, and those before the place where it continues. */
  async function searchProgress(query: ListQuery, signal?: AbortSignal): Promise<SearchProgress> {
    const { before = null, ...whole } = query;
    const total = await countAll(whole, signal);
    if (before === null) return { searched: 0, total, reachedAt: null };
    const rest = await countAll({ ...whole, before }, signal);
    return { searched: total - rest, total, reachedAt: timeOfReference(before) };
  }

  return { list, foundPage, countMatches, searchProgress };
}

function timeReached(next: string | null): number | null {
  return next === null ? null : timeOfReference(next);
}

/** The first step of a list without a search is as short as any request. */
function isLongWork({ text }: ListQuery, scannedRows: number): boolean {
  return text !== undefined || scannedRows > 0;
}
