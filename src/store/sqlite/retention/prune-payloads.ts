// Prunes payloads that are no longer needed. Hashes replace them, so that the trail still proves their content.

import type { Database } from 'better-sqlite3';
import type { Execution } from '../../../execution/execution.ts';
import { isoTime } from '../../../lib/time.ts';
import type { PayloadCursor, PrunablePayloads, RetentionRecord } from '../../retention-port.ts';
import {
  type BodyRow,
  callbackBodyRecord,
  type StoredPayload,
  stripped,
  withinBytes,
} from '../../shared/prunable-payloads.ts';
import { createPendingLookup } from '../outbox/statements.ts';
import { uuidBytes, uuidText } from '../rows.ts';

interface Candidate extends Pick<Execution, 'submittedAt' | 'resolvedAt' | 'heldAt'> {
  readonly id: number;
  readonly reference: Buffer | string;
  readonly bytes: number;
  readonly lateAt: number | null;
}

interface PayloadRow extends StoredPayload {
  readonly outcome: number | null;
}

/** Returns a function that replaces the payload of one execution by its hashes. It runs inside a transaction of the writer. */
export function createPayloadStripping(client: Database): (id: number, prunedAt: number) => void {
  const sql = prepareStripping(client);
  return (id, prunedAt) => {
    const row = sql.payload.get(id);
    if (row === undefined) return;
    const { lateResult, hashes } = stripped(row);
    sql.deletePayload.run(id);
    sql.keepHashes.run(id, hashes);
    if (lateResult !== null) sql.reduceOutcome.run(lateResult, row.outcome);
    else sql.deleteOutcome.run(row.outcome);
    sql.markPruned.run(prunedAt, lateResult === null ? null : row.outcome, id);
  };
}

export function createPayloadPruning(client: Database) {
  const sql = prepare(client);
  const strip = createPayloadStripping(client);
  const isPending = createPendingLookup(client);

  function prunable(limit: number, cutoff: number, after: PayloadCursor | null): PrunablePayloads {
    const place = after ?? { id: 0, body: 0 };
    const found = sql.candidates.all({ id: place.id, limit });
    // Later ones were submitted later, so that they ended later, too.
    const examined = found.some(({ submittedAt }) => submittedAt < cutoff) ? withinBytes(found) : [];
    const bodies = withinBytes(sql.bodies.all({ body: place.body, cutoff, limit }));
    return {
      references: unneeded(examined, cutoff).map(({ reference }) => uuidText(reference)),
      bodies: bodies.map(({ auditId }) => auditId),
      next:
        examined.length + bodies.length > 0
          ? { id: examined.at(-1)?.id ?? place.id, body: bodies.at(-1)?.auditId ?? place.body }
          : null,
    };
  }

  function unneeded(found: readonly Candidate[], cutoff: number): Candidate[] {
    // promise: held-payload-is-kept
    const candidates = found.filter(({ resolvedAt, heldAt }) => (resolvedAt ?? cutoff) < cutoff && heldAt === null);
    const pending = isPending(candidates.map(({ reference }) => uuidText(reference)));
    // promise: pending-notification-keeps-payload
    return candidates.filter(
      ({ reference, lateAt }) => !pending.has(uuidText(reference)) && (lateAt === null || lateAt < cutoff),
    );
  }

  /** Runs inside a transaction of the writer. */
  function prune({ references, bodies }: PrunablePayloads, cutoff: number, now: number): number {
    const found = references.flatMap((reference) => sql.candidate.get(uuidBytes(reference)) ?? []);
    const stillUnneeded = unneeded(found, cutoff);
    for (const { id } of stillUnneeded) strip(id, now);
    const emptied = bodies.map((auditId) => sql.empty.run({ auditId, prunedAt: isoTime(now) }).changes);
    return stillUnneeded.length + emptied.reduce((sum, count) => sum + count, 0);
  }

  function records({ references, bodies }: PrunablePayloads): RetentionRecord[] {
    return [
      ...references
        .flatMap((reference) => sql.exported.all(uuidBytes(reference)))
        .map((row) => ({ type: 'payload', ...row })),
      ...bodies.flatMap((auditId) => sql.body.all(auditId)).map(callbackBodyRecord),
    ];
  }

  return { prunable, records, prune };
}

