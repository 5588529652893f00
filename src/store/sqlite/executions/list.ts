// Lists executions, newest first, in pages along an index: references are UUIDv7 and thus in the order of submission.

import { and, desc, gte, sql } from 'drizzle-orm';
import { longWorkSlice } from '../../../lib/event-loop.ts';
import type { ExecutionPage, IdGap, ListQuery } from '../../port.ts';
import type { OpenDatabase } from '../file/open.ts';
import { type StateRow, toExecution } from '../rows.ts';
import { executions } from '../schema.ts';
import { SELECT_STATE } from '../statements.ts';
import { defineTextSearch, hasIdPrefix, inScannedRange, matchesFilter, matchesListQuery } from './filter.ts';
import { timeOfReference, wholeReferenceAt } from './uuid-range.ts';

export interface ListBounds {
  /** Maximum of rows that one page scans. */
  readonly rows: number;
  /** Time of scanning in milliseconds after which a page ends. */
  readonly ms: number;
}

const BOUNDS: ListBounds = { rows: 100_000, ms: 500 };

/** Target duration of one scan step, which blocks the event loop. Steps are measured in rows. */
const STEP_MS = 5;
const FIRST_STEP = 500;
const MIN_STEP = 10;
const MAX_STEP = 5_000;

/** Maximum of executions with one correlation id prefix that are read by that prefix instead of a scan. */
const MAX_BY_PREFIX = 200;

/** Characters of results in one page after which the page ends: one result may have megabytes. */
const MAX_PAGE_CHARS = 1024 * 1024;

/** A page of rows: unlike executions, rows can be cloned between threads without a loss of digits. */
export interface RowPage extends Pick<ExecutionPage, 'next' | 'resumeBefore' | 'search'> {
  readonly rows: readonly StateRow[];
}

interface EndedScan extends Pick<RowPage, 'rows'> {
  /** The query of the last step. */
  readonly rest: ListQuery;
  /** Executions of the steps before. */
  readonly scannedRows: number;
  /** The last execution of the last step; undefined at the end. */
  readonly edge: string | undefined;
  /** True if more executions were found than the page has. */
  readonly isFull: boolean;
}

/** Lists one page. It ends after the step that runs when the signal aborts. */
export type ExecutionList = (query: ListQuery, signal?: AbortSignal) => Promise<RowPage>;

export function toExecutionPage({ rows, ...page }: RowPage): ExecutionPage {
  return { ...page, items: rows.map(toExecution) };
}

