// Events of the state machine, and the audit entries that they leave.

import type { Json, JsonObject } from './json.ts';

/** Status of an execution as CXone reports it in a submit response, a poll response or a callback. */
export interface StatusReport {
  readonly kind: 'progress' | 'completed' | 'failed';
  /** CXone's own status word; null if there was none. */
  readonly statusWord: string | null;
  readonly result: Json;
  readonly error: Json;
  /** Beginning of a result that was too large; left out for other results. */
  readonly evidence?: Uint8Array;
  /** True if the profile lists the word nowhere, not even among the progress words. */
  readonly isUnknownWord?: true;
}

/** An executionId in a response or callback that cannot be used: the reason, with the beginning of the id. */
interface Named {
  readonly unusableId?: string;
}

/** A member with a value that no pointer of the profile reads. */
export interface UnreadMember {
  /** JSON Pointer into the document. */
  readonly pointer: string;
  /** Its value, if it is a short text or number. */
  readonly text: string | null;
}

/** What a body contained besides its report, as far as the audit trail states and keeps it. */
export interface BodyNotes {
  /** JSON Pointers to NaN and Infinity, which are read as null. */
  readonly nonFinite: readonly string[];
  readonly unread: readonly UnreadMember[];
  /** The line of the profile that would read the unread members, for example `"callback.result": "/output"`; null without any. */
  readonly profileLine: string | null;
  readonly body: RawBody;
}

/** Left out if there is nothing to note. */
interface Noted {
  readonly notes?: BodyNotes;
}

/** Response to a request to CXone: its status (0 for none) and its latency in milliseconds. */
interface Answered {
  readonly httpStatus: number;
  readonly latencyMs: number;
}

/** When an execution that stays open is polled next; `notBefore` also applies to the last poll at the deadline. */
export interface NextPoll {
  readonly nextPollAt: number;
  readonly notBefore?: number;
  /** The `pollAt` under which a poll after the end was claimed; left out for a poll that was not scheduled. */
  readonly leasedUntil?: number | null;
}

/** Who requested a poll or had a body read again, for its audit entry; left out for the schedule. */
interface Requested {
  readonly origin?: JsonObject;
}

/** The event of one type. */
export type EventOf<Type extends ExecutionEvent['type']> = Extract<ExecutionEvent, { readonly type: Type }>;

export type ExecutionEvent = AnyEvent & {
  /** True if CXone's words quoted a callback token, which has been replaced in them. */
  readonly quotedToken?: true;
};

type AnyEvent =
  /** The execution is about to be sent. */
  | {
      readonly type: 'dispatched';
      /** True if it may have been sent before, as that of a restored backup: its queue timeout then says nothing. */
      readonly wasPerhapsSent?: boolean;
    }
  /** CXone accepted it (2xx). */
  | (Answered &
      Named &
      Noted & {
        readonly type: 'submitted';
        readonly executionId: string | null;
        /** The address to poll, from the Location header; null or left out for none. */
        readonly pollUrl?: string | null;
        /** Why the Location header gives no address. */
        readonly unusablePollUrl?: string;
        /** Cookies of the gateway, for the polls; left out without any. */
        readonly cookies?: string;
        readonly report: StatusReport;
        /** Retry-After of the response, in milliseconds: a floor for the first poll, at the deadline at the latest. */
        readonly retryAfterMs?: number;
        /** Delay of the first poll after the grace period, in milliseconds. */
        readonly spreadMs: number;
        /** Minimum delay of the first poll after the response, in milliseconds; 0 by default. */
        readonly soonestMs?: number;
        /** No callback will come: polling does not wait for the grace period, which still counts for the deadline. */
        readonly callbackless?: boolean;
        /** Why the response was cut off; left out if it was complete. */
        readonly cut?: string;
      })
  /** CXone refused it (4xx): this attempt never runs. */
  | (Answered & { readonly type: 'refused'; readonly message: string })
  /** It is due to be sent, but there is no access token: it stays queued. */
  | { readonly type: 'held'; readonly httpStatus: number; readonly message: string }
  /** CXone certainly did not process it: it returns to the queue. */
  | (Answered & {
      readonly type: 'unsent';
      readonly message: string;
      readonly retryAt: number;
      readonly giveUpAt: number;
    })
  /** CXone may have received it; `retryAt` is null unless a second POST is allowed and still in time. */
  | (Answered & {
      readonly type: 'uncertain';
      readonly message: string;
      readonly retryAt: number | null;
      readonly giveUpAt: number;
    })
  | (Named &
      Requested &
      Noted & {
        readonly type: 'callback';
        readonly executionId: string | null;
        readonly report: StatusReport;
      })
  /** A callback without proof (CALLBACK_TRUST=verify): only a reason to poll CXone. */
  | (Named &
      Requested &
      Noted & {
        readonly type: 'unverified-callback';
        readonly executionId: string | null;
        readonly report: StatusReport;
      })
  /** A callback with an unreadable body: the bytes are kept and CXone is polled at once. */
  | (Named &
      Requested & {
        readonly type: 'callback-unreadable';
        readonly reason: string;
        readonly body: RawBody | null;
        /** The executionId, where the body shows it all the same; null or left out for none. */
        readonly executionId?: string | null;
        /** True if it has no proof (CALLBACK_TRUST=verify); left out otherwise. */
        readonly isUnverified?: boolean;
      })
  /** The kept body of a response, read again with the present profile. */
  | (Requested &
      Noted & {
        readonly type: 'response-reread';
        readonly channel: 'poll' | 'submit';
        readonly report: StatusReport;
      })
  /** A genuine callback with a body over the limit of a request, as far as a scan of it found out. */
  | (Named & {
      readonly type: 'callback-too-large';
      readonly reason: string;
      readonly executionId: string | null;
      readonly report: StatusReport;
      /** Whether CXone can be polled about executions with an executionId. */
      readonly isPollable: boolean;
    })
  /** A poll response with a status. `polledExecutionId` defaults to the current one; `final`: polled at or after the deadline. */
  | (Answered &
      Requested &
      Noted &
      NextPoll & {
        readonly type: 'polled';
        readonly polledExecutionId?: string | null;
        /** The executionId that the response names; null or left out for none. */
        readonly namedExecutionId?: string | null;
        readonly report: StatusReport;
        readonly final: boolean;
        /** Why the response was cut off; left out if it was complete. */
        readonly cut?: string;
      })
  | (Answered & Requested & NextPoll & { readonly type: 'poll-failed'; readonly message: string })
  /** A 404. Only a second one, `confirmAfterMs` after the first and after the acceptance, shows that the execution is gone. */
  | (Answered &
      Requested &
      NextPoll & {
        readonly type: 'poll-not-found';
        readonly polledExecutionId?: string | null;
        readonly message: string;
        readonly confirmAfterMs: number;
        /** True if a 404 before the deadline means that the execution is not visible yet. */
        readonly isNotYet: boolean;
        /** Retry-After; 0 or left out for none. */
        readonly retryAfterMs?: number;
        readonly final: boolean;
      })
  /** An app or an operator requests a poll at once. */
  | { readonly type: 'poll-requested'; readonly by: string }
  /** Its queue time-out (while queued) or its deadline has passed. */
  | { readonly type: 'expired'; readonly message?: string }
  | { readonly type: 'cancelled'; readonly by: string };

