// Prunes payloads that are no longer needed. Hashes replace them, so that the trail still proves their content.

import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type Json, type JsonObject, readJson } from '../../../execution/json.ts';
import { isoTime } from '../../../lib/time.ts';
import type { PayloadCursor, PrunablePayloads, RetentionRecord } from '../../retention-port.ts';
import { outcomeHash } from '../audit/hash-chain.ts';
import { createPendingLookup } from '../outbox/pending.ts';
import { lateOutcomeHash, outcomeMeaning, type PayloadHashes, parsePayloadHashes } from './payload-hashes.ts';

/** Maximum size of the rows in one batch: SQLite locates and frees each page of a long text. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

interface Candidate {
  readonly row: number;
  readonly reference: string;
  readonly resolvedAt: string;
  readonly bytes: number;
  readonly lateAt: number | null;
}

interface PayloadRow {
  readonly reference: string;
  readonly inputs: string;
  readonly context: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly lateResult: string | null;
  readonly payloadSha256: string | null;
}

const CANDIDATE = `rowid AS row, reference, resolved_at AS resolvedAt, late_result ->> '$.receivedAt' AS lateAt,
  octet_length(inputs) + octet_length(context) + coalesce(octet_length(result), 0) + coalesce(octet_length(error), 0)
    + coalesce(octet_length(late_result), 0) AS bytes`;
// promise: held-payload-is-kept
const WITH_PAYLOAD = `resolved_at IS NOT NULL AND payload_pruned_at IS NULL AND held_at IS NULL
  AND resolved_at < @before`;

/** Returns a function that replaces the payload of one execution by its hashes. It runs inside a transaction of the writer. */
export function createPayloadStripping(client: Database): (reference: string, prunedAt: string) => void {
  const sql = prepareStripping(client);
  return (reference, prunedAt) => {
    const row = sql.payload.get(reference);
    if (row !== undefined) sql.strip.run({ ...stripped(row), reference, prunedAt });
  };
}

export function createPayloadPruning(client: Database, orm: BetterSQLite3Database) {
  const sql = prepare(client);
  const strip = createPayloadStripping(client);
  const isPending = createPendingLookup(orm);

  function prunable(limit: number, cutoff: number, after: PayloadCursor | null): PrunablePayloads {
    const place = after ?? { resolvedAt: '', row: 0, body: 0 };
    const before = isoTime(cutoff);
    const candidates = withinBytes(sql.candidates.all({ ...place, before, limit }));
    const bodies = withinBytes(sql.bodies.all({ ...place, before, limit }));
    const { resolvedAt, row } = candidates.at(-1) ?? place;
    const body = bodies.at(-1)?.auditId ?? place.body;
    return {
      references: unneeded(candidates, cutoff),
      bodies: bodies.map(({ auditId }) => auditId),
      next: candidates.length + bodies.length > 0 ? { resolvedAt, row, body } : null,
    };
  }

  function unneeded(candidates: readonly Candidate[], cutoff: number): string[] {
    const references = candidates.map(({ reference }) => reference);
    const pending = isPending(references);
    // promise: pending-notification-keeps-payload
    return candidates
      .filter(({ reference, lateAt }) => !pending.has(reference) && (lateAt === null || lateAt < cutoff))
      .map(({ reference }) => reference);
  }

  /** Runs inside a transaction of the writer. */
  function prune({ references, bodies }: PrunablePayloads, cutoff: number, now: number): number {
    const before = isoTime(cutoff);
    const prunedAt = isoTime(now);
    const stillUnneeded = unneeded(
      references.flatMap((reference) => sql.candidate.get({ reference, before }) ?? []),
      cutoff,
    );
    for (const reference of stillUnneeded) strip(reference, prunedAt);
    const emptied = bodies.map((auditId) => sql.empty.run({ auditId, prunedAt }).changes);
    return stillUnneeded.length + emptied.reduce((sum, count) => sum + count, 0);
  }

  function records({ references, bodies }: PrunablePayloads): RetentionRecord[] {
    return [
      ...references.flatMap((reference) => sql.exported.all(reference)).map((row) => ({ type: 'payload', ...row })),
      ...bodies.flatMap((auditId) => sql.body.all(auditId)).map(callbackBodyRecord),
    ];
  }

  return { prunable, records, prune };
}

interface BodyRow {
  readonly audit_id: number;
  readonly content_type: string | null;
  readonly body: Buffer;
}

