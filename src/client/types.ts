// Types of the receiver's requests and responses. Tests compare them with the service and its OpenAPI document.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export type OpenStatus = 'QUEUED' | 'UNCONFIRMED' | 'PENDING';
export type TerminalStatus = 'COMPLETED' | 'FAILED' | 'REJECTED' | 'NOT_FOUND' | 'TIMEOUT' | 'CANCELLED';
export type Status = OpenStatus | TerminalStatus;

/** The channel of a result. */
type Way = 'callback' | 'poll' | 'submit';
export type ResolvedBy = Way | 'deadline' | 'cancel';

export interface Submission {
  readonly actionId: string;
  readonly inputs?: JsonObject;
  readonly context?: JsonObject;
  /** The app's id, unique over all apps. The client adds one if the submission has neither this nor an idempotency key. */
  readonly correlationId?: string;
  /** How long CXone is polled after the grace period: 5 to 120. Default 30. */
  readonly timeoutSeconds?: number;
  /** The wait for CXone's callback before polling: 0 to 86,400. */
  readonly graceSeconds?: number;
  /** Whether a submission with an uncertain result is sent again. The action may then run twice. */
  readonly retryUncertain?: boolean;
  /** 0 to 9; higher is first among the app's own submissions. Default 4. */
  readonly priority?: number;
  readonly notifyUrl?: string;
}

/** A result that arrived after the execution had ended without one. */
export interface LateResult {
  readonly status: 'COMPLETED' | 'FAILED';
  readonly result: Json;
  readonly error: Json;
  readonly via: Way;
  readonly receivedAt: string;
}

/** An execution. Times are ISO 8601 in UTC, and null until they are known. */
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
  /** When an administrator erased its content: `result` and `error` are null. Absent unless it was erased. */
  readonly erasedAt?: string;
  /** The `correlationId` of the execution that it repeats, because an administrator had that one submitted again. */
  readonly resubmissionOf?: string;
  /** The `correlationId` of the execution that repeats it. */
  readonly resubmittedAs?: string;
  /** Why it is in the queue. Only of a `QUEUED` execution that is read alone. */
  readonly wait?: QueueWait;
}

export interface QueueWait {
  /** In the queue of its app, from 1, counted up to a limit. */
  readonly position: number;
  readonly reason: 'paused' | 'cxone-pause' | 'no-token' | 'no-connection' | 'retry' | 'limits';
  /** When the cause began; null where that is not known. */
  readonly since: string | null;
  /** When the cause ends; null where that is not known. */
  readonly until: string | null;
  /** For operators: what CXone or the network states of the cause; null for apps. */
  readonly detail: string | null;
}

/** An execution that has its outcome, which never changes. */
export interface EndedExecution extends Execution {
  readonly status: TerminalStatus;
  readonly resolvedBy: ResolvedBy;
  readonly resolvedAt: string;
  readonly totalLatencyMs: number;
}

type OfSending = 'ACCEPTED' | 'DISPATCHED' | 'SUBMITTED' | 'FAILED' | 'NETWORK_ERROR' | 'RATE_LIMITED' | 'TOKEN_ERROR';
type OfCallback = 'COMPLETED' | 'PROGRESS' | 'HINT' | 'DUPLICATE' | 'CONFLICT' | 'LATE' | 'UNREADABLE' | 'MISMATCH';
type OfPoll = 'REQUESTED' | 'COMPLETED' | 'PROGRESS' | 'ERROR' | '404' | 'MISMATCH' | 'TIMEOUT';
type OfEnd = 'QUEUE_TIMEOUT' | 'CANCELLED' | 'CANCEL_IGNORED';
type OfRetention = 'HELD' | 'RELEASED' | 'ERASED';
type OfRepetition = 'RESUBMITTED';
type OfNotice = 'DELIVERED' | 'FAILED' | 'DEAD' | 'REPLAYED';
export type AuditEvent =
  | OfSending
  | `CALLBACK_${OfCallback}`
  | `POLL_${OfPoll}`
  | OfEnd
  | `NOTIFICATION_${OfNotice}`
  | OfRetention
  | OfRepetition;

export interface AuditEntry {
  readonly id: number;
  readonly timestamp: string;
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly correlationId: string;
  readonly executionId: string | null;
  readonly latencyMs: number | null;
  /** The status of the response that the entry records; 0 if none arrived. */
  readonly httpStatus: number | null;
  readonly app: string;
  readonly detail: JsonObject;
}

/** An audit entry as a live event. A stream resumes after its `id`. */
export interface LiveEvent extends AuditEntry {
  /** The outcome, on the entry that recorded it; otherwise null. */
  readonly terminalStatus: TerminalStatus | null;
}

export type NotificationType = `execution.${Lowercase<TerminalStatus> | 'late_result'}`;

