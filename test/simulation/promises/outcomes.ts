// The promises about outcomes: only CXone resolves, none of its reports is lost, and no card is charged twice.

import { isDeepStrictEqual } from 'node:util';
import type { Said } from '../callback-bodies.ts';
import type { EntryRow, Row } from '../database.ts';
import { isOpen } from '../trail.ts';
import type { Delivery } from '../truth.ts';
import { demand, show } from '../violation.ts';
import { detailOf, isCount, lateResultIn, outcomeIn, type State } from './state.ts';
import { events } from './trails.ts';

const TRUE = 'an outcome is what CXone reported';
const IN_TIME = 'no execution times out before its deadline, nor before its last poll';
const ONCE = 'what CXone may have received is not sent again';
const RECORDED = 'a callback that got a response counts for ever';

export function checkOutcomes(state: State): void {
  for (const row of state.rows.values()) checkOutcome(row, state);
  checkPosts(state);
  for (const delivery of state.truth.deliveries) checkDelivery(delivery, state);
}

function checkOutcome(row: Row, { truth, trails, clockWasSet, settings }: State): void {
  const id = row.correlation_id;
  const trail = trails.get(id) ?? [];
  const said = (what: Said) => (truth.said.get(id) ?? []).some((one) => isDeepStrictEqual(one, what));
  const late = lateResultIn(row);
  demand(late === null || said(late), TRUE, () => `${id} has the late result ${show(late)}`);
  const hearsay =
    settings.trust === 'verify' &&
    (row.resolved_by === 'callback' || row.late_result?.includes('"via":"callback"') === true);
  demand(!hearsay, 'a callback that proves nothing resolves nothing', () => show(row));
  switch (row.status) {
    case 'COMPLETED':
    case 'FAILED':
      demand(
        said(outcomeIn(row)),
        TRUE,
        () => `${id} is ${show(outcomeIn(row))}, CXone said ${show(truth.said.get(id))}`,
      );
      return;
    case 'REJECTED': {
      const { code } = outcomeIn(row).error as { code: number };
      const refused = truth.refusals.get(id)?.includes(code) === true;
      demand(refused, TRUE, () => `${id} is REJECTED with ${code}, CXone said ${show(truth.refusals.get(id))}`);
      return;
    }
    case 'NOT_FOUND': {
      const gone = truth.polls.filter(({ correlationId, fate }) => correlationId === id && fate.startsWith('404'));
      demand(gone.length > 1, TRUE, () => `${id} is NOT_FOUND: ${events(trail)}`);
      return;
    }
    case 'TIMEOUT':
      if (!clockWasSet) checkTimeout(row, trail, truth.polls);
      return;
    default:
      return;
  }
}

const LAST_WORDS = /still running at the last poll|the last poll failed|could not be polled at the deadline/;

function checkTimeout(row: Row, trail: readonly EntryRow[], polls: State['truth']['polls']): void {
  const id = row.correlation_id;
  const resolvedAt = Date.parse(row.resolved_at ?? '');
  const deadline = Date.parse(row.deadline ?? row.submitted_at);
  demand(resolvedAt >= deadline, IN_TIME, () => `${id} ended at ${row.resolved_at}, its deadline was ${row.deadline}`);
  // Its executionId may have become known only afterwards.
  if (trail.find(({ event }) => event === 'POLL_TIMEOUT')?.execution_id == null) return;
  const { message } = outcomeIn(row).error as { message: string };
  demand(LAST_WORDS.test(message), IN_TIME, () => `${id} timed out unasked: ${message}`);
  if (!message.includes('still running')) return;
  const asked = polls.some((poll) => poll.correlationId === id && poll.at >= deadline && poll.answered === 'running');
  demand(asked, IN_TIME, () => `${id}: CXone was not asked at or after ${row.deadline}`);
}

function checkPosts({ truth, rows }: State): void {
  const open = new Map<string, string>();
  for (const { correlationId, fate, unprocessed } of truth.posts) {
    const before = open.get(correlationId);
    const allowed = rows.get(correlationId)?.retry_uncertain === 1;
    demand(before === undefined || allowed, ONCE, () => `${correlationId} was sent again after "${before}"`);
    if (!unprocessed) open.set(correlationId, fate);
  }
}

