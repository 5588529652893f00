// Fates of callbacks: on time, lost, late, repeated, contradicting, unreadable, forged.

import { BRIEF, BY_CALLBACK, BY_POLL, type Fate, PATIENT, POLLED_SOON, TIMED_OUT } from '../fate.ts';

const BY_ONE_POLL = { ...BY_POLL, polls: 1 } as const;

export const callbackFates = {
  callback: {
    about: 'accepted, runs, calls back',
    script: {},
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['SUBMITTED', 'CALLBACK_COMPLETED'], polls: 0, resultContains: '"echo"' },
  },
  'callback-failed': {
    about: 'the action fails, and the callback reports it',
    script: { outcome: 'failed' },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, status: 'FAILED', audit: ['SUBMITTED', 'CALLBACK_COMPLETED'] },
  },
  'callback-progress': {
    about: 'two progress callbacks, then the completion',
    script: {
      runMs: 900,
      callbacks: [{ afterMs: -600, says: 'progress' }, { afterMs: -300, says: 'progress' }, {}],
    },
    submission: PATIENT,
    expect: {
      ...BY_CALLBACK,
      audit: ['CALLBACK_PROGRESS', 'CALLBACK_PROGRESS', 'CALLBACK_COMPLETED'],
      callbackAnswers: ['200 progress', '200 progress', '200 resolved'],
    },
  },
  'lost-callback': {
    about: 'the callback never comes; a poll finds the result',
    script: { callbacks: [] },
    submission: POLLED_SOON,
    expect: { ...BY_ONE_POLL, audit: ['SUBMITTED', 'POLL_COMPLETED'] },
  },
  'lost-callback-failed': {
    about: 'the callback never comes; a poll finds the failure',
    script: { callbacks: [], outcome: 'failed' },
    submission: POLLED_SOON,
    expect: { ...BY_ONE_POLL, status: 'FAILED', audit: ['SUBMITTED', 'POLL_COMPLETED'] },
  },
  'delayed-callback': {
    about: 'a poll is faster than the callback, which is then a duplicate',
    script: { callbacks: [{ afterMs: 8_000 }] },
    submission: POLLED_SOON,
    expect: { ...BY_ONE_POLL, audit: ['POLL_COMPLETED', 'CALLBACK_DUPLICATE'], callbackAnswers: ['200 duplicate'] },
  },
  'late-callback': {
    about: 'still running at the deadline; the callback arrives after the time-out',
    script: { runMs: 9_000 },
    submission: BRIEF,
    expect: {
      ...TIMED_OUT,
      audit: ['POLL_TIMEOUT', 'CALLBACK_LATE'],
      callbackAnswers: ['200 late'],
      lateResult: 'COMPLETED',
    },
  },
  'duplicate-callback': {
    about: 'the same callback twice',
    script: { callbacks: [{}, { afterMs: 200 }] },
    submission: PATIENT,
    expect: {
      ...BY_CALLBACK,
      audit: ['CALLBACK_COMPLETED', 'CALLBACK_DUPLICATE'],
      callbackAnswers: ['200 resolved', '200 duplicate'],
    },
  },
  'callback-burst': {
    about: 'the same callback five times at the same moment',
    script: { callbacks: [{ copies: 5 }] },
    submission: PATIENT,
    expect: {
      status: 'COMPLETED',
      resolvedBy: 'callback',
      audit: [
        'CALLBACK_COMPLETED',
        'CALLBACK_DUPLICATE',
        'CALLBACK_DUPLICATE',
        'CALLBACK_DUPLICATE',
        'CALLBACK_DUPLICATE',
      ],
      runs: 1,
      posts: 1,
    },
  },
  'conflicting-callback': {
    about: 'a second callback reports another outcome; the first one stays',
    script: { callbacks: [{}, { afterMs: 200, says: 'another outcome' }] },
    submission: PATIENT,
    expect: {
      ...BY_CALLBACK,
      audit: ['CALLBACK_COMPLETED', 'CALLBACK_CONFLICT'],
      callbackAnswers: ['200 resolved', '200 conflict'],
      resultContains: '"echo"',
    },
  },
  'early-callback': {
    about: 'the callback is sent and answered before the response to the submission',
    script: { runMs: 0, submits: [{ answer: 200, afterCallbacks: true }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['CALLBACK_COMPLETED', 'SUBMITTED'], polls: 0 },
  },
  'garbled-callback': {
    about: 'the body of the callback is cut off; a poll finds the result',
    script: { callbacks: [{ body: 'garbled' }] },
    submission: PATIENT,
    expect: { ...BY_ONE_POLL, audit: ['CALLBACK_UNREADABLE', 'POLL_COMPLETED'], callbackAnswers: ['202 unreadable'] },
  },
  'form-callback': {
    about: 'the callback is form-encoded instead of JSON',
    script: { callbacks: [{ body: 'form' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['CALLBACK_COMPLETED'] },
  },
  'oversized-callback': {
    about: 'the callback is over 1 MiB; a poll finds the result',
    script: { callbacks: [{ body: 'oversized' }] },
    submission: PATIENT,
    expect: {
      status: 'COMPLETED',
      resolvedBy: 'poll',
      audit: ['CALLBACK_UNREADABLE', 'POLL_COMPLETED'],
      runs: 1,
      posts: 1,
      polls: 1,
    },
  },
  'forged-callback': {
    about: 'a callback with a tampered signature precedes the genuine one',
    script: { callbacks: [{ afterMs: -100, says: 'another outcome', forged: true }, {}] },
    submission: PATIENT,
    expect: {
      ...BY_CALLBACK,
      audit: ['SUBMITTED', 'CALLBACK_COMPLETED'],
      callbackAnswers: ['404', '200 resolved'],
      resultContains: '"echo"',
    },
  },
  'forged-callback-only': {
    about: 'only a forged callback arrives; a poll finds the result',
    script: { callbacks: [{ says: 'another outcome', forged: true }] },
    submission: POLLED_SOON,
    expect: {
      ...BY_ONE_POLL,
      audit: ['SUBMITTED', 'POLL_COMPLETED'],
      callbackAnswers: ['404'],
      resultContains: '"echo"',
    },
  },
  'mismatching-callback': {
    about: 'a callback names another executionId, then the right one arrives',
    script: { callbacks: [{ names: 'another', says: 'another outcome' }, { afterMs: 200 }] },
    submission: PATIENT,
    expect: {
      ...BY_CALLBACK,
      audit: ['CALLBACK_MISMATCH', 'CALLBACK_COMPLETED'],
      callbackAnswers: ['409', '200 resolved'],
      resultContains: '"echo"',
    },
  },
  'big-result': {
    about: 'a result of half a megabyte',
    script: { resultBytes: 500_000 },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['CALLBACK_COMPLETED'] },
  },
} satisfies Record<string, Fate>;
