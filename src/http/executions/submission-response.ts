// What apps are told about what they submitted, alone or in a batch.

import { asAccepted, type Execution } from '../../execution/execution.ts';
import type { AddResult } from '../../store/port.ts';
import type { HeaderFields } from '../response/json.ts';
import { type ProblemName, problem } from '../response/problem.ts';

/** When to come back once the queue has moved or another process has taken over, in seconds. */
const QUEUE_FULL_RETRY_SECONDS = 5;
const DRAINING_RETRY_SECONDS = 10;

export type Accepted = Extract<AddResult, { execution: Execution }>;
export type RefusedOutcome = Exclude<AddResult['outcome'], Accepted['outcome']>;

export interface Refusal {
  readonly name: ProblemName;
  readonly detail: string;
  readonly headers: HeaderFields;
}

/** Why it was not accepted, as it is told of a single submission or of one among others. */
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
          'This Idempotency-Key came before with another request: send the same body to the same path to get that answer, or another key.',
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
    default:
      return outcome satisfies never;
  }
}

export function draining(): Response {
  return problem('draining', 'Nothing was accepted. Send it again later.', {
    headers: { 'retry-after': String(DRAINING_RETRY_SECONDS) },
  });
}

/** The answer to a key is the first answer; a correlationId is asked for as the execution stands. */
export function originalResponse(added: Accepted): Execution {
  // promise: known-key-repeats-response
  return isReplayByKey(added) ? asAccepted(added.execution) : added.execution;
}

export function isReplayByKey(added: Accepted): boolean {
  return added.outcome === 'replayed' && added.by === 'idempotency-key';
}
