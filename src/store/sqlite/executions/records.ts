// Changes executions: applies an event to one execution, or to all that are due, inside a transaction of the writer.

import type { AuditDraft, AuditEntry, ExecutionEvent } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { withoutQuotes } from '../../../execution/reduced-detail.ts';
import { transition } from '../../../execution/transition.ts';
import { isoTime } from '../../../lib/time.ts';
import type { Change, DueWork, ExecutionRecorder, RecordResult } from '../../port.ts';
import type { AuditTrail } from '../audit/append.ts';
import { outcomeHash } from '../audit/hash-chain.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import type { SqliteOutbox } from '../outbox/outbox.ts';
import { restorePayload, stripPayload } from '../retention/payload-hashes.ts';
import type { createPayloadStripping } from '../retention/prune-payloads.ts';
import { fromIso, mutableColumns, type StateRow, toDispatchable, toExecution } from '../rows.ts';
import type { Statements } from '../statements.ts';
import type { Backlog } from './backlog.ts';
import type { DueSelection } from './claim-due.ts';
import type { ClockTimes } from './clock-times.ts';
import type { createUnknownWords } from './unknown-words.ts';

interface RecordTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly backlog: Pick<Backlog, 'update'>;
  readonly due: DueSelection;
  readonly moveTimes: ClockTimes['move'];
  readonly rowOf: (reference: string) => StateRow | undefined;
  readonly enqueue: SqliteOutbox['enqueue'];
  readonly append: AuditTrail['append'];
  /** Counts a repeat of an event instead of appending it; undefined for all that are appended. */
  readonly count: (before: Execution, after: Execution, draft: AuditDraft, now: number) => AuditEntry | undefined;
  readonly strip: ReturnType<typeof createPayloadStripping>;
  readonly countWord: ReturnType<typeof createUnknownWords>['count'];
}

export function createRecords(
  sql: Statements,
  { writer, backlog, due, moveTimes, rowOf, enqueue, append, count, strip, countWord }: RecordTools,
): ExecutionRecorder & Omit<DueWork, 'lastClockStep'> {
  /** The only way in which an execution changes: transition, row, notification, audit entry. */
  function apply(before: Execution, event: ExecutionEvent, now: number, hashes: string | null = null) {
    // promise: pruned-result-is-recognised
    const restored = restorePayload(before, hashes, event);
    const { execution: after, outcome, entry } = transition(restored, event, now);
    const changed = stripPayload(after, restored, before);
    // promise: erased-execution-keeps-no-quotes
    const execution = before.erasedAt === null || changed === before ? changed : withoutQuotes(changed);
    // promise: each-event-is-audited
    const columns = mutableColumns(execution);
    if (execution !== before) {
      sql.updateExecution.run({ ...columns, reference: execution.reference });
      backlog.update(before, execution);
    }
    const seal = outcome === 'resolved' ? { status: execution.status, outcomeSha256: outcomeHash(columns) } : {};
    // promise: notification-in-same-commit
    const notification = before.erasedAt === null ? enqueue(before, execution, now) : null;
    const detail = { ...entry.detail, ...seal, ...(notification === null ? {} : { notification: notification.id }) };
    const notifyAt = notification?.dueAt ?? null;
    const draft = { ...entry, detail };
    const counted = count(before, execution, draft, now);
    if (counted !== undefined) return { execution, outcome, entry: counted, isCounted: true, notifyAt };
    // An erasure finds each of these words in an entry.
    countWord(event, execution, outcome === 'resolved', now);
    return { execution, outcome, entry: append(execution, draft, now), notifyAt };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<RecordResult | undefined, Change> {
    const row = rowOf(reference);
    if (row === undefined) return unchanged(undefined);
    const change = apply(toExecution(row), event, now, row.payloadSha256);
    if (row.payloadPrunedAt === null || change.outcome !== 'late') return { value: change, changes: [change] };
    // promise: erased-execution-stays-erased
    if (row.erasedAt !== null) strip(reference, isoTime(now));
    else sql.hasPayloadAgain.run({ reference });
    return { value: change, changes: [change] };
  }

  return {
    record: (reference, event, now) => writer.mutate(() => record(reference, event, now)),

    dueDispatches: async (limit, now) => due.toDispatch(limit, now).map(toExecution),

    claimDispatches: (limit, now, share) =>
      writer.mutate(() => {
        const rows = due.dispatches(limit, now, share);
        const changes = rows.map((row) => apply(toExecution(row), { type: 'dispatched' }, now));
        const sendable = rows.map((row, i) => ({
          ...{ ...toDispatchable(row), ...changes[i]?.execution },
          giveUpAt: fromIso(row.expireAt),
        }));
        return { value: sendable.filter(({ status }) => status === 'UNCONFIRMED'), changes };
      }),

    claimPolls: (limit, now, leaseUntil, share) =>
      writer.mutate(() => {
        const rows = due.polls(limit, now, share);
        // promise: claim-is-a-lease
        for (const { reference } of rows) sql.lease.run({ reference, pollAt: isoTime(leaseUntil) });
        return unchanged(rows.map((row) => ({ ...toExecution(row), pollAt: leaseUntil })));
      }),

    expire: (limit, now) =>
      writer.mutate(() => {
        const changes = due.expiries(limit, now).map((row) => apply(toExecution(row), { type: 'expired' }, now));
        return { value: changes.length, changes };
      }),

    nextDue: async () => due.nextDue(),

    moveDueTimes: (step) => writer.mutate(() => unchanged(moveTimes(step))),
  };
}
