// Reads executions with their payloads, in batches along the list of executions.

import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import type { ExecutionPage, ListQuery } from '../../port.ts';
import type { Batch, ScanOrder, StoredExecution, StoredFilter, StoreReader } from '../../reader-port.ts';
import type { PayloadRow } from '../../shared/payloads.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import { SELECT_EXECUTION, type StoredRow, toExecution } from '../batch/aggregate.ts';
import { rangeOf } from '../queries/filter.ts';
import { createExecutionList } from '../queries/list.ts';
import type { ReadSession } from './read-session.ts';

/** Executions in one batch: each has up to megabytes of inputs. */
const BATCH = 200;

interface NamedPayload extends PayloadRow {
  readonly reference: string;
}

const PAYLOADS = `SELECT r.reference, coalesce(p.inputs, '{}') AS inputs, coalesce(p.context, '{}') AS context,
    nullif(r.payload_pruned_at, 0) AS "prunedAt"
  FROM execution_rows AS r LEFT JOIN payload_rows AS p ON p.id = r.id WHERE r.reference = ANY ($1::uuid[])`;

const NEWEST = 'SELECT reference FROM execution_rows ORDER BY reference DESC LIMIT 1';

type ExecutionQueries = Pick<StoreReader, 'executions' | 'countExecutions' | 'execution' | 'executionWithTrail'>;

export function createExecutionQueries(
  session: ReadSession,
  { entries }: Pick<StoreReader, 'entries'>,
): ExecutionQueries {
  const { list } = createExecutionList(session);

  /** The end of what exists now. */
  async function end(to: number | undefined): Promise<number> {
    const newest = await session.first<{ reference: string }>(NEWEST);
    return Math.min(to ?? Number.POSITIVE_INFINITY, newest === undefined ? 0 : timeOfReference(newest.reference) + 1);
  }

  async function withPayloads(executions: readonly Execution[]): Promise<StoredExecution[]> {
    const references = executions.map(({ reference }) => reference);
    const rows = await session.all<NamedPayload>(PAYLOADS, [references]);
    const byReference = new Map(rows.map((row) => [row.reference, row]));
    return executions.map((execution) => {
      const { inputs = null, context = null, prunedAt = null } = byReference.get(execution.reference) ?? {};
      return { execution, inputs, context, payloadPrunedAt: isoTime(prunedAt) };
    });
  }

  async function* executions(filter: StoredFilter, order: ScanOrder): AsyncGenerator<Batch<StoredExecution>> {
    const { before, ...others } = filter;
    const query = { ...others, to: await end(filter.to), limit: BATCH, oldestFirst: order === 'oldest-first' };
    let place = before ?? null;
    do {
      const page: ExecutionPage = await list({ ...query, ...(place !== null && { before: place }) });
      const found = await withPayloads(page.items);
      yield { found, scanned: page.search?.scanned ?? found.length };
      place = page.next;
    } while (place !== null);
  }

  async function execution(correlationId: string): Promise<StoredExecution | undefined> {
    const rows = await session.all<StoredRow>(`${SELECT_EXECUTION} WHERE r.correlation_id = $1`, [correlationId]);
    return (await withPayloads(rows.map(toExecution)))[0];
  }

  return {
    executions,
    execution,
    countExecutions: async ({ app, from, to }) => {
      const range: ListQuery = { app: app ?? null, ...(from !== undefined && { from }), to: await end(to), limit: 1 };
      const where = rangeOf(range);
      const statement = `SELECT count(*) AS count FROM execution_rows AS r ${where.where()}`;
      return (await session.first<{ count: number }>(statement, where.values))?.count ?? 0;
    },
    executionWithTrail: (correlationId) =>
      session.snapshot(async () => {
        const stored = await execution(correlationId);
        if (stored === undefined) return null;
        const batches = await Array.fromAsync(entries({ correlationId }, 'oldest-first'));
        return { stored, entries: batches.flatMap(({ found }) => found.map(({ entry }) => entry)) };
      }),
  };
}
