// The row of a roll-up in which an execution counts. Pure.

import type { Arrival } from '../../execution/arrival-channel.ts';
import type { Execution, ResolvedBy } from '../../execution/execution.ts';
import { roundDuration } from '../../lib/round-duration.ts';
import { HOUR_MS, isoTime } from '../../lib/time.ts';
import { timeOfReference } from './reference-times.ts';

/** The columns of a row. */
export type CountKey = readonly (string | number)[];

/** What the roll-ups count of an execution. */
export interface Counted
  extends Pick<Execution, 'reference' | 'app' | 'actionId' | 'status' | 'resolvedBy' | 'sentAt' | 'resolvedAt'> {
  /** From submission to outcome, milliseconds. */
  readonly totalMs: number | null;
  /** True if a result came after an end without one. */
  readonly hasLateResult: boolean;
}

export const SUBMITTED_COLUMNS = ['hour', 'app', 'action_id', 'kind'] as const;
export const OUTCOME_COLUMNS = ['hour', 'app', 'action_id', 'status', 'resolved_by', 'sent', 'late', 'ms'] as const;
export const ENDED_COLUMNS = [
  'hour',
  'action_id',
  'channel',
  'missed',
  'called_back_later',
  'has_skew',
  'skew_ms',
] as const;

/** Outcomes whose durations are counted: other durations say nothing about CXone. */
const FROM_CXONE: ReadonlySet<ResolvedBy | null> = new Set(['callback', 'poll', 'submit']);

export function isFromCxone(resolvedBy: ResolvedBy | null): boolean {
  return FROM_CXONE.has(resolvedBy);
}

/** Hours that were named: formatting one costs as much as a statement, and each outcome has two. */
const names = new Map<number, string>();
const MAX_NAMES = 100;

export function hourOf(time: number): string {
  const start = Math.floor(time / HOUR_MS) * HOUR_MS;
  const known = names.get(start);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) names.clear();
  const name = isoTime(start);
  names.set(start, name);
  return name;
}

type Submitted = Pick<Counted, 'reference' | 'app' | 'actionId'>;

/** The hour is that of the reference, by which periods of submission are read. */
function submissionOf({ reference, app, actionId }: Submitted): CountKey {
  return [hourOf(timeOfReference(reference)), app, actionId];
}

/** `unsent`: those of the accepted executions that ended without having been sent. */
export function submittedKey(counted: Submitted, kind: 'accepted' | 'unsent'): CountKey {
  return [...submissionOf(counted), kind];
}

/** Of an ended execution. */
export function outcomeKey(counted: Counted): CountKey {
  const { status, resolvedBy, sentAt, hasLateResult, totalMs } = counted;
  const ms = isFromCxone(resolvedBy) ? roundDuration(totalMs ?? 0) : 0;
  return [...submissionOf(counted), status, resolvedBy ?? '', Number(sentAt !== null), Number(hasLateResult), ms];
}

export function endedKey(
  { actionId, resolvedAt }: Pick<Counted, 'actionId' | 'resolvedAt'>,
  { channel, missed, calledBackLater, skewMs }: Arrival,
): CountKey {
  const skew = [Number(skewMs !== null), roundDuration(skewMs ?? 0)];
  return [hourOf(resolvedAt ?? 0), actionId, channel, Number(missed), Number(calledBackLater), ...skew];
}
