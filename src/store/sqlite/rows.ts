// Short forms in the tables: codes of words, bytes of ids and hashes, JSON text. Audit entries in the form that is hashed and exported.

import type { AuditDraft, AuditEntry, AuditEvent } from '../../execution/event.ts';
import type { Execution, ResolvedBy, Status } from '../../execution/execution.ts';
import { type Json, type JsonObject, LargeJson, readJson, writeJson } from '../../execution/json.ts';
import { isoTime } from '../../lib/time.ts';

/** Codes in `execution_rows.status`. They are stored and never change. */
export const STATUS_CODES = {
  QUEUED: 1,
  UNCONFIRMED: 2,
  PENDING: 3,
  COMPLETED: 4,
  FAILED: 5,
  REJECTED: 6,
  NOT_FOUND: 7,
  TIMEOUT: 8,
  CANCELLED: 9,
} as const satisfies Record<Status, number>;

/** Status of a row that only names what entries of an import are about: it is not an execution. */
export const ONLY_NAMED = 0;

/** Codes in `execution_rows.resolved_by`. */
export const RESOLVED_BY_CODES = {
  callback: 1,
  poll: 2,
  submit: 3,
  deadline: 4,
  cancel: 5,
} as const satisfies Record<ResolvedBy, number>;

/** Codes in `audit_rows.event`; the table `audit_event_names` has the same ones for the views. */
export const EVENT_CODES = {
  ACCEPTED: 1,
  DISPATCHED: 2,
  SUBMITTED: 3,
  FAILED: 4,
  NETWORK_ERROR: 5,
  RATE_LIMITED: 6,
  TOKEN_ERROR: 7,
  CALLBACK_COMPLETED: 8,
  CALLBACK_PROGRESS: 9,
  CALLBACK_HINT: 10,
  CALLBACK_DUPLICATE: 11,
  CALLBACK_CONFLICT: 12,
  CALLBACK_LATE: 13,
  CALLBACK_UNREADABLE: 14,
  CALLBACK_MISMATCH: 15,
  POLL_REQUESTED: 16,
  POLL_COMPLETED: 17,
  POLL_PROGRESS: 18,
  POLL_ERROR: 19,
  POLL_404: 20,
  POLL_MISMATCH: 21,
  POLL_TIMEOUT: 22,
  QUEUE_TIMEOUT: 23,
  CANCELLED: 24,
  CANCEL_IGNORED: 25,
  NOTIFICATION_DELIVERED: 26,
  NOTIFICATION_FAILED: 27,
  NOTIFICATION_DEAD: 28,
  NOTIFICATION_REPLAYED: 29,
  HELD: 30,
  RELEASED: 31,
  ERASED: 32,
  RESUBMITTED: 33,
} as const satisfies Record<AuditEvent, number>;

const STATUSES = wordsOf<Status>(STATUS_CODES);
const RESOLVERS = wordsOf<ResolvedBy>(RESOLVED_BY_CODES);
const EVENTS = wordsOf<AuditEvent>(EVENT_CODES);

/** Returns the word of a code. A word that has no code is stored as it is. */
export const statusOf = (stored: unknown): Status => STATUSES[stored as number] ?? (stored as Status);
export const resolverOf = (stored: unknown): ResolvedBy | null => RESOLVERS[stored as number] ?? (stored as null);
export const eventOf = (stored: unknown): AuditEvent => EVENTS[stored as number] ?? (stored as AuditEvent);

function wordsOf<Word extends string>(codes: Readonly<Record<Word, number>>): readonly (Word | undefined)[] {
  const words: (Word | undefined)[] = [];
  for (const [word, code] of Object.entries<number>(codes)) words[code] = word as Word;
  return words;
}

/** An audit entry in the form in which it is hashed, exported and shown by the view `audit_events`. */
export interface AuditRow {
  readonly id: number;
  readonly timestamp: string;
  readonly event: string;
  readonly actionId: string;
  readonly correlationId: string;
  readonly executionId: string | null;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly app: string;
  readonly detail: string;
  readonly hash: string;
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
    detail: readJson(row.detail) as JsonObject,
  };
}

export function fromIso(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Returns the 16 bytes of a UUID in lower case, and any other text as it is. */
export function uuidBytes(text: string): Buffer | string {
  return UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : text;
}

/** Returns the text of what `uuidBytes` returned. */
export function uuidText(stored: unknown): string {
  if (!(stored instanceof Uint8Array)) return String(stored);
  // A buffer from another thread is a plain array of bytes.
  const hex = Buffer.from(stored).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Returns the 32 bytes of a SHA-256 in lower-case hex, and any other text as it is. */
export function hashBytes(text: string): Buffer | string {
  return SHA256.test(text) ? Buffer.from(text, 'hex') : text;
}

/** Returns the text of what `hashBytes` returned. */
export function hashText(stored: unknown): string {
  return Buffer.isBuffer(stored) ? stored.toString('hex') : String(stored);
}

/** Converts JSON null to SQL NULL, so that queries see an absent value. */
export function toJson(value: Json): string | null {
  return value === null ? null : writeJson(value);
}

export function fromJson(text: string | null): Json {
  return text === null ? null : LargeJson.from(text);
}
