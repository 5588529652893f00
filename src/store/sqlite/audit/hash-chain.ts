// The hash chain over the audit trail: each entry's hash covers the entry and the hash before it;
// the first one builds on the hash in audit_checkpoint.

import { hash } from 'node:crypto';
import type { AuditRow, ExecutionRow } from '../rows.ts';

/** SHA-256 (FIPS 180-4), in hex, of the previous hash and the entry's columns in their order, as a JSON array. */
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
 * SHA-256, in hex, of an execution's columns `result` and `error` as a JSON array: the entry that ends it carries this as
 * `outcomeSha256`, so that the chain covers the outcome, too.
 */
export function outcomeHash({ result, error }: Pick<ExecutionRow, 'result' | 'error'>): string {
  return hash('sha256', JSON.stringify([result, error]), 'hex');
}
