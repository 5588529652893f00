// Lists executions, newest first, page by page along an index: references are UUIDv7, so their order is that of submission.

import { and, desc, gte, sql } from 'drizzle-orm';
import { yieldToEventLoop } from '../../../lib/event-loop.ts';
import type { ExecutionPage, ListQuery } from '../../port.ts';
import type { OpenDatabase } from '../file/open.ts';
import { type StateRow, toExecution } from '../rows.ts';
import { executions } from '../schema.ts';
import { stateColumns } from '../statements.ts';
import { defineTextSearch, hasIdPrefix, inScannedRange, matchesFilter, matchesListQuery } from './filter.ts';

export interface ListBounds {
  /** For one page so many rows are looked through at most. */
  readonly rows: number;
  /** Past so many milliseconds of looking through rows a page is given as it is. */
  readonly ms: number;
}

const BOUNDS: ListBounds = { rows: 100_000, ms: 500 };

/** The rows of a stretch are looked through at one go, and nobody else is served meanwhile: for about so long. */
const STRETCH_MS = 5;
const FIRST_STRETCH = 500;
const SMALLEST_STRETCH = 10;
const LARGEST_STRETCH = 5_000;

/** As many as begin with the same correlation id are looked at one by one, and no others. */
const FEW = 200;

export function createExecutionList({ client, orm }: Pick<OpenDatabase, 'client' | 'orm'>, bounds = BOUNDS) {
  const select = listQueries(orm);
  defineTextSearch(client);

  async function walk(query: ListQuery): Promise<ExecutionPage> {
    const found: StateRow[] = [];
    let looked = 0;
    let worked = 0;
    let stretch = FIRST_STRETCH;
    for (let before = query.before; ; ) {
      const began = performance.now();
      const rest = before === undefined ? query : { ...query, before };
      const edge = select.edge(rest, stretch).get()?.reference;
      found.push(...select.stretch(rest, edge, query.limit + 1 - found.length).all());
      if (found.length > query.limit || edge === undefined) return pageOf(found, query.limit, null);
      const took = performance.now() - began;
      looked += stretch;
      worked += took;
      // promise: list-scan-is-bounded
      if (looked >= bounds.rows || worked >= bounds.ms) return pageOf(found, query.limit, edge);
      stretch = nextStretch(stretch, took);
      before = edge;
      await yieldToEventLoop();
    }
  }

  /** Undefined when more than a few begin with this id. */
  function few(query: ListQuery, id: string): ExecutionPage | undefined {
    if (select.named(id).all().length > FEW) return undefined;
    return pageOf(select.few(query, id).all(), query.limit, null);
  }

  return async (query: ListQuery): Promise<ExecutionPage> =>
    (query.id === undefined ? undefined : few(query, query.id)) ?? walk(query);
}

/** Built for each query, as each has other filters. */
export function listQueries(orm: OpenDatabase['orm']) {
  const { reference } = executions;
  return {
    /** Where a stretch of so many rows ends; nothing when there are fewer. */
    edge: (query: ListQuery, rows: number) =>
      orm
        .select({ reference })
        .from(executions)
        .where(inScannedRange(query))
        .orderBy(desc(reference))
        .limit(1)
        .offset(rows - 1),
    /** What matches in a stretch that ends there. */
    stretch: (query: ListQuery, edge: string | undefined, limit: number) =>
      orm
        .select(stateColumns)
        .from(executions)
        .where(and(inScannedRange(query), edge === undefined ? undefined : gte(reference, edge), matchesFilter(query)))
        .orderBy(desc(reference))
        .limit(limit),
    /** Counts those that begin with this id, no further than needed. */
    named: (id: string) =>
      orm
        .select({ one: sql`1` })
        .from(executions)
        .where(hasIdPrefix(id))
        .limit(FEW + 1),
    few: (query: ListQuery, id: string) =>
      orm
        .select(stateColumns)
        .from(executions)
        .where(and(hasIdPrefix(id), matchesListQuery(query)))
        .orderBy(desc(sql`+${reference}`))
        .limit(query.limit + 1),
  };
}

/** @param seenTo the last that was looked at, if there may be more behind it. */
function pageOf(rows: readonly StateRow[], limit: number, seenTo: string | null): ExecutionPage {
  const items = rows.slice(0, limit).map(toExecution);
  return { items, next: rows.length > limit ? (items.at(-1)?.reference ?? null) : seenTo };
}

function nextStretch(rows: number, took: number): number {
  const fitting = Math.round((rows * STRETCH_MS) / Math.max(took, 0.1));
  return Math.max(SMALLEST_STRETCH, Math.min(fitting, rows * 2, LARGEST_STRETCH));
}
