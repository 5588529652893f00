// What an event changes in the roll-ups: each change commits with the execution that it counts.

import { arrivalOf } from '../../../execution/arrival-channel.ts';
import type { AuditEvent } from '../../../execution/event.ts';
import { type Execution, isTerminal, totalLatencyMs } from '../../../execution/execution.ts';
import { type Counted, type CountKey, endedKey, outcomeKey, submittedKey } from '../../shared/rollup-keys.ts';
import type { Aggregate, ArrivalFacts } from '../batch/aggregate.ts';
import type { Part } from '../batch/part.ts';

/** Values of `rollup_rows.kind`. */
export const SUBMITTED = 1;
export const OUTCOMES = 2;
export const ARRIVALS = 3;

const CALLED_BACK: ReadonlySet<AuditEvent> = new Set([
  'CALLBACK_DUPLICATE',
  'CALLBACK_CONFLICT',
  'CALLBACK_LATE',
] as const);

/** Returns what the trail shows with one more entry. */
export function arrivalAfter({ execution, arrival }: Aggregate, event: AuditEvent, now: number): ArrivalFacts {
  const { resolvedAt } = execution;
  const { hintedAt, calledBackAt, pollCompletedAt } = arrival;
  if (event === 'CALLBACK_HINT' && now <= (resolvedAt ?? now))
    return { ...arrival, hintedAt: Math.max(hintedAt ?? now, now) };
  if (CALLED_BACK.has(event)) return { ...arrival, calledBackAt: Math.min(calledBackAt ?? now, now) };
  if (event === 'POLL_COMPLETED') return { ...arrival, pollCompletedAt: Math.min(pollCompletedAt ?? now, now) };
  return arrival;
}

/** When callbacks and polls brought the outcome of an execution that has ended. */
export function arrivalTimes(
  execution: Pick<Execution, 'status' | 'resolvedBy' | 'resolvedAt' | 'pollCount'>,
  facts: ArrivalFacts,
) {
  const { status, resolvedBy, resolvedAt, pollCount } = execution;
  const calledBackAt = resolvedBy === 'callback' ? resolvedAt : (facts.hintedAt ?? facts.calledBackAt);
  if (resolvedBy === 'poll' && status !== 'NOT_FOUND') return { calledBackAt, foundAt: resolvedAt };
  return { calledBackAt, foundAt: pollCount > 0 ? facts.pollCompletedAt : null };
}

/** Counts an accepted execution. */
export function tallyAccepted(part: Part): void {
  part.tally({ kind: SUBMITTED, key: submittedKey(part.state.execution, 'accepted'), times: 1 });
}

/** Counts what one event changed. */
export function tallyChange(part: Part, before: Aggregate): void {
  const after = part.state;
  if (!isTerminal(after.execution.status)) return;
  if (!isTerminal(before.execution.status)) {
    tallyOutcome(part, after, 1);
    tallyArrival(part, after, 1);
    return;
  }
  const [old, present] = [before, after].map((state) => outcomeKey(countedIn(state)).join('\n'));
  if (old !== present) {
    tallyOutcome(part, before, -1);
    tallyOutcome(part, after, 1);
  }
  // promise: postgres/late-callback-moves-its-count
  if (arrivalKey(before)?.join('\n') === arrivalKey(after)?.join('\n')) return;
  tallyArrival(part, before, -1);
  tallyArrival(part, after, 1);
}

function tallyOutcome(part: Part, state: Aggregate, times: 1 | -1): void {
  const counted = countedIn(state);
  part.tally({ kind: OUTCOMES, key: outcomeKey(counted), times });
  if (counted.sentAt === null) part.tally({ kind: SUBMITTED, key: submittedKey(counted, 'unsent'), times });
}

function tallyArrival(part: Part, state: Aggregate, times: 1 | -1): void {
  const key = arrivalKey(state);
  if (key !== null) part.tally({ kind: ARRIVALS, key, times });
}

function arrivalKey({ execution, arrival: facts }: Aggregate): CountKey | null {
  const { status, resolvedBy, sentAt, resolvedAt } = execution;
  const arrival = arrivalOf({ status, resolvedBy, sentAt, resolvedAt, ...arrivalTimes(execution, facts) });
  return arrival === null ? null : endedKey(execution, arrival);
}

function countedIn({ execution }: Aggregate): Counted {
  const { reference, app, actionId, status, resolvedBy, sentAt, resolvedAt, lateResult } = execution;
  const totalMs = totalLatencyMs(execution);
  const hasLateResult = lateResult !== null;
  return { reference, app, actionId, status, resolvedBy, sentAt, resolvedAt, totalMs, hasLateResult };
}

/** Returns the columns of `rollup_rows` for a key. */
export function rollupColumns(kind: number, key: CountKey): Record<string, string | number> {
  const [hour = '', ...rest] = key;
  if (kind === SUBMITTED) {
    const [app = '', actionId = '', name = ''] = rest;
    return { hour, app, action_id: actionId, a: name, b: '', c: 0, d: 0, e: 0 };
  }
  if (kind === OUTCOMES) {
    const [app = '', actionId = '', status = '', resolvedBy = '', sent = 0, late = 0, ms = 0] = rest;
    return { hour, app, action_id: actionId, a: status, b: resolvedBy, c: sent, d: late, e: ms };
  }
  const [actionId = '', channel = '', missed = 0, calledBackLater = 0, hasSkew = 0, skewMs = 0] = rest;
  return {
    hour,
    app: '',
    action_id: actionId,
    a: channel,
    b: String(hasSkew),
    c: missed,
    d: calledBackLater,
    e: skewMs,
  };
}