export interface RawBody {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  /** The codings that the bytes still have; left out without any. */
  readonly contentEncoding?: string | null;
}

export const AUDIT_EVENTS = [
  'ACCEPTED',
  'DISPATCHED',
  'SUBMITTED',
  'FAILED',
  'NETWORK_ERROR',
  'RATE_LIMITED',
  'TOKEN_ERROR',
  'CALLBACK_COMPLETED',
  'CALLBACK_PROGRESS',
  'CALLBACK_HINT',
  'CALLBACK_DUPLICATE',
  'CALLBACK_CONFLICT',
  'CALLBACK_LATE',
  'CALLBACK_UNREADABLE',
  'CALLBACK_MISMATCH',
  'POLL_REQUESTED',
  'POLL_COMPLETED',
  'POLL_PROGRESS',
  'POLL_ERROR',
  'POLL_404',
  'POLL_MISMATCH',
  'POLL_TIMEOUT',
  'QUEUE_TIMEOUT',
  'CANCELLED',
  'CANCEL_IGNORED',
  'NOTIFICATION_DELIVERED',
  'NOTIFICATION_FAILED',
  'NOTIFICATION_DEAD',
  'NOTIFICATION_REPLAYED',
  'HELD',
  'RELEASED',
  'ERASED',
  'RESUBMITTED',
] as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** Events that a caller can repeat without limit, and that change no outcome. */
export const CALLED_EVENTS = [
  'CALLBACK_PROGRESS',
  'CALLBACK_HINT',
  'CALLBACK_DUPLICATE',
  'CALLBACK_CONFLICT',
  'CALLBACK_UNREADABLE',
  'CALLBACK_MISMATCH',
  'POLL_REQUESTED',
  'CANCEL_IGNORED',
] as const satisfies readonly AuditEvent[];

/**
 * Events whose numerous repeats are counted in one entry: those that callers repeat, and the polls that an execution causes for
 * as long as it is open, or as callers request them.
 */
export const REPEATABLE_EVENTS = [
  ...CALLED_EVENTS,
  ...(['POLL_PROGRESS', 'POLL_ERROR', 'POLL_MISMATCH'] as const),
] as const satisfies readonly AuditEvent[];

/** Audit entry as a transition writes it; the store adds the identifiers, the time and the hash chain. */
export interface AuditDraft extends Pick<AuditEntry, 'event' | 'latencyMs' | 'httpStatus' | 'detail'> {
  /** Bytes kept outside of the hashed entry. */
  readonly body: RawBody | null;
}

/** Audit entry as it is stored. */
export interface AuditEntry {
  readonly id: number;
  readonly timestamp: number;
  readonly event: AuditEvent;
  readonly actionId: string;
  readonly correlationId: string;
  readonly executionId: string | null;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly app: string;
  readonly detail: JsonObject;
}

export type ResponseFacts = Pick<AuditEntry, 'httpStatus' | 'latencyMs'>;

export const NO_RESPONSE: ResponseFacts = { httpStatus: null, latencyMs: null };

export function draftOf(event: AuditEvent, detail: JsonObject, answered: ResponseFacts = NO_RESPONSE): AuditDraft {
  return { event, latencyMs: answered.latencyMs, httpStatus: answered.httpStatus, detail, body: null };
}
