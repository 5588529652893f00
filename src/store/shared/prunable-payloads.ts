// What pruning leaves of a payload, the size of its batches, and the record of a body that it removes.

import { hash } from 'node:crypto';
import { type Json, type JsonObject, readJson } from '../../execution/json.ts';
import type { RetentionRecord } from '../retention-port.ts';
import type { OutcomeColumns } from './columns.ts';
import { outcomeHash } from './hash-chain.ts';
import { lateOutcomeHash, outcomeMeaning, type PayloadHashes, parsePayloadHashes } from './payload-hashes.ts';

/** Maximum size of the rows in one batch: SQLite locates and frees each page of a long text. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export interface StoredPayload extends OutcomeColumns {
  readonly inputs: string;
  readonly context: string;
  readonly payloadSha256: string | null;
}

export interface BodyRow {
  readonly audit_id: number;
  readonly content_type: string | null;
  readonly body: Buffer;
}

export function callbackBodyRecord({ body, ...row }: BodyRow): RetentionRecord {
  return { type: 'callback_body', ...row, body_base64: body.toString('base64') };
}

/** Returns what remains of a late result, and the hashes of the payload. */
export function stripped(row: StoredPayload): { lateResult: string | null; hashes: string } {
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
function meanings(
  row: Pick<StoredPayload, 'result' | 'error'>,
  late: JsonObject | null,
  known: PayloadHashes | null,
): Partial<PayloadHashes> {
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
export function withinBytes<T extends { readonly bytes: number }>(rows: readonly T[]): T[] {
  let sum = 0;
  return rows.filter(({ bytes }, index) => {
    sum += bytes;
    return index === 0 || sum <= MAX_BATCH_BYTES;
  });
}
