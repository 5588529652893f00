// Whether the rows of executions are what their trails say: ended by the entry that ends them, open while there is none.

import type { Database } from 'better-sqlite3';
import type { AuditEvent } from '../../../execution/event.ts';
import { isTerminal, type Status } from '../../../execution/execution.ts';
import { isJsonObject } from '../../../execution/json.ts';
import { outcomeFromAudit } from '../../../execution/outcome-from-audit.ts';
import { outcomeHash } from '../audit/hash-chain.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, hasPruningColumns, MAX_FINDINGS, parseDetail } from './findings.ts';

interface StateColumns {
  readonly status: Status;
  readonly resolvedBy: string | null;
  readonly resolvedAt: string | null;
  readonly actionId: string;
  readonly app: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly prunedAt: string | null;
  readonly payloadSha256: string | null;
}

/** Of a pruned payload the hash that was kept. Nobody puts a payload back: where one stands, it is judged. */
function outcomeOf(row: StateColumns): string | undefined {
  if (row.payloadSha256 === null || row.result !== null || row.error !== null) return outcomeHash(row);
  const kept = parseDetail(row.payloadSha256);
  return isJsonObject(kept) && typeof kept['outcome'] === 'string' ? kept['outcome'] : undefined;
}

export function createRowCheck(client: Database) {
  const pruned = hasPruningColumns(client)
    ? 'payload_pruned_at AS prunedAt, payload_sha256 AS payloadSha256'
    : 'NULL AS prunedAt, NULL AS payloadSha256';
  const find = client.prepare<[string], StateColumns>(
    `SELECT status, resolved_by AS resolvedBy, resolved_at AS resolvedAt, action_id AS actionId, app, result, error,
      ${pruned} FROM executions WHERE correlation_id = ?`,
  );
  const withoutTrail = client
    .prepare<[number], string>(
      `SELECT correlation_id FROM executions
      WHERE NOT EXISTS (SELECT 1 FROM audit_events WHERE audit_events.correlation_id = executions.correlation_id) LIMIT ?`,
    )
    .pluck();
  /** Accepted and not ended, as far as the walk has come. What was accepted before the checkpoint is not judged. */
  const open = new Map<string, number>();
  const findings: Finding[] = [];

  function tell(entry: number | null, message: string): void {
    if (findings.length < MAX_FINDINGS) findings.push({ kind: 'row', entry, message });
  }

  function checkEnded(entry: AuditRow): void {
    const detail = parseDetail(entry.detail);
    const ending = outcomeFromAudit(entry.event as AuditEvent, detail);
    if (ending === null || !open.delete(entry.correlationId)) return;
    const row = find.get(entry.correlationId);
    if (row === undefined) {
      tell(entry.id, `execution ${entry.correlationId} has a trail and no row`);
      return;
    }
    const { status, resolvedBy } = ending;
    const { timestamp: resolvedAt, actionId, app } = entry;
    for (const [name, told] of Object.entries({ status, resolvedBy, resolvedAt, actionId, app })) {
      const stands = row[name as keyof StateColumns];
      if (stands !== told) {
        const message = `${name} of execution ${entry.correlationId} is ${stands}, by entry ${entry.id} of its trail ${told}`;
        tell(entry.id, message);
      }
    }
    checkPayload(entry, row, isJsonObject(detail) ? detail['outcomeSha256'] : undefined);
  }

  /** @param seal none in entries of version 0.1.0. */
  function checkPayload({ id, correlationId, timestamp }: AuditRow, row: StateColumns, seal: unknown): void {
    // promise: pruned-payload-is-proved
    if (seal !== undefined && seal !== outcomeOf(row)) {
      tell(id, `result or error of execution ${correlationId} is not what entry ${id} of its trail sealed`);
    }
    if ((row.prunedAt ?? timestamp) < timestamp) {
      tell(id, `the payload of execution ${correlationId} was pruned before the execution ended`);
    }
  }

  return {
    findings,
    /** What was accepted so far is no longer judged: its trail is being pruned. */
    forget: () => open.clear(),
    entry: (entry: AuditRow) => {
      if (entry.event === 'ACCEPTED') open.set(entry.correlationId, entry.id);
      else if (open.has(entry.correlationId)) checkEnded(entry);
    },
    end: () => {
      for (const [correlationId, entry] of open) {
        const row = find.get(correlationId);
        if (row === undefined) tell(entry, `execution ${correlationId} has a trail and no row`);
        else if (isTerminal(row.status)) {
          tell(null, `execution ${correlationId} is ${row.status}, and its trail has no entry that ends it`);
        } else if (row.payloadSha256 !== null) {
          tell(null, `execution ${correlationId} is ${row.status}, and its payload was pruned`);
        }
      }
      for (const correlationId of withoutTrail.all(MAX_FINDINGS)) {
        tell(null, `execution ${correlationId} has a row and no trail`);
      }
    },
  };
}
