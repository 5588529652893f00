// What the responses to single and batch submissions have in common, and its description.

import { asAccepted, type Execution } from '../../execution/execution.ts';
import type { BatchAddResult } from '../../store/intake-port.ts';
import { BODY_PROBLEMS, parameter } from '../openapi/operation.ts';
import type { HeaderFields } from '../response/json.ts';
import { type ProblemName, problem } from '../response/problem.ts';

/** Headers for apps with a submission rate. */
export const RATE_HEADERS = ['RateLimit', 'RateLimit-Policy'] as const;

export const RATE_NOTE =
  'For an app with a submission rate, every response to its key has `RateLimit` and `RateLimit-Policy`.';

export const SUBMISSION_PARAMETERS = [parameter('IdempotencyKey'), parameter('Traceparent'), parameter('Tracestate')];

export const SUBMISSION_PROBLEMS: readonly ProblemName[] = [
  ...BODY_PROBLEMS,
  'invalid-header',
  'correlation-id-taken',
  'idempotency-key-reused',
  'app-queue-full',
  'rate-limited',
  'queue-full',
  'too-many-bodies',
  'draining',
];

/** The Retry-After until the queue has room, or another process has taken over. */
const QUEUE_FULL_RETRY_SECONDS = 5;
const DRAINING_RETRY_SECONDS = 10;

export type Accepted = Extract<BatchAddResult, { execution: Execution }>;
export type RefusedOutcome = Exclude<BatchAddResult['outcome'], Accepted['outcome'] | 'withheld'>;

interface Refusal {
  readonly name: ProblemName;
  readonly detail: string;
  /** Seconds until it may be accepted; null if a repeat is refused again. */
  readonly retryAfter: number | null;
}

/** Returns the problem for a refused submission, alone or in a batch. */
export function refusalOf(outcome: RefusedOutcome): Refusal {
  switch (outcome) {
    case 'conflict':
      return {
        name: 'correlation-id-taken',
        detail:
          'Another submission has this correlationId: send the same body to get that one, or another correlationId.',
        retryAfter: null,
      };
    case 'key-reused':
      return {
        name: 'idempotency-key-reused',
        detail:
          'This Idempotency-Key came before with another request: send the same body to the same path to get that response, or another key.',
        retryAfter: null,
      };
    case 'share-full':
      return {
        name: 'app-queue-full',
        detail:
          'It was not accepted: as many of yours are queued as may be. Send it again when some have been sent on.',
        retryAfter: QUEUE_FULL_RETRY_SECONDS,
      };
    case 'full':
      return {
        name: 'queue-full',
        detail: 'It was not accepted: the queue is full. Send it again later.',
        retryAfter: QUEUE_FULL_RETRY_SECONDS,
      };
    case 'unavailable':
      return {
        name: 'store-unavailable',
        detail: 'It was not accepted: the database takes no writes now. Send it again later.',
        retryAfter: QUEUE_FULL_RETRY_SECONDS,
      };
    default:
      return outcome satisfies never;
  }
}

/** Returns the response to a refused submission. */
export function refused(outcome: RefusedOutcome): Response {
  const { name, detail, retryAfter } = refusalOf(outcome);
  return problem(name, detail, { headers: retryAfterHeader(retryAfter) });
}

export function retryAfterHeader(seconds: number | null): HeaderFields {
  return seconds === null ? {} : { 'retry-after': String(seconds) };
}

export function draining(): Response {
  return problem('draining', 'Nothing was accepted. Send it again later.', {
    headers: retryAfterHeader(DRAINING_RETRY_SECONDS),
  });
}

/** An Idempotency-Key repeats the first response; a correlationId returns the current execution. */
export function originalResponse(added: Accepted): Execution {
  // promise: known-key-repeats-response
  return isReplayByKey(added) ? asAccepted(added.execution) : added.execution;
}

export function isReplayByKey(added: Accepted): boolean {
  return added.outcome === 'replayed' && added.by === 'idempotency-key';
}

/** The response is the execution as it is now. */
export function isReplayById(added: Accepted): boolean {
  return added.outcome === 'replayed' && added.by === 'correlation-id';
}