export function callbackBodyRecord({ body, ...row }: BodyRow): RetentionRecord {
  return { type: 'callback_body', ...row, body_base64: body.toString('base64') };
}

function stripped(row: PayloadRow): { lateResult: string | null; hashes: string } {
  const known = parsePayloadHashes(row.payloadSha256);
  const late = row.lateResult === null ? null : (readJson(row.lateResult) as JsonObject);
  const hashes: PayloadHashes = {
    // After a late result, the hashes of an earlier pruning remain.
    inputs: known?.inputs ?? sha256(row.inputs),
    context: known?.context ?? sha256(row.context),
    outcome: known?.outcome ?? outcomeHash(row),
    lateOutcome: known?.lateOutcome ?? (late === null ? null : lateOutcomeHash(late)),
    ...meanings(row, late, known),
  };
  const lateResult = late === null ? null : JSON.stringify({ ...late, result: null, error: null });
  return { lateResult, hashes: JSON.stringify(hashes) };
}

/** What version 0.1.0 pruned has no hash of its meaning, except for a late result that came since. */
function meanings(row: PayloadRow, late: JsonObject | null, known: PayloadHashes | null): Partial<PayloadHashes> {
  const jsonOf = (text: string | null): Json => (text === null ? null : readJson(text));
  const of = known ?? { meaning: outcomeMeaning({ result: jsonOf(row.result), error: jsonOf(row.error) }) };
  const isNewLate = late !== null && (known?.lateOutcome ?? null) === null;
  return {
    ...('meaning' in of ? { meaning: of.meaning } : {}),
    ...(isNewLate ? { lateMeaning: outcomeMeaning(late) } : {}),
    ...(!isNewLate && known !== null && 'lateMeaning' in known ? { lateMeaning: known.lateMeaning } : {}),
  };
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Returns the first rows that stay within the size of a batch, and at least one row. */
function withinBytes<T extends { readonly bytes: number }>(rows: readonly T[]): T[] {
  let sum = 0;
  return rows.filter(({ bytes }, index) => {
    sum += bytes;
    return index === 0 || sum <= MAX_BATCH_BYTES;
  });
}

function prepareStripping(client: Database) {
  return {
    payload: client.prepare<[string], PayloadRow>(
      `SELECT reference, inputs, context, result, error, late_result AS lateResult, payload_sha256 AS payloadSha256
      FROM executions WHERE reference = ?`,
    ),
    strip: client.prepare(
      `UPDATE executions SET inputs = '{}', context = '{}', result = NULL, error = NULL, late_result = @lateResult,
        payload_pruned_at = @prunedAt, payload_sha256 = @hashes WHERE reference = @reference`,
    ),
  };
}

function prepare(client: Database) {
  return {
    candidates: client.prepare<[object], Candidate>(
      `SELECT ${CANDIDATE} FROM executions WHERE ${WITH_PAYLOAD} AND (resolved_at, rowid) > (@resolvedAt, @row)
      ORDER BY resolved_at, rowid LIMIT @limit`,
    ),
    candidate: client.prepare<[object], Candidate>(
      `SELECT ${CANDIDATE} FROM executions WHERE reference = @reference AND ${WITH_PAYLOAD}`,
    ),
    exported: client.prepare<[string], Record<string, unknown>>(
      `SELECT correlation_id, reference, app, action_id, status, submitted_at, resolved_at, inputs, context, result, error,
        late_result FROM executions WHERE reference = ?`,
    ),
    // The inner query reads the oldest bodies only, because later ones are newer.
    bodies: client.prepare<[object], { auditId: number; bytes: number }>(
      `SELECT audit_id AS auditId, octet_length(body) AS bytes
      FROM (SELECT audit_id, body FROM callback_bodies WHERE pruned_at IS NULL AND audit_id > @body
        ORDER BY audit_id LIMIT @limit)
      JOIN audit_events AS entry ON entry.id = audit_id JOIN executions ON executions.correlation_id = entry.correlation_id
      WHERE entry.timestamp < @before AND resolved_at < @before AND held_at IS NULL ORDER BY audit_id`,
    ),
    body: client.prepare<[number], BodyRow>(
      'SELECT audit_id, content_type, body FROM callback_bodies WHERE audit_id = ?',
    ),
    empty: client.prepare(
      "UPDATE callback_bodies SET body = x'', pruned_at = @prunedAt WHERE audit_id = @auditId AND pruned_at IS NULL",
    ),
  };
}
