// Compares exported executions and callback bodies with what their audit entries have of them.

import { hash } from 'node:crypto';
import type { AuditEvent } from '../../execution/event.ts';
import { isTerminal, type Status } from '../../execution/execution.ts';
import { isJsonObject, type Json, type JsonObject, scalarText } from '../../execution/json.ts';
import { outcomeFromAudit } from '../../execution/outcome-from-audit.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import { outcomeHash } from '../shared/hash-chain.ts';
import type { Finding } from '../verification.ts';
import { parseDetail, reporter } from './findings.ts';

type State = Readonly<Record<'status' | 'resolvedBy' | 'resolvedAt', string | null>>;

/** Returns the two sides of a comparison that come in any order: what waits for its counterpart is kept until that is read. */
function createPairs<Entry, Row>(compare: (key: string, entry: Entry, row: Row) => void) {
  const entries = new Map<string, Entry>();
  const rows = new Map<string, Row>();
  return {
    entry: (key: string, entry: Entry): void => {
      const row = rows.get(key);
      if (row === undefined) entries.set(key, entry);
      else compare(key, entry, row);
      rows.delete(key);
    },
    row: (key: string, row: Row): void => {
      const entry = entries.get(key);
      if (entry === undefined) rows.set(key, row);
      else compare(key, entry, row);
      entries.delete(key);
    },
  };
}

export function createExportedRowCheck() {
  const findings: Finding[] = [];
  const reportRow = reporter(findings, 'row');
  const reportBody = reporter(findings, 'body');
  /** By entry id. */
  const bodies = new Map<number, string>();
  const outcomes = createPairs((id, seal: string, outcome: string) => {
    if (seal !== outcome) reportRow(null, `result or error of execution ${id} differs from its trail`);
  });
  const states = createPairs((id, { entry, ...ending }: State & { readonly entry: number }, row: State) => {
    for (const [name, value] of Object.entries(ending)) {
      const exported = row[name as keyof State];
      // promise: exported-executions-are-compared
      if (exported === value) continue;
      reportRow(entry, `${name} of execution ${id} is ${exported}, but ${value} in entry ${entry} of its trail`);
    }
  });

  function execution(row: JsonObject): void {
    const id = String(row['correlation_id']);
    const { result = null, error = null, payload_sha256: pruned } = row;
    states.row(id, {
      status: scalarText(row['status']),
      resolvedBy: scalarText(row['resolved_by']),
      resolvedAt: scalarText(row['resolved_at']),
    });
    // Of a pruned payload, the hash is compared by a verification of the database only.
    if (typeof pruned === 'string') return;
    outcomes.row(id, outcomeHash({ result: result as string | null, error: error as string | null }));
  }

  /** A row of `executions export`. One that was open at that moment has no end to compare. */
  function apiExecution(row: JsonObject, isExact: boolean): void {
    const { correlationId: id, status, result = null, error = null } = row;
    if (typeof id !== 'string' || typeof status !== 'string' || !isTerminal(status as Status)) return;
    states.row(id, { status, resolvedBy: scalarText(row['resolvedBy']), resolvedAt: scalarText(row['resolvedAt']) });
    if (!isExact || !('result' in row) || typeof row['payloadPrunedAt'] === 'string') return;
    const text = (value: Json) => (value === null ? null : JSON.stringify(value));
    outcomes.row(id, outcomeHash({ result: text(result), error: text(error) }));
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
    entry: ({ id, correlationId, event, timestamp, detail }: AuditRow): void => {
      if (!detail.includes('ha256":')) return;
      const parsed = parseDetail(detail);
      if (!isJsonObject(parsed)) return;
      const { sha256, outcomeSha256 } = parsed;
      if (typeof sha256 === 'string') bodies.set(id, sha256);
      // Only the entry that ends an execution has it.
      if (typeof outcomeSha256 !== 'string') return;
      outcomes.entry(correlationId, outcomeSha256);
      const ending = outcomeFromAudit(event as AuditEvent, parsed);
      if (ending !== null) states.entry(correlationId, { entry: id, ...ending, resolvedAt: timestamp });
    },
    /** @param isExact false if values are hidden, or have lost their types in CSV. */
    row: (row: JsonObject, isExact: boolean): void => {
      if (row['type'] === undefined) apiExecution(row, isExact);
      if (row['type'] === 'execution') execution(row);
      if (row['type'] === 'callback_body') body(row);
    },
  };
}
