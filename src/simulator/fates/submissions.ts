// Fates of submissions: refused, deferred, completed at once, or left with an uncertain result.

import { BRIEF, BY_CALLBACK, BY_POLL, type Fate, PATIENT, POLLED_SOON, TIMED_OUT } from '../fate.ts';

/** The response to the submission has the outcome. */
const AT_ONCE = { ...BY_POLL, resolvedBy: 'submit', audit: ['SUBMITTED'], polls: 0 } as const;

export const submissionFates = {
  'refused-400': refused(400, 'as a bad request'),
  'refused-403': refused(403, 'as forbidden'),
  'refused-404': refused(404, 'because there is no such action'),
  'refused-422': refused(422, 'because the inputs are wrong'),
  'unauthorized-once': {
    about: '401 once, as for a token that is not valid everywhere yet, then accepted',
    script: { submits: [{ answer: 401 }, { answer: 200 }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['CALLBACK_COMPLETED'], posts: 2 },
  },
  'rate-limited': {
    about: '429 with Retry-After in seconds, then accepted',
    script: { submits: [{ answer: 429, retryAfterSeconds: 1 }, { answer: 200 }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['RATE_LIMITED', 'SUBMITTED', 'CALLBACK_COMPLETED'], posts: 2 },
  },
  'rate-limited-until': {
    about: '429 with Retry-After as a date, then accepted',
    script: { submits: [{ answer: 429, retryAfterSeconds: 1, retryAfterAsDate: true }, { answer: 200 }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['RATE_LIMITED', 'SUBMITTED', 'CALLBACK_COMPLETED'], posts: 2 },
  },
  'unavailable-once': {
    about: '503, then accepted',
    script: { submits: [{ answer: 503 }, { answer: 200 }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['FAILED', 'SUBMITTED', 'CALLBACK_COMPLETED'], posts: 2 },
  },
  'too-early': {
    about: '425 (too early), then accepted',
    script: { submits: [{ answer: 425 }, { answer: 200 }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['FAILED', 'SUBMITTED', 'CALLBACK_COMPLETED'], posts: 2 },
  },
  'request-timeout-adopted': {
    about: '408 although it runs; the callback adopts it',
    script: { submits: [{ answer: 408, runs: true }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['FAILED', 'CALLBACK_COMPLETED'] },
  },
  'cut-acceptance': {
    about: 'the acceptance ends without its last chunk, and the callback is lost: its id is polled',
    script: { submits: [{ answer: 200, cut: true }], callbacks: [] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['SUBMITTED', 'POLL_COMPLETED'], polls: 1 },
  },
  'error-500-adopted': {
    about: '500 although it runs; the callback adopts it',
    script: { submits: [{ answer: 500, runs: true }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['FAILED', 'CALLBACK_COMPLETED'] },
  },
  'error-500-lost': {
    about: '500 and nothing runs; the result is uncertain, so it is not sent again',
    script: { submits: [{ answer: 500 }] },
    submission: BRIEF,
    expect: { ...TIMED_OUT, audit: ['FAILED', 'POLL_TIMEOUT'], runs: 0, polls: 0 },
  },
  'error-500-retried': {
    about: '500 and nothing runs; the submission allows a second POST, which is accepted',
    script: { submits: [{ answer: 500 }, { answer: 200 }] },
    submission: { ...PATIENT, retryUncertain: true },
    expect: { ...BY_CALLBACK, audit: ['FAILED', 'SUBMITTED', 'CALLBACK_COMPLETED'], posts: 2 },
  },
  'reset-adopted': {
    about: 'connection reset although it runs; the callback adopts it',
    script: { submits: [{ answer: 'reset' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['NETWORK_ERROR', 'CALLBACK_COMPLETED'] },
  },
  'reset-adopted-by-progress': {
    about: 'connection reset although it runs; a progress callback has its id, a poll finds the result',
    script: { submits: [{ answer: 'reset' }], runMs: 900, callbacks: [{ afterMs: -500, says: 'progress' }] },
    submission: POLLED_SOON,
    expect: {
      ...BY_POLL,
      audit: ['NETWORK_ERROR', 'CALLBACK_PROGRESS', 'POLL_COMPLETED'],
      callbackAnswers: ['200 progress'],
      polls: 1,
    },
  },
  'reset-lost': {
    about: 'connection reset although it runs, and the callback is lost: the result stays unknown',
    script: { submits: [{ answer: 'reset' }], callbacks: [] },
    submission: BRIEF,
    expect: { ...TIMED_OUT, audit: ['NETWORK_ERROR', 'POLL_TIMEOUT'], polls: 0 },
  },
  'hang-adopted': {
    about: 'no response although it runs; the callback adopts it',
    script: { submits: [{ answer: 'hang' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['CALLBACK_COMPLETED'] },
  },
  'hang-lost': {
    about: 'no response although it runs, and the callback is lost: the result stays unknown',
    script: { submits: [{ answer: 'hang' }], callbacks: [] },
    submission: BRIEF,
    expect: { ...TIMED_OUT, audit: ['POLL_TIMEOUT'], polls: 0 },
  },
  'bare-acceptance': {
    about: 'a 202 without an executionId; the callback ends it',
    script: { submits: [{ answer: 202, body: 'bare' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['SUBMITTED', 'CALLBACK_COMPLETED'], polls: 0 },
  },
  'bare-acceptance-lost': {
    about: 'a 202 without an executionId, and the callback is lost: it cannot be polled',
    script: { submits: [{ answer: 202, body: 'bare' }], callbacks: [] },
    submission: BRIEF,
    expect: { ...TIMED_OUT, audit: ['SUBMITTED', 'POLL_TIMEOUT'], polls: 0 },
  },
  'html-acceptance': {
    about: 'a 200 with a web page instead of JSON; the callback ends it',
    script: { submits: [{ answer: 200, body: 'html' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['SUBMITTED', 'CALLBACK_COMPLETED'], polls: 0 },
  },
  'answered-at-once': {
    about: 'the response to the submission has the result',
    script: { runMs: 0, submits: [{ answer: 200, body: 'outcome' }], callbacks: [] },
    submission: PATIENT,
    expect: { ...AT_ONCE, resultContains: '"echo"' },
  },
  'failed-at-once': {
    about: 'the response to the submission reports a failure',
    script: { runMs: 0, outcome: 'failed', submits: [{ answer: 200, body: 'outcome' }], callbacks: [] },
    submission: PATIENT,
    expect: { ...AT_ONCE, status: 'FAILED' },
  },
} satisfies Record<string, Fate>;

function refused(answer: number, why: string): Fate {
  return {
    about: `refused ${why} (${answer})`,
    script: { submits: [{ answer }] },
    submission: PATIENT,
    expect: { ...AT_ONCE, status: 'REJECTED', audit: ['FAILED'], runs: 0, errorCode: answer },
  };
}
