// Port to CXone: the operations that the service needs, independent of the tenant's dialect.

import type { BodyNotes, EventOf, RawBody, StatusReport } from '../execution/event.ts';
import type { Dispatchable, Execution } from '../execution/execution.ts';
import type { Json } from '../execution/json.ts';

/** `spare`: a request that yields to all others, however long they take. */
export type RequestKind = 'execute' | 'poll' | 'spare';

/** The request that CXone responded to; null where a request belongs to no execution. */
export interface Requester {
  readonly call: 'execute' | 'poll' | 'token' | 'discovery';
  readonly actionId: string | null;
  readonly correlationId: string | null;
  readonly app: string | null;
}

/** Why no new access token is available, and since when (milliseconds since the Unix epoch). */
export interface TokenProblem {
  readonly reason: string;
  readonly since: number;
}

/** Until when the token endpoint wants no request, by the Retry-After of a response with this status. */
export interface TokenPause {
  readonly httpStatus: number;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** Refused tokens or responses of gateways that delay executions now. */
export interface GatewayReport {
  readonly kind: 'token-refused' | 'action-refused' | 'too-early' | 'request-timeout' | 'cut';
  /** One sentence without its full stop. */
  readonly message: string;
  /** The time of the first response, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly responses: number;
}

/** A host of CXone that cannot be reached, why not, and since when (milliseconds since the Unix epoch). */
export interface ConnectionProblem {
  readonly origin: string;
  readonly reason: string;
  readonly since: number;
}

/** The response that paused all requests. */
export interface PauseCause extends Requester {
  readonly httpStatus: number;
  /** The time of the response, in milliseconds since the Unix epoch. */
  readonly since: number;
}

/** A pause of all requests to CXone; `until` is its end, in milliseconds since the Unix epoch. */
export interface UpstreamPause extends PauseCause {
  readonly until: number;
}

/** Permission for one request. It counts against the concurrency limit until one of its methods is called. */
export interface Permit {
  /** The request was made, with any outcome. */
  release(): void;
  /** No request was made: its token goes back to the rate limit. */
  cancel(): void;
}

interface Exchange {
  /** 0 if no HTTP response was received. */
  readonly httpStatus: number;
  readonly latencyMs: number;
}

/** CXone's response to a submission, classified by whether the submission may be sent again. */
export type SubmitResponse =
  | (Exchange & Omit<EventOf<'submitted'>, 'spreadMs' | 'soonestMs' | 'callbackless'>)
  | (Exchange & { readonly type: 'refused'; readonly message: string })
  /** Certainly not processed. May be sent again after `retryAfterMs`. */
  | (Exchange & {
      readonly type: 'unsent';
      readonly message: string;
      readonly retryAfterMs: number;
      /** True if only this execution is affected: other requests pass. */
      readonly isolated?: boolean;
    })
  /** CXone may have received it. */
  | (Exchange & { readonly type: 'uncertain'; readonly message: string; readonly retryAfterMs: number });

export type PollResponse =
  | (Exchange &
      Pick<EventOf<'polled'>, 'type' | 'report' | 'namedExecutionId' | 'notes' | 'cut'> & {
        /** Retry-After; 0 or left out for none. */
        readonly retryAfterMs?: number;
      })
  /** A 404: see `poll-not-found` of the state machine. */
  | (Exchange & {
      readonly type: 'not-found';
      readonly message: string;
      readonly confirmAfterMs: number;
      readonly isNotYet: boolean;
      /** Retry-After; 0 or left out for none. */
      readonly retryAfterMs?: number;
    })
  /** `asked`: CXone may have looked up the execution. */
  | (Exchange & {
      readonly type: 'failed';
      readonly message: string;
      readonly asked: boolean;
      readonly retryAfterMs: number;
      /** True if only this execution cannot be polled: other polls pass. */
      readonly isolated?: boolean;
      /** The document of a response that was cut off after it: it counts as the last poll. */
      readonly found?: Pick<Extract<PollResponse, { type: 'polled' }>, 'report' | 'namedExecutionId' | 'notes'> & {
        readonly cut: string;
      };
    });

/** A callback body, read with the profile. */
export type ParsedCallback =
  | Omit<EventOf<'callback'>, 'origin'>
  | Pick<EventOf<'callback-unreadable'>, 'type' | 'reason' | 'executionId' | 'unusableId' | 'quotedToken'>;

export interface CallbackScan {
  write(chunk: Uint8Array): void;
  /** Returns null for a body other than a complete JSON document. Without a status it reports progress. */
  end(): Promise<LargeCallback | null>;
}

export interface LargeCallback extends Extract<ParsedCallback, { type: 'callback' }> {
  /** Whether CXone can be polled about executions with an executionId. */
  readonly isPollable: boolean;
}

/** A report in the body of a response. */
export interface ParsedResponse {
  readonly report: StatusReport;
  readonly notes?: BodyNotes;
}

/** A part of a submission that the tenant's dialect cannot carry. */
export interface UnsupportedPart {
  /** JSON Pointer into the submission. */
  readonly pointer: string;
  readonly detail: string;
}

/** Parses and compares documents with many values outside the thread that answers callbacks. */
export interface LargeBodies {
  /** Returns whether a body may have more values than are parsed without delaying callbacks. */
  isLarge(body: Uint8Array): boolean;
  /** Parses a callback body. A large result stays text. @throws {TooManyValues} */
  parseCallback(body: Uint8Array, contentType: string | null): Promise<ParsedCallback>;
  /** Prepares a comparison of two documents, so that it takes no time if they are large. */
  prepareComparison(one: Json, other: Json): Promise<void>;
}

/** The memory for large bodies does not suffice. */
export class TooManyValues extends Error {
  override readonly name = 'TooManyValues';

