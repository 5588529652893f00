// Audit entries in the form that is hashed and exported.

import { hash } from 'node:crypto';
import type { AuditDraft, AuditEntry, AuditEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { type JsonObject, MAX_PARSED_LENGTH, readJson, writeJson } from '../../execution/json.ts';
import { readMembers } from '../../execution/json-members.ts';
import { isoTime } from '../../lib/time.ts';

/** An audit entry in the form in which it is hashed, exported and shown by the view `audit_events`. */
export interface AuditRow extends Omit<AuditEntry, 'timestamp' | 'event' | 'detail'> {
  readonly timestamp: string;
  readonly event: string;
  readonly detail: string;
  readonly hash: string;
}

/** Returns the detail of an entry with what it states of its body. */
export function detailWithBody({ detail, body }: AuditDraft): JsonObject {
  if (body === null) return detail;
  const { bytes, contentEncoding = null } = body;
  const coded = contentEncoding === null ? {} : { contentEncoding };
  return { ...detail, ...coded, bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') };
}

export function toAuditRow(id: number, now: number, execution: Execution, draft: AuditDraft): Omit<AuditRow, 'hash'> {
  return {
    id,
    timestamp: isoTime(now),
    event: draft.event,
    actionId: execution.actionId,
    correlationId: execution.correlationId,
    executionId: execution.executionId,
    latencyMs: draft.latencyMs,
    httpStatus: draft.httpStatus,
    app: execution.app,
    detail: writeJson(draft.detail),
  };
}

export function toAuditEntry(row: Omit<AuditRow, 'hash'>): AuditEntry {
  return {
    id: row.id,
    timestamp: Date.parse(row.timestamp),
    event: row.event as AuditEvent,
    actionId: row.actionId,
    correlationId: row.correlationId,
    executionId: row.executionId,
    latencyMs: row.latencyMs,
    httpStatus: row.httpStatus,
    app: row.app,
    detail: detailIn(row.detail),
  };
}

/** A result that an entry quotes stays text if it is large. */
export function detailIn(text: string): JsonObject {
  // promise: long-detail-is-not-parsed
  return text.length > MAX_PARSED_LENGTH ? readMembers(text) : (readJson(text) as JsonObject);
}
