// The only way in which an event changes an execution: transition, state, notification, audit entry.

import type { AuditDraft, ExecutionEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { withoutQuotes } from '../../../execution/reduced-detail.ts';
import { unknownWordIn } from '../../../execution/report-detail.ts';
import { transition } from '../../../execution/transition.ts';
import type { Notification } from '../../../notification/notification.ts';
import { notificationFor, scheduleInOrder } from '../../../notification/outgoing.ts';
import type { Change, RecordResult } from '../../port.ts';
import { sealOf } from '../../shared/columns.ts';
import { restorePayload, stripPayload } from '../../shared/payload-hashes.ts';
import { countedRepeat } from '../audit/repeats.ts';
import type { Part } from '../batch/part.ts';
import { stripPayload as removePayload } from '../retention/payloads.ts';
import { arrivalAfter, tallyChange } from '../rollups/tally.ts';

/** The submission of an erased execution, of which the hashes are kept. */
const NOTHING_SUBMITTED = { inputs: '{}', context: '{}' } as const;

/** @param listedRepeats entries of one event after which further repeats are counted */
export function applyEvent(
  part: Part,
  event: ExecutionEvent,
  now: number,
  listedRepeats: number,
): Change & RecordResult {
  const earlier = part.state;
  const { execution: before, payloadSha256, payloadPrunedAt } = earlier;
  // promise: postgres/pruned-result-is-recognised
  const restored = restorePayload(before, payloadSha256, event);
  const { execution: after, outcome, entry } = transition(restored, event, now);
  const changed = stripPayload(after, restored, before);
  const execution = before.erasedAt === null || changed === before ? changed : withoutQuotes(changed);
  if (execution !== before) part.saveExecution(execution);
  const seal = outcome === 'resolved' ? sealOf(execution) : {};
  // promise: postgres/notification-in-same-commit
  const notification = before.erasedAt === null ? enqueue(part, before, now) : null;
  const detail = { ...entry.detail, ...seal, ...(notification === null ? {} : { notification: notification.id }) };
  const notifyAt = notification?.dueAt ?? null;
  const draft: AuditDraft = { ...entry, detail };
  const counted = countedRepeat(part, before, draft, { now, listedRepeats });
  if (counted !== null) return { execution, outcome, entry: counted, isCounted: true, notifyAt };
  countWords(part, event, outcome === 'resolved', now);
  // promise: postgres/erased-execution-stays-erased
  if (outcome === 'late' && before.erasedAt !== null) removePayload(part, NOTHING_SUBMITTED, now);
  else if (outcome === 'late' && (payloadPrunedAt ?? 0) > 0) {
    part.save({ payloadPrunedAt: 0 });
    part.changePayload({ type: 'again' });
  }
  part.save({ arrival: arrivalAfter(part.state, draft.event, now) });
  tallyChange(part, earlier);
  return { execution, outcome, entry: part.append(draft, now), notifyAt };
}

/** Adds the notification of a change, if the change has one. */
function enqueue(part: Part, before: Execution, now: number): Notification | null {
  const created = notificationFor(before, part.state.execution, now);
  if (created === null) return null;
  const scheduled = scheduleInOrder([...part.state.notifications, created], now).at(-1) ?? created;
  part.saveNotification(scheduled);
  return scheduled;
}

function countWords(part: Part, event: ExecutionEvent, isEnd: boolean, now: number): void {
  const { execution } = part.state;
  if (execution.erasedAt !== null) return;
  const reported = unknownWordIn(event);
  if (reported !== null) part.countWord({ spelling: reported, at: now, reports: 1, timeouts: 0 });
  if (!isEnd || execution.status !== 'TIMEOUT' || execution.unknownWord === null) return;
  part.countWord({ spelling: execution.unknownWord, at: now, reports: 0, timeouts: 1 });
}
