// Polls CXone about one execution and records the response. The sweeper and reconciliations share it.

import type { Cxone, Permit, PollResponse } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import { type Execution, isTerminal } from '../execution/execution.ts';
import type { JsonObject } from '../execution/json.ts';
import { nextPollAt } from '../execution/scheduling.ts';
import type { World } from '../lib/world.ts';
import { POLL, polledEnd } from '../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../observability/tracing/tracing.ts';
import type { ExecutionRecorder, RecordResult } from '../store/port.ts';
import { retryUntilCommitted } from '../store/retry-until-committed.ts';

export interface PollTools {
  readonly store: ExecutionRecorder;
  readonly cxone: Pick<Cxone, 'poll'>;
  readonly world: World;
  readonly tracing: Tracing;
  readonly pollIntervalMs: number;
}

interface PollRequest {
  readonly execution: Execution;
  /** Released as soon as CXone has responded. */
  readonly permit: Permit;
  /** Aborts the retries of recording when the service stops. */
  readonly signal: AbortSignal;
  /** True for the last poll, at or after the deadline. */
  readonly final?: boolean;
  /** Minimum distance of the next poll, in milliseconds; 0 by default. */
  readonly minIntervalMs?: number;
  /** Who requested the poll, for its audit entry; left out for the schedule. */
  readonly origin?: JsonObject;
}

export interface Polled {
  readonly response: PollResponse;
  readonly respondedAt: number;
  /** Undefined if the execution no longer exists. */
  readonly recorded: RecordResult | undefined;
}

/** @throws {StoreUnavailable} if the signal aborts before the response is recorded. */
export async function pollOnce(tools: PollTools, request: PollRequest): Promise<Polled> {
  const { store, cxone, world, tracing } = tools;
  const { execution, permit, signal, final = false } = request;
  const span = tracing.beginLinked(POLL, execution);
  let response: PollResponse;
  try {
    // promise: last-poll-at-deadline
    response = await endSpanWith(span, polledEnd, execution, cxone.poll(withSpanContext(span, execution)));
  } finally {
    permit.release();
  }
  // promise: cut-last-poll-counts
  if (final && response.type === 'failed' && response.found)
    response = { ...response, ...response.found, type: 'polled' };
  const [respondedAt, elapsed] = [world.now(), world.elapsed()];
  const record = () => {
    // The clock may be set while the store takes no writes: this is the time of the response by the clock of each attempt.
    // promise: late-record-of-a-poll-has-the-new-clock
    const now = Math.round(world.now() - (world.elapsed() - elapsed));
    return store.record(execution.reference, toEvent(response, { ...request, final }, tools, now), now);
  };
  const recorded = await retryUntilCommitted(record, world, signal);
  return { response, respondedAt, recorded };
}

function toEvent(
  response: PollResponse,
  { execution, final, minIntervalMs = 0, origin }: PollRequest & { final: boolean },
  { pollIntervalMs: intervalMs, world }: PollTools,
  now: number,
): ExecutionEvent {
  const { executionId: polledExecutionId, pollCount, pollAfter, status, pollAt: leasedUntil } = execution;
  const shared = { ...(origin === undefined ? {} : { origin }), ...(isTerminal(status) ? { leasedUntil } : {}) };
  const notBefore = now + minIntervalMs;
  // promise: grace-poll-keeps-distance
  const next = nextPollAt({ now, pollCount, intervalMs, chance: world.random(), pollAfter });
  switch (response.type) {
    case 'polled': {
      // promise: retry-after-delays-next-poll
      const nextPoll = Math.max(next, now + (response.retryAfterMs ?? 0));
      return { ...response, ...shared, polledExecutionId, nextPollAt: nextPoll, notBefore, final };
    }
    case 'not-found':
      return {
        ...{ ...response, ...shared, type: 'poll-not-found' },
        ...{ polledExecutionId, nextPollAt: next, notBefore, final },
      };
    case 'failed': {
      const retryAt = Math.max(next, now + response.retryAfterMs);
      return { ...response, ...shared, type: 'poll-failed', nextPollAt: retryAt, notBefore };
    }
    default:
      return response satisfies never;
  }
}