// One function because its parts share the prepared statements of one connection.
export function createExecutionList(
  { client, orm }: Pick<OpenDatabase, 'client' | 'orm'>,
  bounds = BOUNDS,
  gaps: readonly IdGap[] = [],
): ExecutionList {
  const exists = client.prepare<[string]>('SELECT 1 FROM executions WHERE reference = ?');
  const byReference = client.prepare<[string], StateRow>(`${SELECT_STATE} WHERE reference = ?`);
  const select = listQueries(orm);
  defineTextSearch(client);

  /** Reads the executions that a step finds, in the state in which it found them. */
  const readStep = client.transaction((query: ListQuery, rows: number, missing: number) => {
    const edge = select.edge(query, rows).get()?.reference;
    return { edge, ...read(select.step(query, edge, missing + 1).all(), missing) };
  });

  const readPrefix = client.transaction((query: ListQuery, id: string) => {
    const ids = select.withPrefix(id).all().length;
    return ids > MAX_BY_PREFIX ? undefined : { ids, ...read(select.byPrefix(query, id).all(), query.limit) };
  });

  function read(found: readonly { readonly reference: string }[], missing: number) {
    const rows: StateRow[] = [];
    let chars = 0;
    for (const { reference } of found.slice(0, missing)) {
      const row = byReference.get(reference);
      if (row === undefined) continue;
      rows.push(row);
      chars += charsOf(row);
      // promise: list-page-is-bounded
      if (chars > MAX_PAGE_CHARS) break;
    }
    return { rows, chars, isFull: rows.length < found.length };
  }

  async function scan(query: ListQuery, signal?: AbortSignal): Promise<RowPage> {
    const rows: StateRow[] = [];
    let [scannedRows, scannedMs, chars, step] = [0, 0, 0, FIRST_STEP];
    for (let rest = query; ; ) {
      await longWorkSlice(isLongWork(query, scannedRows));
      const began = performance.now();
      const found = readStep(rest, step, query.limit - rows.length);
      rows.push(...found.rows);
      chars += found.chars;
      const tookMs = performance.now() - began;
      scannedMs += tookMs;
      // promise: list-scan-is-bounded
      const isOver = scannedRows + step >= bounds.rows || scannedMs >= bounds.ms || chars > MAX_PAGE_CHARS;
      // promise: cancelled-search-ends
      const isEnd = found.isFull || found.edge === undefined || isOver || signal?.aborted;
      if (isEnd) return endedPage(query, { ...found, rows, rest, scannedRows });
      scannedRows += step;
      step = nextStep(step, tookMs);
      rest = { ...query, before: found.edge as string };
    }
  }

  function endedPage(query: ListQuery, { rows, rest, scannedRows, edge, isFull }: EndedScan): RowPage {
    const next = isFull ? (rows.at(-1)?.reference ?? null) : (edge ?? null);
    if (query.text === undefined) return { rows, next };
    const scanned = scannedRows + (select.count(rest, next).get()?.count ?? 0);
    return { rows, next, search: { scanned, reachedAt: timeReached(next) } };
  }

  /** Returns undefined when too many ids have this prefix. */
  function listByPrefix(query: ListQuery, id: string): RowPage | undefined {
    const found = readPrefix(query, id);
    if (found === undefined) return undefined;
    const { rows, isFull, ids } = found;
    const next = isFull ? (rows.at(-1)?.reference ?? null) : null;
    return {
      rows,
      next,
      ...(query.text === undefined ? {} : { search: { scanned: ids, reachedAt: timeReached(next) } }),
    };
  }

  /** The gap of a restore that lost the execution at which the page before ended. */
  function gapOf(before: string): IdGap | undefined {
    const time = timeOfReference(before);
    const gap = gaps.find(({ lostFrom, restoredAt }) => time > lostFrom && time < restoredAt);
    return gap === undefined || exists.get(before) !== undefined ? undefined : gap;
  }

  return async (query, signal) => {
    const gap = query.before === undefined ? undefined : gapOf(query.before);
    if (gap !== undefined) return { rows: [], next: null, resumeBefore: wholeReferenceAt(gap.restoredAt) };
    return (query.id === undefined ? undefined : listByPrefix(query, query.id)) ?? scan(query, signal);
  };
}

function charsOf({ result, error, lateResult }: StateRow): number {
  return (result?.length ?? 0) + (error?.length ?? 0) + (lateResult?.length ?? 0);
}

function timeReached(next: string | null): number | null {
  return next === null ? null : timeOfReference(next);
}

/** The first step of a list without a search is as short as any request. */
function isLongWork({ text }: ListQuery, scannedRows: number): boolean {
  return text !== undefined || scannedRows > 0;
}

/** Queries that are built per call, because their conditions depend on the filter. */
export function listQueries(orm: OpenDatabase['orm']) {
  const { reference } = executions;
  return {
    /** The last reference of a step of this many rows; no row when fewer remain. */
    edge: (query: ListQuery, rows: number) =>
      orm
        .select({ reference })
        .from(executions)
        .where(inScannedRange(query))
        .orderBy(desc(reference))
        .limit(1)
        .offset(rows - 1),
    /** Counts the executions in the range of a query, down to one of them; null: to its end. */
    count: (query: ListQuery, last: string | null) =>
      orm
        .select({ count: sql<number>`count(*)` })
        .from(executions)
        .where(and(inScannedRange(query), last === null ? undefined : gte(reference, last))),
    /** The matching executions of the step that ends at `edge`. */
    step: (query: ListQuery, edge: string | undefined, limit: number) =>
      orm
        .select({ reference })
        .from(executions)
        .where(and(inScannedRange(query), edge === undefined ? undefined : gte(reference, edge), matchesFilter(query)))
        .orderBy(desc(reference))
        .limit(limit),
    /** Counts the ids with this prefix, up to one more than the maximum. */
    withPrefix: (id: string) =>
      orm
        .select({ one: sql`1` })
        .from(executions)
        .where(hasIdPrefix(id))
        .limit(MAX_BY_PREFIX + 1),
    byPrefix: (query: ListQuery, id: string) =>
      orm
        .select({ reference })
        .from(executions)
        .where(and(hasIdPrefix(id), matchesListQuery(query)))
        .orderBy(desc(sql`+${reference}`))
        .limit(query.limit + 1),
  };
}

function nextStep(rows: number, tookMs: number): number {
  const fitting = Math.round((rows * STEP_MS) / Math.max(tookMs, 0.1));
  return Math.max(MIN_STEP, Math.min(fitting, rows * 2, MAX_STEP));
}
