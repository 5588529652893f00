// Checks the rows of executions against their trails: an execution is ended by its last entry, and open without such an entry.

import type { AuditEvent } from '../../execution/event.ts';
import { isTerminal } from '../../execution/execution.ts';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { type AuditedOutcome, outcomeFromAudit } from '../../execution/outcome-from-audit.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import type { Finding } from '../verification.ts';
import { parseDetail, reporter } from './findings.ts';
import type { StoredRest, StoredRows, StoredState } from './stored.ts';

/** Returns the outcome hash: the stored hash of a pruned payload, or the computed one. A payload that exists is always hashed. */
function outcomeOf({ payloadSha256, hasOutcome, outcomeSha256 }: StoredState): string | undefined {
  if (payloadSha256 === null || hasOutcome) return outcomeSha256;
  const hashes = parseDetail(payloadSha256);
  return isJsonObject(hashes) && typeof hashes['outcome'] === 'string' ? hashes['outcome'] : undefined;
}

/** Erasures of earlier versions removed the note that a failure did not end its execution. Entries of 0.1.0 have no seal. */
function mayLackNote({ event }: AuditRow, detail: Json): boolean {
  return event === 'FAILED' && isJsonObject(detail) && detail['erased'] === true && !('outcomeSha256' in detail);
}

/** Returns whether an entry may end its execution: its row is then compared. */
export function mayEnd({ event, detail }: Pick<AuditRow, 'event' | 'detail'>): boolean {
  return outcomeFromAudit(event as AuditEvent, parseDetail(detail)) !== null;
}

/** @param isPartial true if rows may be missing that exports did not contain. */
export function createRowCheck(isPartial: boolean) {
  /** Executions accepted and not yet ended in the walk. Executions accepted before the checkpoint are not checked. */
  const open = new Map<string, number>();
  const findings: Finding[] = [];
  const report = reporter(findings, 'row');

  function checkEnded(entry: AuditRow, rows: StoredRows): void {
    const detail = parseDetail(entry.detail);
    const ending = outcomeFromAudit(entry.event as AuditEvent, detail);
    if (ending === null) return;
    const row = rows.execution(entry.correlationId);
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

  function checkState(entry: AuditRow, row: StoredState, { status, resolvedBy }: AuditedOutcome): void {
    const { timestamp: resolvedAt, actionId, app } = entry;
    for (const [name, value] of Object.entries({ status, resolvedBy, resolvedAt, actionId, app })) {
      const stored = row[name as keyof StoredState];
      if (stored === value) continue;
      const execution = `execution ${entry.correlationId}`;
      report(entry.id, `${name} of ${execution} is ${stored}, but ${value} in entry ${entry.id} of its trail`);
    }
  }

  /** @param seal undefined in entries of version 0.1.0. */
  function checkPayload({ id, correlationId, timestamp }: AuditRow, row: StoredState, seal: unknown): void {
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
    skipAccepted: (): void => open.clear(),
    entry: (entry: AuditRow, rows: StoredRows): void => {
      if (entry.event === 'ACCEPTED') open.set(entry.correlationId, entry.id);
      else if (open.has(entry.correlationId)) checkEnded(entry, rows);
    },
    /** Returns the executions that no entry has ended, whose rows are compared at the end. */
    open: (): string[] => [...open.keys()],
    end: ({ execution, withoutTrail }: StoredRest): void => {
      if (isPartial) return;
      for (const [correlationId, entry] of open) {
        const row = execution(correlationId);
        if (row === undefined) report(entry, `execution ${correlationId} has a trail and no row`);
        else if (isTerminal(row.status)) {
          report(null, `execution ${correlationId} is ${row.status}, and its trail has no entry that ends it`);
        } else if (row.payloadSha256 !== null) {
          report(null, `execution ${correlationId} is ${row.status}, and its payload was pruned`);
        }
      }
      for (const correlationId of withoutTrail) report(null, `execution ${correlationId} has a row and no trail`);
    },
  };
}
