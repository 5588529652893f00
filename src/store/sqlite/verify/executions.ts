// Checks the rows of executions against their trails: an execution is ended by its last entry, and open without such an entry.

import type { Database } from 'better-sqlite3';
import type { AuditEvent } from '../../../execution/event.ts';
import { isTerminal, type Status } from '../../../execution/execution.ts';
import { isJsonObject, type Json } from '../../../execution/json.ts';
import { type AuditedOutcome, outcomeFromAudit } from '../../../execution/outcome-from-audit.ts';
import { outcomeHash } from '../audit/hash-chain.ts';
import { isImported } from '../import/imported.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, hasPruningColumns, MAX_FINDINGS, parseDetail, reporter } from './findings.ts';

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

/** Returns the outcome hash: the stored hash of a pruned payload, or the computed one. A payload that exists is always hashed. */
function outcomeOf(row: StateColumns): string | undefined {
  if (row.payloadSha256 === null || row.result !== null || row.error !== null) return outcomeHash(row);
  const hashes = parseDetail(row.payloadSha256);
  return isJsonObject(hashes) && typeof hashes['outcome'] === 'string' ? hashes['outcome'] : undefined;
}

/** Erasures of earlier versions removed the note that a failure did not end its execution. Entries of 0.1.0 have no seal. */
function mayLackNote({ event }: AuditRow, detail: Json): boolean {
  return event === 'FAILED' && isJsonObject(detail) && detail['erased'] === true && !('outcomeSha256' in detail);
}

export function createRowCheck(client: Database) {
  const { find, withoutTrail } = prepareReads(client);
  /** Executions accepted and not yet ended in the walk. Executions accepted before the checkpoint are not checked. */
  const open = new Map<string, number>();
  const findings: Finding[] = [];
  /** Exports need not contain all rows. */
  const isPartial = isImported(client);

  const report = reporter(findings, 'row');
  function checkEnded(entry: AuditRow): void {
    const detail = parseDetail(entry.detail);
    const ending = outcomeFromAudit(entry.event as AuditEvent, detail);
    if (ending === null) return;
    const row = find.get(entry.correlationId);
    // promise: reduced-failure-ends-nothing
    if (mayLackNote(entry, detail) && row?.status !== ending.status) return;
    open.delete(entry.correlationId);
    if (row === undefined) {
      if (!isPartial) report(entry.id, `execution ${entry.correlationId} has a trail and no row`);
      return;
    }
    checkState(entry, row, ending);
    checkPayload(entry, row, isJsonObject(detail) ? detail['outcomeSha256'] : undefined);
  }

  function checkState(entry: AuditRow, row: StateColumns, { status, resolvedBy }: AuditedOutcome): void {
    const { timestamp: resolvedAt, actionId, app } = entry;
    for (const [name, value] of Object.entries({ status, resolvedBy, resolvedAt, actionId, app })) {
      const stored = row[name as keyof StateColumns];
      if (stored === value) continue;
      const execution = `execution ${entry.correlationId}`;
      report(entry.id, `${name} of ${execution} is ${stored}, but ${value} in entry ${entry.id} of its trail`);
    }
  }

  /** @param seal undefined in entries of version 0.1.0. */
  function checkPayload({ id, correlationId, timestamp }: AuditRow, row: StateColumns, seal: unknown): void {
    if (isPartial && row.payloadSha256 !== null) return;
    // promise: pruned-payload-is-proved
    if (seal !== undefined && seal !== outcomeOf(row)) {
      report(id, `result or error of execution ${correlationId} differs from the hash in entry ${id} of its trail`);
    }
    if ((row.prunedAt ?? timestamp) < timestamp) {
      report(id, `the payload of execution ${correlationId} was pruned before the execution ended`);
    }
  }

  return {
    findings,
    /** Excludes the executions accepted so far, because their trail is being pruned. */
    skipAccepted: () => open.clear(),
    entry: (entry: AuditRow) => {
      if (entry.event === 'ACCEPTED') open.set(entry.correlationId, entry.id);
      else if (open.has(entry.correlationId)) checkEnded(entry);
    },
    end: () => {
      if (isPartial) return;
      for (const [correlationId, entry] of open) {
        const row = find.get(correlationId);
        if (row === undefined) report(entry, `execution ${correlationId} has a trail and no row`);
        else if (isTerminal(row.status)) {
          report(null, `execution ${correlationId} is ${row.status}, and its trail has no entry that ends it`);
        } else if (row.payloadSha256 !== null) {
          report(null, `execution ${correlationId} is ${row.status}, and its payload was pruned`);
        }
      }
      for (const correlationId of withoutTrail.all(MAX_FINDINGS)) {
        report(null, `execution ${correlationId} has a row and no trail`);
      }
    },
  };
}

function prepareReads(client: Database) {
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
  return { find, withoutTrail };
}
