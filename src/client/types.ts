// What the receiver takes and gives, as types. Tests hold them against the service and its OpenAPI document.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export type OpenStatus = 'QUEUED' | 'UNCONFIRMED' | 'PENDING';
export type TerminalStatus = 'COMPLETED' | 'FAILED' | 'REJECTED' | 'NOT_FOUND' | 'TIMEOUT' | 'CANCELLED';
export type Status = OpenStatus | TerminalStatus;

export type ResolvedBy = 'callback' | 'poll' | 'submit' | 'deadline' | 'cancel';

export interface Submission {
  readonly actionId: string;
  readonly inputs?: JsonObject;
  readonly context?: JsonObject;
  /** Your name for it, unique over all apps; the client gives it one when it has neither this nor an idempotency key. */
  readonly correlationId?: string;
  /** How long CXone is polled after the grace period: 5 to 120, 30 unless said. */
  readonly timeoutSeconds?: number;
  /** How long to wait for CXone's callback before polling: 0 to 86,400. */
  readonly graceSeconds?: number;
  /** Whether it may run twice rather than not at all. */
  readonly retryUncertain?: boolean;
  /** 0 to 9, higher first among your own; 4 unless said. */
  readonly priority?: number;
  readonly notifyUrl?: string;
}

/** A result that came after the execution had ended without one. */
export interface LateResult {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
  readonly via: 'callback' | 'poll' | 'submit';
  readonly receivedAt: string;
}

/** Times are ISO 8601 in UTC, null until they are known. */
export interface Execution {
  readonly correlationId: string;
  readonly actionId: string;
  readonly executionId: string | null;
  readonly status: Status;
  readonly resolvedBy: ResolvedBy | null;
  readonly result: Json;
  readonly error: Json;
  readonly submittedAt: string;
  readonly sentAt: string | null;
  readonly resolvedAt: string | null;
  readonly pollAfter: string | null;
  readonly deadline: string | null;
  readonly latencyMs: number | null;
  readonly totalLatencyMs: number | null;
  readonly pollCount: number;
  readonly lateResult: LateResult | null;
  readonly app: string;
}

/** An execution that has its outcome, which never changes. */
export interface EndedExecution extends Execution {
  readonly status: TerminalStatus;
  readonly resolvedBy: ResolvedBy;
  readonly resolvedAt: string;
  readonly totalLatencyMs: number;
}

export type AuditEvent =
  | 'ACCEPTED'
  | 'DISPATCHED'
  | 'SUBMITTED'
  | 'FAILED'
  | 'NETWORK_ERROR'
  | 'RATE_LIMITED'
  | 'TOKEN_ERROR'
  | 'CALLBACK_COMPLETED'
  | 'CALLBACK_PROGRESS'
  | 'CALLBACK_HINT'
  | 'CALLBACK_DUPLICATE'
  | 'CALLBACK_CONFLICT'
  | 'CALLBACK_LATE'
  | 'CALLBACK_UNREADABLE'
  | 'CALLBACK_MISMATCH'
  | 'POLL_COMPLETED'
  | 'POLL_PROGRESS'
  | 'POLL_ERROR'
  | 'POLL_404'
  | 'POLL_TIMEOUT'
  | 'QUEUE_TIMEOUT'
  | 'CANCELLED'
  | 'CANCEL_IGNORED'
  | 'NOTIFICATION_DELIVERED'
  | 'NOTIFICATION_FAILED'
  | 'NOTIFICATION_DEAD'
  | 'NOTIFICATION_REPLAYED';

export interface AuditEntry {
  readonly id: number;
  readonly timestamp: string;
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly correlationId: string;
  readonly executionId: string | null;
  readonly latencyMs: number | null;
  /** Of the answer it tells of; 0: no answer came. */
  readonly httpStatus: number | null;
  readonly app: string;
  readonly detail: JsonObject;
}

/** An audit entry as it is told live; its `id` is where to go on from. */
export interface LiveEvent extends AuditEntry {
  /** The outcome, on the one entry that brought it. */
  readonly terminalStatus: TerminalStatus | null;
}

export type NotificationType =
  | 'execution.completed'
  | 'execution.failed'
  | 'execution.rejected'
  | 'execution.not_found'
  | 'execution.timeout'
  | 'execution.cancelled'
  | 'execution.late_result';

/** What the receiver posts to an app (Standard Webhooks). */
export interface NotificationPayload {
  readonly type: NotificationType;
  /** When it ended, or the late result came. */
  readonly timestamp: string;
  readonly data: EndedExecution;
}

export type NotificationStatus = 'PENDING' | 'DELIVERED' | 'DEAD';

/** How far the telling has come. */
export interface Notification {
  /** The `webhook-id`: the same over all attempts and replays. */
  readonly id: string;
  readonly correlationId: string;
  readonly app: string;
  readonly type: NotificationType;
  readonly url: string;
  readonly status: NotificationStatus;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly giveUpAt: string;
  readonly attempts: number;
  readonly lastAttemptAt: string | null;
  /** 0: there was no answer. */
  readonly lastHttpStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: string | null;
}

export type ProblemName =
  | 'bad-request'
  | 'malformed-json'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'request-timeout'
  | 'correlation-id-taken'
  | 'callback-mismatch'
  | 'notification-pending'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'invalid-input'
  | 'idempotency-key-reused'
  | 'rate-limited'
  | 'app-queue-full'
  | 'too-many-failures'
  | 'headers-too-large'
  | 'internal-error'
  | 'queue-full'
  | 'draining'
  | 'store-unavailable'
  | 'not-ready'
  | 'invalid-header'
  | 'events-pruned'
  | 'too-many-streams';

/** One offending field: a JSON Pointer into the body or a query parameter, or a header. */
export interface FieldError {
  readonly pointer?: string;
  readonly header?: string;
  readonly detail: string;
}

/** RFC 9457. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** `events-pruned`: the id after which events are still kept. */
  readonly resumeAfter?: number;
}

export type BatchItem =
  | { readonly status: 200 | 202; readonly execution: Execution; readonly replayed?: true }
  | { readonly status: number; readonly problem: Problem };

export interface BatchAnswer {
  /** One for each submission, in their order. */
  readonly items: readonly BatchItem[];
  readonly accepted: number;
  readonly refused: number;
}
