// Polls every doubtful execution of a period. Each poll takes a spare permit, so that it delays no execute and no other poll.

import type { Cxone, PollResponse } from '../../cxone/port.ts';
import type { Execution } from '../../execution/execution.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { DoubtfulQuery, Observations } from '../../store/observations-port.ts';
import type { ExecutionRecorder } from '../../store/port.ts';
import { type PollTools, pollOnce } from '../poll-once.ts';
import { differenceOf, type ReconcileDifference, type Reconciliation } from './report.ts';

/** Concurrent polls of one reconciliation. */
const MAX_IN_FLIGHT = 4;
/** Polls in a row without a response that shows CXone at work, after which it counts as unreachable. */
const MAX_FAILURES = 10;

export interface ReconcileTools extends PollTools {
  readonly store: ExecutionRecorder & Pick<Observations, 'doubtful'>;
  readonly cxone: Pick<Cxone, 'permits' | 'poll'>;
}

export type ReconcileEnd = Pick<Reconciliation, 'status' | 'reason'>;

export interface ReconcileProgress {
  unaskable(count: number): void;
  /** @param done share of the period that has been scanned, 0 to 1 */
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
  const pollAll = createPollAll(tools, { reconciliation: id, by }, report, signal);
  for (let query: DoubtfulQuery = filter; ; ) {
    const { items, unpollable: unaskable, next, reachedAt: reached } = await tools.store.doubtful(query);
    report.unaskable(unaskable);
    const end = await pollAll(items);
    if (end !== null) return end;
    if (next === null) return ENDED;
    report.progress(((reached ?? to) - from) / Math.max(1, to - from));
    query = { ...filter, after: next };
    await yieldToEventLoop();
  }
}

/** What is about this execution alone, for example 403, another executionId, no status or no poll address, says nothing about others. */
function suggestsOutage(response: PollResponse): boolean {
  // promise: no-poll-address-is-no-outage
  if (response.type !== 'failed' || response.isolated === true) return false;
  // promise: one-action-stops-no-reconciliation
  return !response.asked || response.httpStatus === 0 || response.httpStatus >= 500;
}

/** Recorded in the audit entries of the polls. */
type Origin = { readonly reconciliation: string; readonly by: string };

/** Returns a function that polls a list of executions. It returns why the reconciliation must end; null to continue. */
function createPollAll(tools: ReconcileTools, origin: Origin, report: ReconcileProgress, signal: AbortSignal) {
  let failures = 0;

  /** Returns how many of the executions were polled; 0 once the signal has aborted. */
  async function pollSome(executions: readonly Execution[]): Promise<number> {
    const permits = await tools.cxone.permits('spare', Math.min(MAX_IN_FLIGHT, executions.length), signal);
    const polls = permits.map(async (permit, i) => {
      const execution = executions[i] as Execution;
      const polled = await pollOnce(tools, { execution, permit, signal, origin });
      return { isOutage: suggestsOutage(polled.response), difference: differenceOf(execution, polled) };
    });
    for (const { isOutage, difference } of await Promise.all(polls)) {
      failures = isOutage ? failures + 1 : 0;
      report.found(difference);
    }
    return permits.length;
  }

  return async (items: readonly Execution[]): Promise<ReconcileEnd | null> => {
    for (let at = 0; at < items.length; ) {
      const polled = signal.aborted ? 0 : await pollSome(items.slice(at));
      if (polled === 0) return STOPPED;
      if (failures >= MAX_FAILURES) return { status: 'STOPPED', reason: `${failures} polls failed in a row` };
      at += polled;
    }
    return signal.aborted ? STOPPED : null;
  };
}
