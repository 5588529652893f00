// Classifies CXone's responses by whether CXone may have received the request, since a submission is never sent twice. Pure.

import type { RawBody } from '../execution/event.ts';
import type { RefusalCause } from './auth/token-record.ts';
import { statusMessage } from './error-message.ts';
import {
  type LargeBody,
  type ParsedPollResponse,
  type ParsedSubmitResponse,
  parsePollResponse,
  parseSubmitResponse,
} from './parse-response.ts';
import { readPollAddress } from './poll-address.ts';
import type { PollResponse, SubmitResponse } from './port.ts';
import type { PollableProfile, Profile } from './profile/profile.ts';
import type { HttpResult } from './transport.ts';

/** A body that was read on the thread for large bodies, by the kind of its request. */
export interface Reading {
  readonly submit?: ParsedSubmitResponse;
  /** Null: without a readable status. */
  readonly poll?: ParsedPollResponse | null;
}

type HttpAnswer = Extract<HttpResult, { readonly type: 'answered' }>;

export type CallResult =
  | (Pick<HttpAnswer, 'type' | 'httpStatus' | 'latencyMs' | 'retryAfterMs' | 'location' | 'setCookies'> & {
      /** The target of a redirect without secrets; empty or left out for another status. */
      readonly target?: string;
      /** The URL of the request. */
      readonly url: string;
      /** Null if it is incomplete. */
      readonly body: RawBody | null;
      /** A JSON document that is complete although its response was cut off, and why it was. */
      readonly cut?: { readonly body: RawBody; readonly reason: string };
      /** True if CXone refused the token. */
      readonly tokenRefused?: boolean;
      /** The cause of that refusal, once known. */
      readonly refusal?: RefusalCause;
      /** Set if the response suggests that CXone has moved and discovery names another address, or does not respond. */
      readonly move?: 'moved' | 'unknown';
      /** Values of a body that is too large to be kept, and the limit. */
      readonly large?: LargeBody;
      /** What the body, or the document of one that was cut off, says; left out if it is not read yet. */
      readonly reading?: Reading;
      /** Returns an excerpt of the body without secrets, and why it is incomplete or unreadable. */
      readonly words: () => string;
    })
  | {
      readonly type: 'unsent' | 'uncertain';
      readonly latencyMs: number;
      readonly reason: string;
      readonly move?: 'moved' | 'unknown';
    }
  /** Not sent, because of a missing token or a pause. */
  | { readonly type: 'held'; readonly reason: string; readonly retryAfterMs: number };

/** A proxy without credentials, not a server for this host, too early, over the rate limit, out of capacity: certainly not processed. */
// promise: proxy-without-credentials-is-unsent
const NOT_PROCESSED: readonly number[] = [407, 421, 425, 429, 503];

/** Nothing is found here: no verdict on a request if the host has moved. */
const NOT_FOUND: readonly number[] = [404, 410];

export type AnsweredCall = Extract<CallResult, { type: 'answered' }>;

export function classifySubmitResponse(
  profile: Profile,
  reply: CallResult,
  missingScopes: readonly string[],
): SubmitResponse {
  switch (reply.type) {
    case 'held':
      return {
        type: 'unsent',
        httpStatus: 0,
        latencyMs: 0,
        message: `not sent: ${reply.reason}`,
        retryAfterMs: reply.retryAfterMs,
      };
    case 'unsent': {
      const isolated = reply.move === 'moved';
      return { ...unanswered(reply, 'CXone cannot be reached'), type: 'unsent', retryAfterMs: 0, isolated };
    }
    case 'uncertain':
      return { ...unanswered(reply, 'no answer from CXone'), type: 'uncertain', retryAfterMs: 0 };
    case 'answered':
      return answeredSubmission(profile, reply, missingScopes);
    default:
      return reply satisfies never;
  }
}

export function classifyPollResponse(
  profile: PollableProfile,
  reply: CallResult,
  missingScopes: readonly string[],
): PollResponse {
  switch (reply.type) {
    case 'held': {
      const { reason, retryAfterMs } = reply;
      return {
        type: 'failed',
        httpStatus: 0,
        latencyMs: 0,
        message: `not asked: ${reason}`,
        asked: false,
        retryAfterMs,
      };
    }
    case 'unsent':
      return { ...unanswered(reply, 'CXone cannot be reached'), type: 'failed', asked: false, retryAfterMs: 0 };
    case 'uncertain': {
      const asked = reply.move !== 'moved';
      return { ...unanswered(reply, 'no answer from CXone'), type: 'failed', asked, retryAfterMs: 0 };
    }
    case 'answered':
      return answeredPoll(profile, reply, missingScopes);
    default:
      return reply satisfies never;
  }
}

