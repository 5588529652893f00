// What CXone's replies mean for the execution: told apart by whether it may have been received, for it is never sent twice. Pure.

import { readPollAnswer, readSubmitAnswer } from './parse-response.ts';
import type { PollAnswer, SubmitAnswer } from './port.ts';
import type { Pollable, Profile } from './profile/profile.ts';

export type Reply =
  | {
      readonly type: 'answered';
      readonly httpStatus: number;
      readonly latencyMs: number;
      readonly retryAfterMs: number;
      /** The body; null when it is no UTF-8 or not all there. */
      readonly text: string | null;
      /** An excerpt of the body without our secrets, and why there is no more of it. */
      readonly words: () => string;
    }
  | { readonly type: 'unsent' | 'uncertain'; readonly latencyMs: number; readonly reason: string }
  /** It was not sent, because there was no token or a pause. */
  | { readonly type: 'held'; readonly reason: string; readonly retryAfterMs: number };

type Answer = Extract<Reply, { type: 'answered' }>;

export function submitAnswer(profile: Profile, reply: Reply, missingScopes: readonly string[]): SubmitAnswer {
  switch (reply.type) {
    case 'held':
      return {
        type: 'unsent',
        httpStatus: 0,
        latencyMs: 0,
        message: `not sent: ${reply.reason}`,
        retryAfterMs: reply.retryAfterMs,
      };
    case 'unsent':
      return { ...unanswered(reply, 'CXone cannot be reached'), type: 'unsent', retryAfterMs: 0 };
    case 'uncertain':
      return { ...unanswered(reply, 'no answer from CXone'), type: 'uncertain', retryAfterMs: 0 };
    case 'answered':
      return answeredSubmission(profile, reply, missingScopes);
    default:
      return reply satisfies never;
  }
}

export function pollAnswer(profile: Pollable, reply: Reply, missingScopes: readonly string[]): PollAnswer {
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
    case 'uncertain':
      return { ...unanswered(reply, 'no answer from CXone'), type: 'failed', asked: true, retryAfterMs: 0 };
    case 'answered':
      return answeredPoll(profile, reply, missingScopes);
    default:
      return reply satisfies never;
  }
}

function answeredSubmission(profile: Profile, reply: Answer, missingScopes: readonly string[]): SubmitAnswer {
  const { httpStatus, latencyMs, retryAfterMs, text } = reply;
  if (isSuccess(httpStatus)) return { type: 'submitted', httpStatus, latencyMs, ...readSubmitAnswer(profile, text) };
  const message = said(reply, missingScopes);
  if (httpStatus === 429 || httpStatus === 503) return { type: 'unsent', httpStatus, latencyMs, message, retryAfterMs };
  if (httpStatus >= 400 && httpStatus <= 499) return { type: 'refused', httpStatus, latencyMs, message };
  // A 3xx as well: whatever sits there may have passed the request on before it answered.
  return { type: 'uncertain', httpStatus, latencyMs, message, retryAfterMs };
}

function answeredPoll(profile: Pollable, reply: Answer, missingScopes: readonly string[]): PollAnswer {
  const { httpStatus, latencyMs, retryAfterMs, text } = reply;
  if (isSuccess(httpStatus)) {
    const news = text === null ? null : readPollAnswer(profile, text);
    if (news !== null) return { type: 'polled', httpStatus, latencyMs, news };
    const message = `no status at "${profile.poll.answer.status}": ${said(reply, missingScopes)}`;
    return { type: 'failed', httpStatus, latencyMs, message, asked: true, retryAfterMs };
  }
  const message = said(reply, missingScopes);
  if (httpStatus === 404) {
    if (profile.poll.notFound === 'gone') return { type: 'not-found', httpStatus, latencyMs, message };
    return { type: 'polled', httpStatus, latencyMs, news: { kind: 'progress', word: null, result: null, error: null } };
  }
  const asked = httpStatus !== 429 && httpStatus !== 503;
  return { type: 'failed', httpStatus, latencyMs, message, asked, retryAfterMs };
}

function unanswered(reply: { latencyMs: number; reason: string }, what: string) {
  return { httpStatus: 0, latencyMs: reply.latencyMs, message: `${what}: ${reply.reason}` };
}

function said({ httpStatus, words }: Answer, missingScopes: readonly string[]): string {
  const hint = httpStatus === 403 && missingScopes.length > 0 ? ` (our token lacks ${missingScopes.join(', ')})` : '';
  const excerpt = words();
  return `CXone answered ${httpStatus}${hint}${excerpt === '' ? '' : `: ${excerpt}`}`;
}

function isSuccess(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus <= 299;
}
