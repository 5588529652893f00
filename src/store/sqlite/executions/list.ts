// Lists executions, newest first, in pages along an index: references are UUIDv7 and thus in the order of submission.

import { and, desc, gte, sql } from 'drizzle-orm';
import { longWorkSlice } from '../../../lib/event-loop.ts';
import type { ExecutionPage, IdGap, ListQuery } from '../../port.ts';
import type { OpenDatabase } from '../file/open.ts';
import { type StateRow, toExecution } from '../rows.ts';
import { executions } from '../schema.ts';
import { stateColumns } from '../statements.ts';
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

export function createExecutionList(
  { client, orm }: Pick<OpenDatabase, 'client' | 'orm'>,
  bounds = BOUNDS,
  gaps: readonly IdGap[] = [],
) {
  const exists = client.prepare<[string]>('SELECT 1 FROM executions WHERE reference = ?');
  const select = listQueries(orm);
  defineTextSearch(client);

  async function scan(query: ListQuery): Promise<ExecutionPage> {
    const found: StateRow[] = [];
    let scannedRows = 0;
    let scannedMs = 0;
    let step = FIRST_STEP;
    for (let before = query.before; ; ) {
      await longWorkSlice(isLongWork(query, scannedRows));
      const began = performance.now();
      const rest = before === undefined ? query : { ...query, before };
      const edge = select.edge(rest, step).get()?.reference;
      found.push(...select.step(rest, edge, query.limit + 1 - found.length).all());
      if (found.length > query.limit || edge === undefined) return pageOf(found, query.limit, null);
      const tookMs = performance.now() - began;
      scannedRows += step;
      scannedMs += tookMs;
      // promise: list-scan-is-bounded
      if (scannedRows >= bounds.rows || scannedMs >= bounds.ms) return pageOf(found, query.limit, edge);
      step = nextStep(step, tookMs);
      before = edge;
    }
  }

  /** Returns undefined when too many ids have this prefix. */
  function listByPrefix(query: ListQuery, id: string): ExecutionPage | undefined {
    if (select.withPrefix(id).all().length > MAX_BY_PREFIX) return undefined;
    return pageOf(select.byPrefix(query, id).all(), query.limit, null);
  }

  /** The gap of a restore that lost the execution at which the page before ended. */
  function gapOf(before: string): IdGap | undefined {
    const time = timeOfReference(before);
    const gap = gaps.find(({ lostFrom, restoredAt }) => time > lostFrom && time < restoredAt);
    return gap === undefined || exists.get(before) !== undefined ? undefined : gap;
  }

  return async (query: ListQuery): Promise<ExecutionPage> => {
    const gap = query.before === undefined ? undefined : gapOf(query.before);
    if (gap !== undefined) return { items: [], next: null, resumeBefore: wholeReferenceAt(gap.restoredAt) };
    return (query.id === undefined ? undefined : listByPrefix(query, query.id)) ?? scan(query);
  };
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
    /** The matching executions of the step that ends at `edge`. */
    step: (query: ListQuery, edge: string | undefined, limit: number) =>
      orm
        .select(stateColumns)
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
        .select(stateColumns)
        .from(executions)
        .where(and(hasIdPrefix(id), matchesListQuery(query)))
        .orderBy(desc(sql`+${reference}`))
        .limit(query.limit + 1),
  };
}

/** @param scannedTo the last scanned reference, if more may follow; else null. */
function pageOf(rows: readonly StateRow[], limit: number, scannedTo: string | null): ExecutionPage {
  const items = rows.slice(0, limit).map(toExecution);
  return { items, next: rows.length > limit ? (items.at(-1)?.reference ?? null) : scannedTo };
}

function nextStep(rows: number, tookMs: number): number {
  const fitting = Math.round((rows * STEP_MS) / Math.max(tookMs, 0.1));
  return Math.max(MIN_STEP, Math.min(fitting, rows * 2, MAX_STEP));
}
