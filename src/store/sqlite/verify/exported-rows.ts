// Compares the executions and callback bodies of retention exports with the hashes that their audit entries have.

import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../execution/json.ts';
import { outcomeHash } from '../audit/hash-chain.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, parseDetail, reporter } from './findings.ts';

/** The rows of one file come in any order: what waits for its counterpart is kept until that is read. */
export function createExportedRowCheck() {
  const findings: Finding[] = [];
  const reportRow = reporter(findings, 'row');
  const reportBody = reporter(findings, 'body');
  /** By correlation id: the hash in the entry, and the one of the row. */
  const sealed = new Map<string, string>();
  const outcomes = new Map<string, string>();
  /** By entry id. */
  const bodies = new Map<number, string>();

  function compare(correlationId: string, seal: string, outcome: string): void {
    if (seal !== outcome) reportRow(null, `result or error of execution ${correlationId} differs from its trail`);
  }

  function execution(row: JsonObject): void {
    const { correlation_id: id, result = null, error = null, payload_sha256: pruned } = row;
    // Of a pruned payload, the hash is compared by a verification of the database only.
    if (typeof pruned === 'string') return;
    const outcome = outcomeHash({ result: result as string | null, error: error as string | null });
    const seal = sealed.get(String(id));
    if (seal === undefined) outcomes.set(String(id), outcome);
    else compare(String(id), seal, outcome);
    sealed.delete(String(id));
  }

  function body(row: JsonObject): void {
    const entry = Number(row['audit_id']);
    const sha256 = bodies.get(entry);
    bodies.delete(entry);
    if (sha256 === undefined || typeof row['pruned_at'] === 'string') return;
    const bytes = Buffer.from(String(row['body_base64'] ?? ''), 'base64');
    if (hash('sha256', bytes, 'hex') !== sha256) reportBody(entry, `the callback body of entry ${entry} was altered`);
  }

  return {
    findings,
    entry: ({ id, correlationId, detail }: AuditRow): void => {
      if (!detail.includes('ha256":')) return;
      const parsed = parseDetail(detail);
      if (!isJsonObject(parsed)) return;
      const { sha256, outcomeSha256 } = parsed;
      if (typeof sha256 === 'string') bodies.set(id, sha256);
      if (typeof outcomeSha256 !== 'string') return;
      const outcome = outcomes.get(correlationId);
      if (outcome === undefined) sealed.set(correlationId, outcomeSha256);
      else compare(correlationId, outcomeSha256, outcome);
      outcomes.delete(correlationId);
    },
    row: (row: JsonObject): void => {
      if (row['type'] === 'execution') execution(row);
      if (row['type'] === 'callback_body') body(row);
    },
  };
}
