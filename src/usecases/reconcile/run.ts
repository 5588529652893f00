// Goes through what is in doubt and asks CXone about each: permission first, so that none of it waits for CXone's limits.

import type { Cxone, Permit, PollResponse } from '../../cxone/port.ts';
import type { Execution } from '../../execution/execution.ts';
import { nextPollAt } from '../../execution/schedule.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import { POLL, polledEnd } from '../../observability/tracing/spans.ts';
import { endSpanWith, type Tracing, withSpanContext } from '../../observability/tracing/tracing.ts';
import type { DoubtfulQuery, Observations } from '../../store/observations-port.ts';
import type { RecordResult, Store } from '../../store/port.ts';
import { retryUntilCommitted } from '../../store/retry-until-committed.ts';
import { differenceOf, type ReconcileDifference, type Reconciliation } from './report.ts';

/** Asked at a time, at most. */
const MAX_IN_FLIGHT = 4;
/** So many failures in a row mean that CXone cannot be asked now. */
const MAX_FAILURES = 10;

export interface ReconcileTools {
  readonly store: Pick<Store, 'record'> & Pick<Observations, 'doubtful'>;
  readonly cxone: Pick<Cxone, 'permits' | 'poll'>;
  readonly world: World;
  readonly tracing: Tracing;
  readonly pollIntervalMs: number;
}

export type ReconcileEnd = Pick<Reconciliation, 'status' | 'reason'>;

export interface ReconcileProgress {
  unaskable(count: number): void;
  progress(done: number): void;
  found(difference: ReconcileDifference): void;
}

const ENDED: ReconcileEnd = { status: 'ENDED', reason: null };
const STOPPED: ReconcileEnd = {
  status: 'STOPPED',
  reason: 'the receiver was stopped; start it again for the same period',
};

export async function reconcile(
  tools: ReconcileTools,
  { id, by, from, to, actionId, app }: Reconciliation,
  report: ReconcileProgress,
  signal: AbortSignal,
): Promise<ReconcileEnd> {
  const filter = { from, to, ...(actionId === null ? {} : { actionId }), ...(app === null ? {} : { app }) };
  const askAll = createAskAll(tools, { reconciliation: id, by }, report, signal);
  for (let query: DoubtfulQuery = filter; ; ) {
    const { items, unpollable: unaskable, next, reachedAt: reached } = await tools.store.doubtful(query);
    report.unaskable(unaskable);
    const end = await askAll(items);
    if (end !== null) return end;
    if (next === null) return ENDED;
    report.progress(((reached ?? to) - from) / Math.max(1, to - from));
    query = { ...filter, after: next };
    await yieldToEventLoop();
  }
}

/** Returns what asks about some of them, and tells why it could not go on; null when it did. */
function createAskAll(tools: ReconcileTools, origin: Origin, report: ReconcileProgress, signal: AbortSignal) {
  let failures = 0;

  async function askSome(some: readonly Execution[]): Promise<number> {
    const permits = await tools.cxone.permits('spare', Math.min(MAX_IN_FLIGHT, some.length), signal);
    const asked = permits.map((permit, i) => ask(tools, some[i] as Execution, permit, origin, signal));
    for (const difference of await Promise.all(asked)) {
      failures = difference.finding === 'failed' ? failures + 1 : 0;
      report.found(difference);
    }
    return permits.length;
  }

  return async (items: readonly Execution[]): Promise<ReconcileEnd | null> => {
    for (let at = 0; at < items.length; ) {
      const asked = signal.aborted ? 0 : await askSome(items.slice(at));
      if (asked === 0) return STOPPED;
      if (failures >= MAX_FAILURES) {
        return { status: 'STOPPED', reason: `CXone could not be asked ${failures} times in a row` };
      }
      at += asked;
    }
    return signal.aborted ? STOPPED : null;
  };
}

/** What the entries of its polls say. */
interface Origin {
  readonly [name: string]: string;
  readonly reconciliation: string;
  readonly by: string;
}

/** One poll, recorded as any is, with the id of the reconciliation and who wanted it in its entry. */
async function ask(
  { store, cxone, world, tracing, pollIntervalMs }: ReconcileTools,
  execution: Execution,
  permit: Permit,
  origin: Origin,
  signal: AbortSignal,
): Promise<ReconcileDifference> {
  const span = tracing.beginLinked(POLL, execution);
  let answer: PollResponse;
  try {
    answer = await endSpanWith(span, polledEnd, execution, cxone.poll(withSpanContext(span, execution)));
  } finally {
    permit.release();
  }
  const now = world.now();
  const { executionId } = execution;
  const next = nextPollAt(now, execution.pollCount, pollIntervalMs, world.random());
  // Whether its time is over is not asked here.
  const final = false;
  const record = (event: Parameters<Store['record']>[1]): Promise<RecordResult | undefined> =>
    retryUntilCommitted(() => store.record(execution.reference, event, now), world, signal);
  switch (answer.type) {
    case 'polled':
      return differenceOf(
        execution,
        await record({ ...answer, polledExecutionId: executionId, nextPollAt: next, final, origin }),
        answer.report.kind === 'progress' ? 'running' : 'told',
      );
    case 'not-found':
      return differenceOf(
        execution,
        await record({ ...answer, polledExecutionId: executionId, type: 'poll-not-found', origin }),
        'gone',
      );
    case 'failed': {
      const nextAt = Math.max(next, now + answer.retryAfterMs);
      return differenceOf(
        execution,
        await record({ ...answer, type: 'poll-failed', nextPollAt: nextAt, origin }),
        'failed',
      );
    }
    default:
      return answer satisfies never;
  }
}
