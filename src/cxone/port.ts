// What the service needs of CXone, whatever the tenant's dialect.

import type { StatusReport } from '../execution/event.ts';
import type { Dispatchable, Execution } from '../execution/execution.ts';

/** `spare`: a request that can wait for as long as anything else goes on. */
export type RequestKind = 'execute' | 'poll' | 'spare';

/** Permission to make one request; it counts against the concurrency until one of these is called. */
export interface Permit {
  /** The request was made, whatever became of it. */
  release(): void;
  /** No request was made: its place in the rate is free again, too. */
  cancel(): void;
}

interface Answered {
  /** 0 when no HTTP answer came. */
  readonly httpStatus: number;
  readonly latencyMs: number;
}

/** CXone's answer to a submission, told apart by what it means for sending again. */
export type SubmitResponse =
  | (Answered & { readonly type: 'submitted'; readonly executionId: string | null; readonly report: StatusReport })
  | (Answered & { readonly type: 'refused'; readonly message: string })
  /** Surely not processed; not to be sent again for `retryAfterMs`. */
  | (Answered & { readonly type: 'unsent'; readonly message: string; readonly retryAfterMs: number })
  /** CXone may have received it. */
  | (Answered & { readonly type: 'uncertain'; readonly message: string; readonly retryAfterMs: number });

export type PollResponse =
  | (Answered & { readonly type: 'polled'; readonly report: StatusReport })
  | (Answered & { readonly type: 'not-found'; readonly message: string })
  /** `asked`: whether CXone may have looked the execution up at all. */
  | (Answered & {
      readonly type: 'failed';
      readonly message: string;
      readonly asked: boolean;
      readonly retryAfterMs: number;
    });

/** What a callback body says, in the profile's words. */
export type ParsedCallback =
  | { readonly type: 'callback'; readonly executionId: string | null; readonly report: StatusReport }
  | { readonly type: 'callback-unreadable'; readonly reason: string };

/** A part of a submission that the tenant's dialect cannot carry. */
export interface UnsupportedPart {
  /** JSON Pointer into the submission. */
  readonly pointer: string;
  readonly detail: string;
}

export interface Cxone {
  /**
   * Waits until CXone may be called, then grants one to `max` permits at once. Executes and polls are served by turns,
   * spare requests when nobody else waits, and only so many that one more execute or poll can leave at once.
   * Resolves with none when the signal aborts.
   */
  permits(kind: RequestKind, max: number, signal: AbortSignal): Promise<Permit[]>;
  /** Makes sure a token is at hand before anything is claimed. @throws {TokenUnavailable} */
  authorize(): Promise<void>;
  /** Never throws for what CXone or the network does. */
  execute(execution: Dispatchable, callbackUrl: string): Promise<SubmitResponse>;
  /** Never throws for what CXone or the network does; the execution has an executionId. */
  poll(execution: Execution): Promise<PollResponse>;
  /** What keeps a submission from being sent at all; nothing when it can be. */
  unsupportedParts(submission: Pick<Dispatchable, 'actionId' | 'inputs' | 'context'>): readonly UnsupportedPart[];
  parseCallback(body: Uint8Array, contentType: string | null): ParsedCallback;
}

/** No token could be had: the message says why without naming a secret. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
  readonly retryAfterMs: number;
  /** What the token request was answered with; 0 when it was not answered. */
  readonly httpStatus: number;

  constructor(message: string, { retryAfterMs = 0, httpStatus = 0 } = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.httpStatus = httpStatus;
  }

  /** Returns the same error for a caller that may try again after `retryAfterMs`. */
  until(retryAfterMs: number): TokenUnavailable {
    return new TokenUnavailable(this.message, { retryAfterMs, httpStatus: this.httpStatus });
  }
}