function checkDelivery(delivery: Delivery, state: State): void {
  const { run, words, says, answer } = delivery;
  if (answer === null) return;
  const row = state.rows.get(run.correlationId);
  const trail = state.trails.get(run.correlationId) ?? [];
  const counts = state.settings.trust === 'verify' ? hintCounts : callbackCounts;
  const holds = row !== undefined && (counts(delivery, row, trail) || countsAnyhow(delivery, row, trail, state));
  const context = () => `"${words}" (${show(says)}) was answered ${show(answer)}: ${show(row)} ${events(trail)}`;
  demand(holds, RECORDED, context);
}

/** Whether the report is recorded: a callback may be the outcome. */
function callbackCounts(delivery: Delivery, row: Row, trail: readonly EntryRow[]): boolean {
  const { words, names, says, answer } = delivery;
  const is = (what: Said | null) => says !== null && isDeepStrictEqual(what, says);
  const times = (event: string) => trail.filter((entry) => entry.event === event).length;
  const itsOwn = names === null || names === row.execution_id;
  switch (answer?.outcome) {
    case 'resolved':
      return itsOwn && is(outcomeIn(row)) && row.resolved_by === 'callback' && times('CALLBACK_COMPLETED') === 1;
    case 'duplicate':
      return itsOwn && (is(outcomeIn(row)) || is(lateResultIn(row)));
    case 'late':
      return itsOwn && is(lateResultIn(row)) && times('CALLBACK_LATE') === 1;
    case 'conflict':
      return itsOwn && !isOpen(row.status) && isKept('CALLBACK_CONFLICT', delivery, trail);
    case 'progress':
      return words === 'progress' && times('CALLBACK_PROGRESS') > 0;
    default:
      return false;
  }
}

/** Whether the report is recorded: a callback only causes a poll (CALLBACK_TRUST=verify). */
function hintCounts(delivery: Delivery, row: Row, trail: readonly EntryRow[]): boolean {
  const outcome = delivery.answer?.outcome;
  switch (outcome) {
    case 'progress':
      return isKept('CALLBACK_HINT', delivery, trail);
    case 'duplicate':
      return [outcomeIn(row), lateResultIn(row)].some((one) => isDeepStrictEqual(one, delivery.says));
    case 'late':
    case 'conflict':
      return !isOpen(row.status) && isKept(`CALLBACK_${outcome.toUpperCase()}`, delivery, trail);
    default:
      return false;
  }
}

function countsAnyhow(delivery: Delivery, row: Row, trail: readonly EntryRow[], state: State): boolean {
  const unreadable = trail.filter(({ event }) => event === 'CALLBACK_UNREADABLE');
  switch (delivery.answer?.status) {
    case 202:
      return unreadable.some(
        (entry) => isCount(entry) || isDeepStrictEqual(state.bodyOf(entry.id), Buffer.from(delivery.bytes)),
      );
    case 409:
      return isKept('CALLBACK_MISMATCH', delivery, trail);
    case 413:
      return delivery.words === 'huge' && (unreadable.length > 0 || isKnown(delivery, row, trail));
    default:
      return false;
  }
}

/** Whether the report is the outcome, the late result or a recorded conflict. */
function isKnown(delivery: Delivery, row: Row, trail: readonly EntryRow[]): boolean {
  const isRecorded = [outcomeIn(row), lateResultIn(row)].some((one) => isDeepStrictEqual(one, delivery.says));
  return isRecorded || isKept('CALLBACK_CONFLICT', delivery, trail);
}

/** Whether an entry of that name states the report of the callback, or counts it. */
function isKept(event: string, { says }: Delivery, trail: readonly EntryRow[]): boolean {
  const said = { result: says?.result ?? null, error: says?.error ?? null };
  return trail.some((entry) => {
    const { result, error } = detailOf(entry);
    return entry.event === event && (isCount(entry) || isDeepStrictEqual({ result, error }, said));
  });
}
