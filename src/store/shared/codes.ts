// Codes of words in the tables. They are stored and never change.

import type { AuditEvent } from '../../execution/event.ts';
import { OPEN_STATUSES, type ResolvedBy, type Status } from '../../execution/execution.ts';

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

/** The codes of open executions. */
export const OPEN_CODES: readonly number[] = OPEN_STATUSES.map((status) => STATUS_CODES[status]);

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
