// Scans executions in bounded batches, in either order, also while a receiver writes.

import type { Database } from 'better-sqlite3';
import { getTableColumns } from 'drizzle-orm';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import type { Execution } from '../../../execution/execution.ts';
import type { ExecutionFilter } from '../../port.ts';
import { defineTextSearch, matchesFilter } from '../executions/filter.ts';
import { type ExecutionRow, toExecution } from '../rows.ts';
import { executions } from '../schema.ts';
import { type Batch, batchesOf } from './batches.ts';
import { type ReferenceRange, rangeParameters, type ScanOrder, selectInRange, windowsOf } from './id-windows.ts';

/** An execution with its stored payload. */
export interface StoredExecution {
  readonly execution: Execution;
  /** The stored JSON text. */
  readonly inputs: string | null;
  readonly context: string | null;
  /** When its payload was pruned, ISO 8601; null while it is stored. */
  readonly payloadPrunedAt: string | null;
}

const COLUMNS = Object.entries(getTableColumns(executions))
  .map(([key, { name }]) => `${name} AS ${key}`)
  .join(', ');

/** Yields matching executions. No statement stays open between batches. */
export function* scanExecutions(
  client: Database,
  filter: ExecutionFilter & Pick<ReferenceRange, 'before'>,
  order: ScanOrder,
): Generator<Batch<StoredExecution>, void, undefined> {
  defineTextSearch(client);
  const condition = matchesFilter(filter);
  const { sql, params } =
    condition === undefined ? { sql: '1', params: [] } : new SQLiteSyncDialect().sqlToQuery(condition);
  const range = { ...filter, app: filter.app ?? undefined };
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const statement = `${selectInRange(COLUMNS, range)} AND (${sql}) ORDER BY reference ${direction}`;
  const select = client.prepare<unknown[], ExecutionRow>(statement);
  for (const { low, high, size } of windowsOf(client, range, order)) {
    const read = (behind: ExecutionRow | null) => {
      const rest = behind === null ? {} : restBehind(behind.reference, order);
      return select.iterate({ ...rangeParameters(range), low, high, ...rest }, ...params);
    };
    yield* batchesOf(read, toStoredExecution, size);
  }
}

function restBehind(reference: string, order: ScanOrder): { readonly low: string } | { readonly high: string } {
  // No reference sorts between this one and the same text with a character appended.
  return order === 'oldest-first' ? { low: `${reference}~` } : { high: reference };
}

export function findStoredExecution(client: Database, correlationId: string): StoredExecution | undefined {
  const row = client
    .prepare<[string], ExecutionRow>(`SELECT ${COLUMNS} FROM executions WHERE correlation_id = ?`)
    .get(correlationId);
  return row === undefined ? undefined : toStoredExecution(row);
}

function toStoredExecution(row: ExecutionRow): StoredExecution {
  const { inputs, context, payloadPrunedAt } = row;
  return { execution: toExecution(row), inputs, context, payloadPrunedAt };
}
