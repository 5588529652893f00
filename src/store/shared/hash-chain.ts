// The hash chain over the audit trail: the hash of an entry covers the entry and the previous hash. The chain starts from the hash
// in audit_checkpoint.

import { createHash, hash } from 'node:crypto';
import { longWorkSlice } from '../../lib/event-loop.ts';
import type { AuditRow } from './audit-rows.ts';

/** Returns the hex SHA-256 (FIPS 180-4) of a JSON array: the previous hash, then the columns of the entry in order. */
export function chainHash(previous: string, row: Omit<AuditRow, 'hash'>): string {
  const columns = [
    previous,
    row.id,
    row.timestamp,
    row.event,
    row.actionId,
    row.correlationId,
    row.executionId,
    row.latencyMs,
    row.httpStatus,
    row.app,
    // promise: hash-covers-detail
    row.detail,
  ];
  return hash('sha256', JSON.stringify(columns), 'hex');
}

/**
 * Returns the seal of an entry that lost a part of its detail to an erasure: the hex SHA-256 of the previous hash, the columns as
 * they are now, and the hash of the entry as it was written. The entry ERASED of the execution has it.
 */
export function erasureSeal(previous: string, row: AuditRow): string {
  return hash('sha256', JSON.stringify([chainHash(previous, row), row.hash]), 'hex');
}

interface Outcome {
  /** JSON. */
  readonly result: string | null;
  readonly error: string | null;
}

/**
 * Returns the hex SHA-256 of an execution's columns `result` and `error` as a JSON array. The entry that ends the execution
 * has it as `outcomeSha256`, so that the chain covers the outcome too.
 */
export function outcomeHash({ result, error }: Outcome): string {
  for (const prepared of known) {
    if (prepared.result !== result || prepared.error !== error) continue;
    known.delete(prepared);
    return prepared.sha256;
  }
  return hash('sha256', JSON.stringify([result, error]), 'hex');
}

/** Outcomes that were hashed in slices, until their transactions use the hash: the newest few. */
const known = new Set<Outcome & { readonly sha256: string }>();
const MAX_KNOWN = 4;

/** Characters that are escaped and hashed in a millisecond or two. */
const SLICE_CHARS = 256 * 1024;

/** Computes the hash of a long outcome in slices, so that callbacks do not wait for the transaction that states it. */
export async function prepareOutcomeHash({ result, error }: Outcome): Promise<void> {
  const hashing = createHash('sha256').update('[');
  for (const [index, text] of [result, error].entries()) {
    if (index > 0) hashing.update(',');
    if (text === null) hashing.update('null');
    else for await (const part of quotedParts(text)) hashing.update(part);
  }
  known.add({ result, error, sha256: hashing.update(']').digest('hex') });
  const [oldest] = known;
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
}

/** Returns the parts of `JSON.stringify(text)`. */
async function* quotedParts(text: string): AsyncGenerator<string, void, undefined> {
  yield '"';
  for (let at = 0; at < text.length; ) {
    await longWorkSlice();
    const end = isHighSurrogate(text, at + SLICE_CHARS - 1) ? at + SLICE_CHARS - 1 : at + SLICE_CHARS;
    yield JSON.stringify(text.slice(at, end)).slice(1, -1);
    at = end;
  }
  yield '"';
}

/** Half of a pair alone would be written as an escape. */
function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff;
}
