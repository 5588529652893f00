// Scans executions in bounded batches, in either order, also while a receiver writes.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import type { Batch, ScanOrder, StoredExecution, StoredFilter } from '../../reader-port.ts';
import { conditions } from '../../shared/conditions.ts';
import { executionRow, SELECT_WITH_PAYLOAD, type Values } from '../executions/execution-row.ts';
import { addFilter, defineTextSearch } from '../executions/filter.ts';
import { referenceBound } from '../executions/uuid-range.ts';
import { batchesOf } from './batches.ts';
import { inRange, rangeParameters, windowsOf } from './id-windows.ts';
import { numbered } from './reads.ts';

/** Yields matching executions. No statement stays open between batches. */
export function* scanExecutions(
  client: Database,
  filter: StoredFilter,
  order: ScanOrder,
): Generator<Batch<StoredExecution>, void, undefined> {
  defineTextSearch(client);
  const range = { ...filter, app: filter.app ?? undefined };
  const where = conditions([inRange(range)]);
  addFilter(where, filter);
  const bound = { ...rangeParameters(range), ...numbered(where.values) };
  const direction = order === 'oldest-first' ? 'ASC' : 'DESC';
  const statement = `${SELECT_WITH_PAYLOAD} ${where.where()} ORDER BY reference ${direction}`;
  const select = client.prepare<[object], Values>(statement).raw();
  for (const { low, high, size } of windowsOf(client, range, order)) {
    const read = (behind: Values | null) => {
      const rest = behind === null ? {} : restBehind(toStoredExecution(behind).execution.reference, order);
      return select.iterate({ ...bound, low, high, ...rest });
    };
    yield* batchesOf(read, toStoredExecution, size);
  }
}

function restBehind(reference: string, order: ScanOrder) {
  // No reference sorts between this one and the same text with a character appended.
  return order === 'oldest-first' ? { low: referenceBound(`${reference}~`) } : { high: referenceBound(reference) };
}

export function findStoredExecution(client: Database, correlationId: string): StoredExecution | undefined {
  const values = client
    .prepare<[string], Values>(`${SELECT_WITH_PAYLOAD} WHERE correlation_id = ? AND status <> 0`)
    .raw()
    .get(correlationId);
  return values && toStoredExecution(values);
}

function toStoredExecution(values: Values): StoredExecution {
  const { execution, payloadPrunedAt } = executionRow(values);
  const [inputs, context] = values.slice(-2) as [string, string];
  return { execution, inputs, context, payloadPrunedAt: isoTime(payloadPrunedAt === 0 ? null : payloadPrunedAt) };
}