function prepareStripping(client: Database) {
  return {
    payload: client.prepare<[number], PayloadRow>(
      `SELECT coalesce(inputs, '{}') AS inputs, coalesce(context, '{}') AS context, outcome, result, error, late_result AS lateResult,
        sha256 AS payloadSha256
      FROM execution_rows LEFT JOIN payload_rows ON payload_rows.id = execution_rows.id
        LEFT JOIN outcome_rows ON outcome_rows.id = outcome LEFT JOIN payload_hashes ON payload_hashes.id = execution_rows.id
      WHERE execution_rows.id = ?`,
    ),
    deletePayload: client.prepare<[number]>('DELETE FROM payload_rows WHERE id = ?'),
    keepHashes: client.prepare<[number, string]>(
      'INSERT INTO payload_hashes (id, sha256) VALUES (?, ?) ON CONFLICT DO UPDATE SET sha256 = excluded.sha256',
    ),
    reduceOutcome: client.prepare<[string, number | null]>(
      'UPDATE outcome_rows SET result = NULL, error = NULL, late_result = ? WHERE id = ?',
    ),
    deleteOutcome: client.prepare<[number | null]>('DELETE FROM outcome_rows WHERE id = ?'),
    markPruned: client.prepare<[at: number, outcome: number | null, id: number]>(
      'UPDATE execution_rows SET payload_pruned_at = ?, outcome = ? WHERE id = ?',
    ),
  };
}

const CANDIDATE = `SELECT payload_rows.id, reference, submitted_at AS submittedAt, resolved_at AS resolvedAt, held_at AS heldAt,
    late_result ->> '$.receivedAt' AS lateAt, octet_length(inputs) + octet_length(context) + coalesce(octet_length(result), 0)
      + coalesce(octet_length(error), 0) + coalesce(octet_length(late_result), 0) AS bytes
  FROM payload_rows JOIN execution_rows ON execution_rows.id = payload_rows.id LEFT JOIN outcome_rows ON outcome_rows.id = outcome`;

function prepare(client: Database) {
  return {
    candidates: client.prepare<[object], Candidate>(
      `${CANDIDATE} WHERE payload_rows.id > @id ORDER BY payload_rows.id LIMIT @limit`,
    ),
    candidate: client.prepare<[Buffer | string], Candidate>(`${CANDIDATE} WHERE reference = ?`),
    exported: client.prepare<[Buffer | string], Record<string, unknown>>(
      `SELECT correlation_id, reference, app, action_id, status, submitted_at, resolved_at, inputs, context, result, error,
        late_result FROM executions WHERE correlation_id = (SELECT correlation_id FROM execution_rows WHERE reference = ?)`,
    ),
    // The inner query reads the oldest bodies only, because later ones are newer.
    bodies: client.prepare<[object], { auditId: number; bytes: number }>(
      `SELECT audit_id AS auditId, octet_length(body) AS bytes
      FROM (SELECT audit_id, body FROM callback_bodies WHERE pruned_at IS NULL AND audit_id > @body
        ORDER BY audit_id LIMIT @limit)
      JOIN audit_rows ON audit_rows.id = audit_id JOIN execution_rows ON execution_rows.id = execution
      WHERE at < @cutoff AND resolved_at < @cutoff AND held_at IS NULL ORDER BY audit_id`,
    ),
    body: client.prepare<[number], BodyRow>(
      'SELECT audit_id, content_type, body FROM callback_bodies WHERE audit_id = ?',
    ),
    empty: client.prepare(
      "UPDATE callback_bodies SET body = x'', pruned_at = @prunedAt WHERE audit_id = @auditId AND pruned_at IS NULL",
    ),
  };
}
