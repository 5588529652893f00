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

export interface Refusal {
  readonly name: ProblemName;
  readonly detail: string;
  readonly headers: HeaderFields;
}

/** Returns the problem for a refused submission, alone or in a batch. */
export function refusalOf(outcome: RefusedOutcome): Refusal {
  const full = { 'retry-after': String(QUEUE_FULL_RETRY_SECONDS) };
  switch (outcome) {
    case 'conflict':
      return {
        name: 'correlation-id-taken',
        detail:
          'Another submission has this correlationId: send the same body to get that one, or another correlationId.',
        headers: {},
      };
    case 'key-reused':
      return {
        name: 'idempotency-key-reused',
        detail:
          'This Idempotency-Key came before with another request: send the same body to the same path to get that response, or another key.',
        headers: {},
      };
    case 'share-full':
      return {
        name: 'app-queue-full',
        detail:
          'It was not accepted: as many of yours are queued as may be. Send it again when some have been sent on.',
        headers: full,
      };
    case 'full':
      return {
        name: 'queue-full',
        detail: 'It was not accepted: the queue is full. Send it again later.',
        headers: full,
      };
    case 'unavailable':
      return {
        name: 'store-unavailable',
        detail: 'It was not accepted: the database takes no writes now. Send it again later.',
        headers: full,
      };
    default:
      return outcome satisfies never;
  }
}

export function draining(): Response {
  return problem('draining', 'Nothing was accepted. Send it again later.', {
    headers: { 'retry-after': String(DRAINING_RETRY_SECONDS) },
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
