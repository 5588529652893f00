// Submissions of the demo: every fate of the simulator, and two outcomes that only the receiver decides.

import type { Submission } from '../client/types.ts';
import type { Expectation } from '../simulator/fate.ts';
import { catalogue } from '../simulator/fates/catalogue.ts';

/** Expectation of a fate; the number of POSTs is optional. */
export interface DemoExpectation extends Omit<Expectation, 'status' | 'resolvedBy' | 'posts'> {
  readonly status: string;
  readonly resolvedBy: string;
  readonly posts?: number;
}

export interface DemoCase {
  readonly name: string;
  readonly about: string;
  readonly correlationId: string;
  readonly body: Submission;
  readonly expect: DemoExpectation;
  /** The app cancels as soon as CXone has accepted the execution. */
  readonly cancel: boolean;
}

/** Number of executions for the most common fates; 1 for the others. */
const COPIES: Readonly<Record<string, number>> = { callback: 16, 'lost-callback': 6, 'callback-failed': 3 };

/**
 * Fates whose callback comes after the outcome: here it comes when the demo has seen that outcome, for on a busy machine no
 * number of seconds is certain to be late enough.
 */
const AFTER_THE_OUTCOME: Readonly<Record<string, object>> = {
  'late-callback': { callbacks: [{ held: true }], polls: ['running'] },
  'delayed-callback': { callbacks: [{ held: true }] },
  'gone-then-callback': { callbacks: [{ held: true }] },
};

export function demoCases(): DemoCase[] {
  const fates = catalogue.flatMap(({ fate, about, submission, expect }) =>
    Array.from({ length: COPIES[fate] ?? 1 }, (_, i) => {
      const correlationId = `demo-${fate}-${i + 1}`;
      const inputs = { copy: i + 1, simulate: { fate, ...AFTER_THE_OUTCOME[fate] } };
      const body = { actionId: `demo-${fate}`, correlationId, inputs, ...submission };
      return { name: fate, about, correlationId, body, expect, cancel: false };
    }),
  );
  return [...fates, CANCELLED, QUEUE_TIMEOUT];
}

const CANCELLED: DemoCase = {
  name: 'cancelled',
  about: 'the app cancels; the callback arrives nevertheless',
  correlationId: 'demo-cancelled-1',
  body: {
    actionId: 'demo-cancelled',
    correlationId: 'demo-cancelled-1',
    inputs: { simulate: { fate: 'callback', callbacks: [{ held: true }] } },
    graceSeconds: 60,
  },
  cancel: true,
  expect: {
    status: 'CANCELLED',
    resolvedBy: 'cancel',
    audit: ['SUBMITTED', 'CANCELLED', 'CALLBACK_LATE'],
    callbackAnswers: ['200 late'],
    runs: 1,
    posts: 1,
    polls: 0,
    lateResult: 'COMPLETED',
  },
};

const QUEUE_TIMEOUT: DemoCase = {
  name: 'never-taken',
  about: 'CXone answers 503 until the queue time-out',
  correlationId: 'demo-never-taken-1',
  body: {
    actionId: 'demo-never-taken',
    correlationId: 'demo-never-taken-1',
    inputs: { simulate: { submits: [{ answer: 503 }] } },
  },
  cancel: false,
  expect: {
    status: 'TIMEOUT',
    resolvedBy: 'deadline',
    audit: ['ACCEPTED', 'FAILED', 'QUEUE_TIMEOUT'],
    callbackAnswers: [],
    runs: 0,
    polls: 0,
    errorCode: 408,
  },
};

/** Executions that CXone has accepted when something is killed, and whose callbacks come when it is replaced. */
export function killCases(what: string): DemoCase[] {
  return Array.from({ length: 6 }, (_, i) => {
    const correlationId = `demo-kill-of-the-${what}-${i + 1}`;
    const inputs = { copy: i + 1, simulate: { fate: 'callback', callbacks: [{ held: true }] } };
    return {
      name: `kill-of-the-${what}`,
      about: `the ${what} is killed while CXone works, and the app waits`,
      correlationId,
      body: { actionId: `demo-kill-of-the-${what}`, correlationId, inputs, graceSeconds: 300 },
      cancel: false,
      expect: {
        status: 'COMPLETED',
        resolvedBy: 'callback',
        audit: ['SUBMITTED', 'CALLBACK_COMPLETED'],
        callbackAnswers: ['200 resolved'],
        runs: 1,
        posts: 1,
        polls: 0,
      },
    };
  });
}

/** An execution of the action of `QUEUE_TIMEOUT` that CXone takes. */
export const TAKEN_AGAIN = {
  actionId: 'demo-never-taken',
  correlationId: 'demo-taken-again-1',
  inputs: { simulate: { fate: 'callback' } },
};