  constructor() {
    super('the body has too many values for the memory of the receiver');
  }
}

export interface Cxone {
  /**
   * Waits until CXone may be called, then grants one to `max` permits at once. Executes and polls are served by turns,
   * spare requests when no other request waits, and only as long as one more execute or poll could be sent at once.
   * Resolves with none when the signal aborts.
   */
  permits(kind: RequestKind, max: number, signal: AbortSignal): Promise<Permit[]>;
  /** Obtains a token before any execution is claimed. @throws {TokenUnavailable} */
  authorize(): Promise<void>;
  /** Submits. Never throws for a failure of CXone or the network. */
  execute(execution: Dispatchable, callbackUrl: string): Promise<SubmitResponse>;
  /** Polls an execution that has an executionId or a poll address. Never throws for a failure of CXone or the network. */
  poll(execution: Execution): Promise<PollResponse>;
  /** Returns the parts of a submission that cannot be sent; empty if it can be sent. A promise if it takes long. */
  unsupportedParts(
    submission: Pick<Dispatchable, 'actionId' | 'inputs' | 'context'>,
  ): readonly UnsupportedPart[] | Promise<readonly UnsupportedPart[]>;
  parseCallback(body: Uint8Array, contentType: string | null): ParsedCallback;
  readonly largeBodies: LargeBodies;
  /** Reads a callback body of any size, chunk by chunk, in bounded memory. */
  scanCallback(): CallbackScan;
  /** Parses the kept body of a poll or submit response. Returns null without a readable status. */
  parseResponse(channel: 'poll' | 'submit', body: RawBody): Promise<ParsedResponse | null>;
}

export interface LimiterState {
  /** Requests that may be in flight now. */
  readonly limit: number;
  readonly inFlight: number;
  readonly waiting: { readonly [Kind in RequestKind | 'urgent']: number };
  /** Milliseconds since the Unix epoch; 0 when nothing is paused. */
  readonly pausedUntil: number;
  /** The current pause; null when nothing is paused. */
  readonly pause: UpstreamPause | null;
  /** Pauses since the start. */
  readonly pauses: number;
  /** Requests that the rate allows now. */
  readonly tokens: number;
  /** Null before the first response. */
  readonly averageLatencyMs: number | null;
}

/** What is known of the receiver that sent before. */
export interface SentBefore {
  readonly pause: UpstreamPause | null;
  /** Requests that it allowed to be in flight; 0: not known. */
  readonly limit: number;
  readonly inFlight: number;
  /** The numbers of its requests in the parts of the last second, the newest first; null: not known. */
  readonly sent: readonly number[] | null;
}

/** What the receiver that sends knows of CXone, what operators change of it, and what passes from one such receiver to the next. */
export interface CxoneControls {
  limiterState(): LimiterState;
  /** Ends the current pause and returns it; null when nothing is paused. */
  liftPause(): UpstreamPause | null;
  /** Takes over a pause that a response to another receiver has caused. A longer current pause stays. */
  takePause(pause: UpstreamPause): void;
  /** Continues as the receiver that sent before: with its pause, and with what its requests leave of its limit and of the rate. */
  continueFrom(before: SentBefore): void;
  /** Returns the numbers of requests in the parts of the last second, the newest first. */
  sentLately(): readonly number[];
  /** Returns until when the token endpoint wants no request; null without such a pause. */
  tokenPause(): TokenPause | null;
  /** Takes over such a pause from another receiver. A longer one stays. */
  takeTokenPause(pause: TokenPause): void;
  /** Returns why no new access token is available; null while there is no problem. */
  tokenProblem(): TokenProblem | null;
  /** Returns the refused tokens and responses of gateways that delay executions now. */
  gatewayReports(): readonly GatewayReport[];
  /** Returns the hosts of CXone that cannot be reached now. */
  connectionProblems(): readonly ConnectionProblem[];
}

/** No token is available. The message gives the reason without secrets. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
  readonly retryAfterMs: number;
  /** Status of the response to the token request; 0 without a response. */
  readonly httpStatus: number;
  /** The `error` of an OAuth response; null without one. */
  readonly errorCode: string | null;

  constructor(message: string, { retryAfterMs = 0, httpStatus = 0, errorCode = null as string | null } = {}) {
    super(message);
    this.retryAfterMs = retryAfterMs;
    this.httpStatus = httpStatus;
    this.errorCode = errorCode;
  }

  /** Returns the same error for a caller that may try again after `retryAfterMs`. */
  until(retryAfterMs: number): TokenUnavailable {
    return new TokenUnavailable(this.message, { ...this, retryAfterMs });
  }
}

export interface PollInterval {
  /** First spacing of polls. */
  readonly pollIntervalMs: number;
  /** Minimum time between two polls of one execution, the last one included, and before the first one. */
  readonly minPollIntervalMs: number;
  /** CXone receives no callback URL. */
  readonly callbackless: boolean;
}
