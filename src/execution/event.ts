// Everything that can happen to an execution, and the audit entry each of them leaves.

import type { Json, JsonObject } from './json.ts';

/** What CXone says of an execution, in a submit answer, a poll answer or a callback. */
export interface StatusReport {
  readonly kind: 'progress' | 'completed' | 'failed';
  /** CXone's own status word; null where it gave none. */
  readonly statusWord: string | null;
  readonly result: Json;
  readonly error: Json;
}

/** An answer to an HTTP request of ours: its status (0 when none came) and the time it took in milliseconds. */
interface Answered {
  readonly httpStatus: number;
  readonly latencyMs: number;
}

/** When an execution that stays open is polled again; `notBefore` holds for the last poll at the deadline as well. */
interface Again {
  readonly nextPollAt: number;
  readonly notBefore?: number;
}

/** Who wanted a poll, where it was not the schedule: goes into its entry. */
interface Wanted {
  readonly origin?: JsonObject;
}

export type ExecutionEvent =
  /** It is about to be handed to the network. */
  | { readonly type: 'dispatched' }
  /** CXone took it (2xx). */
  | (Answered & {
      readonly type: 'submitted';
      readonly executionId: string | null;
      readonly report: StatusReport;
      /** How long after the grace period the first poll comes, in milliseconds. */
      readonly spreadMs: number;
      /** When polling may begin at the soonest, in milliseconds from the answer; at once unless said. */
      readonly soonestMs?: number;
      /** No callback will come, so that nothing is gained by letting the grace period pass; it still counts for the deadline. */
      readonly callbackless?: boolean;
    })
  /** CXone refused it (4xx): it will never run. */
  | (Answered & { readonly type: 'refused'; readonly message: string })
  /** It is due to be sent, but no token could be had: it stays where it is. */
  | { readonly type: 'held'; readonly httpStatus: number; readonly message: string }
  /** CXone surely did not process it: back into the queue. */
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
  | {
      readonly type: 'callback';
      readonly executionId: string | null;
      readonly report: StatusReport;
    }
  /** A callback that counts for nothing but as a reason to ask CXone. */
  | {
      readonly type: 'unverified-callback';
      readonly executionId: string | null;
      readonly report: StatusReport;
    }
  /** A callback with a good signature that nobody can read; its bytes are kept and CXone is asked at once. */
  | { readonly type: 'callback-unreadable'; readonly reason: string; readonly body: RawBody | null }
  /** A poll that CXone answered with a status; `asked`: for which executionId, its own unless said; `final` when it was asked at or after the deadline. */
  | (Answered &
      Wanted &
      Again & {
        readonly type: 'polled';
        readonly polledExecutionId?: string | null;
        readonly report: StatusReport;
        readonly final: boolean;
      })
  | (Answered & Wanted & Again & { readonly type: 'poll-failed'; readonly message: string })
  | (Answered &
      Wanted & {
        readonly type: 'poll-not-found';
        readonly polledExecutionId?: string | null;
        readonly message: string;
      })
  /** Somebody wants CXone to be asked at once. */
  | { readonly type: 'poll-requested'; readonly by: string }
  /** Its time is over: the queue time-out of a queued one, the deadline of any other. */
  | { readonly type: 'expired'; readonly message?: string }
  | { readonly type: 'cancelled'; readonly by: string };

export interface RawBody {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
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
  'POLL_TIMEOUT',
  'QUEUE_TIMEOUT',
  'CANCELLED',
  'CANCEL_IGNORED',
  'NOTIFICATION_DELIVERED',
  'NOTIFICATION_FAILED',
  'NOTIFICATION_DEAD',
  'NOTIFICATION_REPLAYED',
] as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** What a transition has to say for the audit trail; the store adds who, when and the chain. */
export interface AuditDraft {
  readonly event: AuditEvent;
  readonly latencyMs: number | null;
  readonly httpStatus: number | null;
  readonly detail: JsonObject;
  /** Bytes kept beside the trail, outside of the chained entry. */
  readonly body: RawBody | null;
}

/** An audit entry as it stands in the trail. */
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