/** The body of a notification to an app (Standard Webhooks). */
export interface NotificationPayload {
  readonly type: NotificationType;
  /** The time of the outcome, or of the late result. */
  readonly timestamp: string;
  readonly data: NotifiedExecution;
}

/** With a `link`, all results and errors are null: `get` the execution to read them (NOTIFY_LINK_ABOVE_BYTES). */
export type NotifiedExecution = EndedExecution & { readonly link?: string };

export type NotificationStatus = 'PENDING' | 'DELIVERED' | 'DEAD';

/** The delivery of a notification. Times are ISO 8601 in UTC. */
export interface Notification {
  /** The `webhook-id`: the same for all attempts and replays. */
  readonly id: string;
  readonly correlationId: string;
  readonly app: string;
  readonly type: NotificationType;
  readonly url: string;
  readonly status: NotificationStatus;
  readonly createdAt: string;
  /** Never in the past. Null if there is none, while its endpoint is paused, or if an earlier notification comes first. */
  readonly nextAttemptAt: string | null;
  /** Why it has not been sent. Only of a `PENDING` notification. */
  readonly wait?: NotificationWait;
  readonly giveUpAt: string;
  /** Since it was created or last replayed. */
  readonly attempts: number;
  readonly lastAttemptAt: string | null;
  /** 0: no response was received. */
  readonly lastHttpStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: string | null;
}

export interface NotificationWait {
  readonly reason: 'earlier-notification' | 'endpoint-paused' | 'endpoint-fails' | 'retry' | 'turn';
  /** Since when the endpoint is paused or fails; null otherwise. */
  readonly since: string | null;
  /** Other notifications that wait for the same endpoint, counted up to a limit. */
  readonly others: number;
}

/** Where notifications of an app go. Times are ISO 8601 in UTC. */
export interface Endpoint {
  readonly app: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Notifications that wait to be sent, counted up to a limit. */
  readonly waiting: number;
  /** Null: it does not fail. */
  readonly circuit: {
    readonly since: string;
    /** Failures in a row. */
    readonly failures: number;
    readonly reason: string | null;
    readonly nextProbeAt: string;
  } | null;
  /** Null: it is not paused. */
  readonly pause: { readonly since: string; readonly by: string; readonly reason: string | null } | null;
}

export interface Readiness {
  readonly ready: true;
  /** Empty. A receiver that is not ready responds with the problem `not-ready`. */
  readonly notReady: readonly string[];
  /** What to know although the receiver is ready. Absent without any. */
  readonly notices?: readonly string[];
}

/** Problems of the request itself: a repetition is refused again. */
type Mistake = 'bad-request' | 'malformed-json' | 'invalid-input' | 'invalid-header' | 'unauthorized' | 'forbidden';
type Misfit = 'body-too-large' | 'unsupported-media-type' | 'headers-too-large' | 'method-not-allowed' | 'not-found';
type Collision = 'correlation-id-taken' | 'idempotency-key-reused' | 'callback-mismatch';
/** Conflicts with the current state. */
type Moment =
  | 'execution-open'
  | 'execution-held'
  | 'count-differs'
  | 'cannot-be-polled'
  | 'notification-pending'
  | 'payload-pruned'
  | 'cannot-be-resubmitted'
  | 'reconciliation-running';
/** Problems that pass with time. */
type Fullness =
  | 'queue-full'
  | 'app-queue-full'
  | 'rate-limited'
  | 'too-many-streams'
  | 'too-many-replays'
  | 'too-many-searches'
  | 'too-many-failures';
type Crowd = 'too-many-bodies';
type Trouble = 'draining' | 'store-unavailable' | 'no-leader' | 'not-ready' | 'internal-error' | 'request-timeout';
export type ProblemName =
  | Mistake
  | Misfit
  | Collision
  | Moment
  | Fullness
  | Crowd
  | Trouble
  | 'events-pruned'
  | 'position-lost';

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
  /** Of an item of a batch that can be sent again: after how many seconds. */
  readonly retryAfter?: number;
  /** `events-pruned`, `position-lost`: the id after which the stream continues. */
  readonly resumeAfter?: number;
  /** `position-lost`: the cursor with which the list continues. */
  readonly resumeCursor?: string;
}

export type BatchItem =
  | {
      readonly status: 200 | 202;
      readonly execution: Execution;
      readonly replayed?: true;
      /** The results of other items fill the response, or this one cannot be read now: get the execution by itself. */
      readonly resultLeftOut?: true;
    }
  | { readonly status: number; readonly problem: Problem };

export interface BatchAnswer {
  /** One for each submission, in the same order. */
  readonly items: readonly BatchItem[];
  readonly accepted: number;
  readonly refused: number;
}
