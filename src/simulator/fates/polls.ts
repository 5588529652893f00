// Fates of executions whose callback is lost: the results of polls.

import { parseJson } from '../../execution/json.ts';
import { BRIEF, BY_CALLBACK, BY_POLL, type Fate, PATIENT, POLLED_SOON, TIMED_OUT } from '../fate.ts';

/** Time for one poll that reaches the client's time-out, and for another poll. */
const ROOMY = { graceSeconds: 1, timeoutSeconds: 30 } as const;

const GONE = { ...BY_POLL, status: 'NOT_FOUND', errorCode: 404 } as const;

/** A double holds neither of them. */
const BIG_INTEGERS = parseJson('{"order":9007199254740993,"serial":18446744073709551615}');

export const pollFates = {
  'slow-run': {
    about: 'several polls find it running; the callback is lost',
    script: { runMs: 5_000, callbacks: [] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['POLL_PROGRESS', 'POLL_COMPLETED'], polls: 2 },
  },
  'poll-errors': {
    about: 'the first two polls get a 500, the third gets the result',
    script: { callbacks: [], polls: [500, 500, 'truth'] },
    submission: ROOMY,
    expect: { ...BY_POLL, audit: ['POLL_ERROR', 'POLL_ERROR', 'POLL_COMPLETED'], polls: 3 },
  },
  'poll-reset': {
    about: 'the first poll is reset, the second gets the result',
    script: { callbacks: [], polls: ['reset', 'truth'] },
    submission: POLLED_SOON,
    // A poll that is reset on a reused connection is repeated at once, without POLL_ERROR.
    expect: { ...BY_POLL, audit: ['POLL_COMPLETED'], polls: 2 },
  },
  'poll-hang': {
    about: 'the first poll gets no response, the second gets the result',
    script: { callbacks: [], polls: ['hang', 'truth'] },
    submission: ROOMY,
    expect: { ...BY_POLL, audit: ['POLL_ERROR', 'POLL_COMPLETED'], polls: 2 },
  },
  'poll-gone': {
    about: 'CXone no longer knows the execution (two 404s)',
    script: { callbacks: [], polls: [404] },
    submission: POLLED_SOON,
    expect: { ...GONE, audit: ['SUBMITTED', 'POLL_ERROR', 'POLL_404'], polls: 2 },
  },
  'gone-then-callback': {
    about: 'polls get a 404, and the callback still arrives later',
    script: { runMs: 10_000, polls: [404] },
    submission: POLLED_SOON,
    expect: { ...GONE, audit: ['POLL_404', 'CALLBACK_LATE'], callbackAnswers: ['200 late'], lateResult: 'COMPLETED' },
  },
  'found-after-404': {
    about: 'the first poll gets a 404, the second the result',
    script: { callbacks: [], polls: [404, 'truth'] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['POLL_ERROR', 'POLL_COMPLETED'], polls: 2 },
  },
  'cut-poll': {
    about: 'the response to the first poll ends without its last chunk, the second gets the result',
    script: { callbacks: [], polls: [{ answer: 'truth', cut: true }, 'truth'] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['POLL_ERROR', 'POLL_COMPLETED'], polls: 2 },
  },
  'sticky-gateway': {
    about: 'polls need the cookie that the submit response set, or get a 404; the callback is lost',
    script: { callbacks: [], sticky: true },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['SUBMITTED', 'POLL_COMPLETED'], polls: 1 },
  },
  'poll-retry-after': {
    about: 'the first poll gets running and Retry-After: 4, the second gets the result',
    script: { callbacks: [], polls: [{ answer: 'running', retryAfterSeconds: 4 }, 'truth'] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['POLL_PROGRESS', 'POLL_COMPLETED'], polls: 2 },
  },
  'poll-mismatch': {
    about: 'the first poll response is about another execution, the second has the result',
    script: { callbacks: [], polls: [{ answer: 'truth', names: 'another' }, 'truth'] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['POLL_MISMATCH', 'POLL_COMPLETED'], polls: 2 },
  },
  'id-of-any-text': {
    about: 'an executionId with spaces, a slash and letters that are not ASCII; the callback is lost',
    script: { callbacks: [], idPrefix: 'Auftrag 7/ü?工单#' },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['SUBMITTED', 'POLL_COMPLETED'], polls: 1 },
  },
  'id-in-other-case': {
    about: 'a UUID in upper case as executionId, which the callback names in lower case',
    script: { idType: 'uuid', callbacks: [{ names: 'in lower case' }] },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['SUBMITTED', 'CALLBACK_COMPLETED'] },
  },
  'never-ends': {
    about: 'the action never ends; the deadline of polling ends the execution',
    script: { outcome: 'never', callbacks: [] },
    submission: BRIEF,
    expect: { ...TIMED_OUT, audit: ['POLL_PROGRESS', 'POLL_TIMEOUT'], polls: 2 },
  },
  'big-integers': {
    about: 'integers over 2^53 as id and in the result, by callback',
    script: { idType: 'integer', result: BIG_INTEGERS },
    submission: PATIENT,
    expect: { ...BY_CALLBACK, audit: ['SUBMITTED', 'CALLBACK_COMPLETED'], resultContains: '9007199254740993' },
  },
  'big-integers-polled': {
    about: 'integers over 2^53 as id and in the result, by poll',
    script: { idType: 'integer', result: BIG_INTEGERS, callbacks: [] },
    submission: POLLED_SOON,
    expect: { ...BY_POLL, audit: ['SUBMITTED', 'POLL_COMPLETED'], polls: 1, resultContains: '18446744073709551615' },
  },
} satisfies Record<string, Fate>;
