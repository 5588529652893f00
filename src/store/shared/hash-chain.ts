// The hash chain over the audit trail: the hash of an entry covers the entry and the previous hash. The chain starts from the hash
// in audit_checkpoint.

import { hash } from 'node:crypto';
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
  return hash('sha256', JSON.stringify([result, error]), 'hex');
}
