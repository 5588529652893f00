// The prepared statements that run often, with values by position: a query that is built per call costs ten times as much.

import type { Database } from 'better-sqlite3';
import type { AuditHead } from '../port.ts';
import { createEntryInsertion, SELECT_ENTRIES } from './audit/entry-rows.ts';
import { createAppendedRows } from './executions/appended-rows.ts';
import {
  type ExecutionRow,
  executionRow,
  SELECT_OUTCOME,
  SELECT_STORED,
  SELECT_STORED_BY_REFERENCE,
  SELECT_WITHOUT_OUTCOME,
  type Values,
  withOutcome,
} from './executions/execution-row.ts';
import { createExecutionWriter } from './executions/write.ts';
import { hashText, uuidBytes } from './rows.ts';

export type Statements = ReturnType<typeof prepareStatements>;

interface SubmissionRow {
  readonly inputs: string;
  readonly context: string;
}

// One function because it is a list: one entry for each statement, and its type is inferred from it.
export function prepareStatements(client: Database) {
  const rows = createAppendedRows(client);
  const select = (where: string) => client.prepare<unknown[], Values>(where).raw();
  const byReference = select(SELECT_STORED_BY_REFERENCE);
  const outcome = select(SELECT_OUTCOME);
  const byCorrelationId = select(`${SELECT_STORED} WHERE correlation_id = ? AND status <> 0`);
  const acceptedByCorrelationId = select(`${SELECT_WITHOUT_OUTCOME} WHERE correlation_id = ? AND status <> 0`);
  const acceptedByIdempotencyKey = select(`${SELECT_WITHOUT_OUTCOME} WHERE app = ? AND idempotency_key = ?`);
  const outcomeBytes = client
    .prepare<[number], number>(
      `SELECT coalesce(octet_length(result), 0) + coalesce(octet_length(error), 0) + coalesce(octet_length(late_result), 0)
      FROM outcome_rows WHERE id = ?`,
    )
    .pluck();
  const acceptedByFurtherKey = select(
    `${SELECT_WITHOUT_OUTCOME} WHERE id = (SELECT execution FROM idempotency_keys WHERE app = ? AND idempotency_key = ?)`,
  );
  const head = select('SELECT id, hash FROM audit_rows ORDER BY id DESC LIMIT 1');
  const fingerprint = client.prepare<[number], unknown>('SELECT fingerprint FROM execution_rows WHERE id = ?').pluck();
  const hasPayload = client.prepare<[number]>('UPDATE execution_rows SET payload_pruned_at = 0 WHERE id = ?');
  // Retention finds stored payloads by their rows.
  const emptyPayload = client.prepare<[number]>(
    "INSERT INTO payload_rows (id, inputs, context) VALUES (?, '{}', '{}') ON CONFLICT DO NOTHING",
  );
  const submission = client.prepare<[number], SubmissionRow>('SELECT inputs, context FROM payload_rows WHERE id = ?');
  const submissionBytes = client
    .prepare<[number], number>('SELECT octet_length(inputs) + octet_length(context) FROM payload_rows WHERE id = ?')
    .pluck();
  const keptBytes = client
    .prepare<[execution: number], number>(
      `SELECT sum(coalesce(octet_length(detail), 0) + coalesce(octet_length(body), 0))
        FROM audit_rows LEFT JOIN callback_bodies ON audit_id = id WHERE execution = ?`,
    )
    .pluck();
  const stored = (values: Values | undefined) => values && executionRow(values);

  return {
    rows,
    ...createExecutionWriter(client, rows),
    insertEntry: createEntryInsertion(rows),
    byReference: (reference: string): ExecutionRow | undefined => {
      const values = byReference.get(uuidBytes(reference));
      if (values === undefined) return undefined;
      const row = executionRow(values, reference);
      if (row.outcome === null) return row;
      // promise: collected-outcome-is-read
      rows.write();
      const result = outcome.get(row.outcome);
      return result === undefined ? row : withOutcome(row, result);
    },
    byCorrelationId: (correlationId: string): ExecutionRow | undefined => stored(byCorrelationId.get(correlationId)),
    /** The same without its outcome, as the next one: a batch may repeat a thousand executions with long results. */
    acceptedByCorrelationId: (correlationId: string): ExecutionRow | undefined =>
      stored(acceptedByCorrelationId.get(correlationId)),
    acceptedByIdempotencyKey: (app: string, key: string): ExecutionRow | undefined =>
      stored(acceptedByIdempotencyKey.get(app, key) ?? acceptedByFurtherKey.get(app, key)),
    outcomeBytes: ({ outcome: id }: ExecutionRow): number => (id === null ? 0 : (outcomeBytes.get(id) ?? 0)),
    fingerprintOf: (id: number): string => hashText(fingerprint.get(id)),
    /** Returns what was submitted, as JSON; empty objects once it is pruned. */
    submissionOf: (id: number): SubmissionRow => submission.get(id) ?? { inputs: '{}', context: '{}' },
    submissionBytes: (id: number): number => submissionBytes.get(id) ?? 0,
    hasPayloadAgain: (id: number): void => {
      hasPayload.run(id);
      emptyPayload.run(id);
    },
    keepKey: client.prepare<[app: string, key: string, correlationId: string]>(
      'INSERT INTO idempotency_keys (app, idempotency_key, execution) SELECT ?, ?, id FROM execution_rows WHERE correlation_id = ?',
    ),
    idempotencyKeyBetween: client
      .prepare<[{ app: string; from: string; to: string }], string>(
        `SELECT idempotency_key FROM execution_rows WHERE app = @app AND idempotency_key >= @from AND idempotency_key < @to
        UNION ALL SELECT idempotency_key FROM idempotency_keys WHERE app = @app AND idempotency_key >= @from AND idempotency_key < @to
        LIMIT 1`,
      )
      .pluck(),
    lease: client.prepare<[pollAt: number, id: number]>('UPDATE execution_rows SET poll_at = ? WHERE id = ?'),
    queued: client.prepare<[], { app: string; priority: number; count: number }>(
      `SELECT app, priority, count(*) AS count FROM execution_rows WHERE dispatch_at IS NOT NULL GROUP BY app, priority`,
    ),
    polled: client.prepare<[], { app: string; count: number }>(
      'SELECT app, count(*) AS count FROM execution_rows WHERE poll_at IS NOT NULL GROUP BY app',
    ),
    // Two indexes are counted: to read the rows that are polled would take seconds for a million of them.
    pollable: client
      .prepare<[], number>(
        `SELECT (SELECT count(*) FROM execution_rows WHERE resolved_at IS NULL AND status <> 0)
          - (SELECT count(*) FROM execution_rows WHERE expire_at IS NOT NULL)`,
      )
      .pluck(),
    waiting: client.prepare<[], { status: number; count: number; oldest: number }>(
      `SELECT status, count(*) AS count, min(submitted_at) AS oldest FROM execution_rows
      WHERE expire_at IS NOT NULL GROUP BY status`,
    ),
    insertBody: client.prepare<[auditId: number, contentType: string | null, body: Buffer]>(
      'INSERT INTO callback_bodies (audit_id, content_type, body) VALUES (?, ?, ?)',
    ),
    keptBytes: (execution: number): number => {
      // promise: collected-evidence-is-bounded
      rows.write();
      return keptBytes.get(execution) ?? 0;
    },
    head: (): AuditHead | undefined => {
      const values = head.get();
      return values && { id: Number(values[0]), hash: hashText(values[1]) };
    },
    checkpoint: client.prepare<[], { prunedThrough: number; hash: string }>(
      'SELECT pruned_through AS prunedThrough, hash FROM audit_checkpoint',
    ),
    trail: select(`${SELECT_ENTRIES} WHERE e.correlation_id = ? ORDER BY a.id`),
  };
}