function answeredSubmission(profile: Profile, reply: AnsweredCall, missingScopes: readonly string[]): SubmitResponse {
  const { httpStatus, latencyMs, retryAfterMs, body, refusal, move } = reply;
  if (isSuccess(httpStatus)) {
    const address = profile.poll?.location ? readPollAddress(reply.location, reply.url) : {};
    const parsed = reply.cut === undefined ? submitted(profile, reply, body) : idOfCut(profile, reply, reply.cut);
    return {
      ...{ type: 'submitted', httpStatus, latencyMs, ...parsed, ...address },
      ...(retryAfterMs > 0 && { retryAfterMs }),
    };
  }
  const message = said(reply, missingScopes);
  // promise: refused-token-is-unsent
  if (refusal === 'token' || refusal === 'unknown') {
    return { type: 'unsent', httpStatus, latencyMs, message, retryAfterMs, isolated: refusal === 'unknown' };
  }
  if (NOT_PROCESSED.includes(httpStatus)) return { type: 'unsent', httpStatus, latencyMs, message, retryAfterMs };
  // promise: moved-host-rejects-nothing
  if (move !== undefined && NOT_FOUND.includes(httpStatus)) {
    return { type: 'unsent', httpStatus, latencyMs, message, retryAfterMs, isolated: true };
  }
  // 408: CXone may have received the whole request before it gave up.
  if (httpStatus >= 400 && httpStatus <= 499 && httpStatus !== 408)
    return { type: 'refused', httpStatus, latencyMs, message };
  // Includes 3xx: a proxy may have forwarded the request before it responded.
  return { type: 'uncertain', httpStatus, latencyMs, message, retryAfterMs };
}

/** Of a response that was cut off, only the id counts: its outcome is polled. */
function idOfCut(profile: Profile, reply: AnsweredCall, { body, reason }: NonNullable<AnsweredCall['cut']>) {
  const { report: _, ...id } = submitted(profile, reply, body);
  return { ...id, report: NO_NEWS, cut: reason };
}

function submitted(profile: Profile, { reading, large }: AnsweredCall, body: RawBody | null): ParsedSubmitResponse {
  return reading?.submit ?? parseSubmitResponse(profile, body, large);
}

function polled(profile: Profile, { reading, large }: AnsweredCall, body: RawBody | null): ParsedPollResponse | null {
  return reading?.poll === undefined ? parsePollResponse(profile, body, large) : reading.poll;
}

const NO_NEWS = { kind: 'progress', statusWord: null, result: null, error: null } as const;

function answeredPoll(profile: PollableProfile, reply: AnsweredCall, missingScopes: readonly string[]): PollResponse {
  const { httpStatus, latencyMs, retryAfterMs, body, refusal, move } = reply;
  if (isSuccess(httpStatus)) {
    const { cut } = reply;
    const found = polled(profile, reply, cut?.body ?? body);
    // 202 Accepted: the processing has not been completed (RFC 9110, section 15.3.3), whatever the body is.
    const parsed = found ?? (httpStatus === 202 ? { report: NO_NEWS } : null);
    if (cut === undefined && parsed !== null) return { type: 'polled', httpStatus, latencyMs, retryAfterMs, ...parsed };
    const message = `no status at "${profile.poll.answer.status}": ${said(reply, missingScopes)}`;
    const failed = { type: 'failed', httpStatus, latencyMs, message, asked: true, retryAfterMs } as const;
    return found === null || cut === undefined ? failed : { ...failed, found: { ...found, cut: cut.reason } };
  }
  const message = said(reply, missingScopes);
  if (httpStatus === 404 && move === undefined) {
    const { notFound, notFoundAfterSeconds } = profile.poll;
    const confirmation = { confirmAfterMs: notFoundAfterSeconds * 1000, isNotYet: notFound === 'not-yet' };
    return { type: 'not-found', httpStatus, latencyMs, message, retryAfterMs, ...confirmation };
  }
  // promise: refused-poll-was-not-asked
  // promise: moved-host-was-not-asked
  const asked = refusal === undefined && move === undefined && !NOT_PROCESSED.includes(httpStatus);
  return { type: 'failed', httpStatus, latencyMs, message, asked, retryAfterMs };
}

function unanswered(reply: { latencyMs: number; reason: string }, what: string) {
  return { httpStatus: 0, latencyMs: reply.latencyMs, message: `${what}: ${reply.reason}` };
}

function said({ httpStatus, target, words }: AnsweredCall, missingScopes: readonly string[]): string {
  const hint = httpStatus === 403 && missingScopes.length > 0 ? ` (our token lacks ${missingScopes.join(', ')})` : '';
  const excerpt = words();
  const redirect = target === undefined || target === '' ? '' : `, a redirect to ${target}, which is not followed`;
  return `${statusMessage('', httpStatus)}${hint}${redirect}${excerpt === '' ? '' : `: ${excerpt}`}`;
}

function isSuccess(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus <= 299;
}
