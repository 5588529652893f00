// Changes executions: applies an event to one execution, or to all that are due, inside a transaction of the writer.

import { outcomeIn } from '../../../execution/apply-result.ts';
import type { AuditDraft, AuditEntry, ExecutionEvent } from '../../../execution/event.ts';
import type { Dispatchable, Execution } from '../../../execution/execution.ts';
import { type JsonObject, LargeJson } from '../../../execution/json.ts';
import { withoutQuotes } from '../../../execution/reduced-detail.ts';
import { transition } from '../../../execution/transition.ts';
import type { Change, ClaimedDispatch, DueWork, ExecutionRecorder, RecordResult } from '../../port.ts';
import type { Backlog } from '../../shared/backlog.ts';
import { type OutcomeColumns, sealOf, toJson } from '../../shared/columns.ts';
import { expiryOf } from '../../shared/expiry.ts';
import { prepareOutcomeHash } from '../../shared/hash-chain.ts';
import { movedEvent } from '../../shared/moved-times.ts';
import { restorePayload, stripPayload } from '../../shared/payload-hashes.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import type { SqliteOutbox } from '../outbox/outbox.ts';
import type { createPayloadStripping } from '../retention/prune-payloads.ts';
import type { Statements } from '../statements.ts';
import type { DueSelection } from './claim-due.ts';
import type { Claims } from './claims.ts';
import type { ClockTimes } from './clock-times.ts';
import type { ExecutionRow } from './execution-row.ts';
import type { PausedQueue } from './pauses.ts';
import type { createUnknownWords } from './unknown-words.ts';

interface RecordTools {
  readonly claims: Claims;
  /** For mutations that may run while rows wait. */
  readonly appending: Pick<Writer<Change>, 'mutate'>;
  readonly backlog: Pick<Backlog, 'update'>;
  readonly due: DueSelection;
  readonly moveTimes: ClockTimes['move'];
  readonly enqueue: SqliteOutbox['enqueue'];
  /** Appends an entry about a change, and counts the change in the roll-ups. */
  readonly append: (before: Execution, after: ExecutionRow, draft: AuditDraft, now: number) => AuditEntry;
  /** Counts a repeat of an event instead of appending it; undefined for all that are appended. */
  readonly count: (before: Execution, after: ExecutionRow, draft: AuditDraft, now: number) => AuditEntry | undefined;
  readonly strip: ReturnType<typeof createPayloadStripping>;
  readonly countWord: ReturnType<typeof createUnknownWords>['count'];
  readonly paused: Pick<PausedQueue, 'list'>;
}

// One function because all changes go through `apply`, whose tools they share.
export function createRecords(
  sql: Statements,
  { claims, appending, backlog, due, moveTimes, enqueue, append, count, strip, countWord, paused }: RecordTools,
): ExecutionRecorder & Omit<DueWork, 'lastClockStep'> {
  function save(stored: ExecutionRow, execution: Execution): ExecutionRow {
    backlog.update(stored.execution, execution);
    return sql.save(stored, execution);
  }

  /** The only way in which an execution changes: transition, row, notification, audit entry. */
  function apply(stored: ExecutionRow, event: ExecutionEvent, now: number) {
    const before = stored.execution;
    // promise: pruned-result-is-recognised
    const restored = restorePayload(before, stored.payloadSha256, event);
    const { execution: after, outcome, entry } = transition(restored, event, now);
    const changed = stripPayload(after, restored, before);
    // promise: erased-execution-keeps-no-quotes
    const execution = before.erasedAt === null || changed === before ? changed : withoutQuotes(changed);
    // promise: each-event-is-audited
    const saved = execution === before ? stored : save(stored, execution);
    const seal = outcome === 'resolved' ? sealOf(execution) : {};
    // promise: notification-in-same-commit
    const notification = before.erasedAt === null ? enqueue(before, execution, now) : null;
    const detail = { ...entry.detail, ...seal, ...(notification === null ? {} : { notification: notification.id }) };
    const notifyAt = notification?.dueAt ?? null;
    const draft = { ...entry, detail };
    const counted = count(before, saved, draft, now);
    if (counted !== undefined) return { execution, outcome, entry: counted, isCounted: true, notifyAt };
    // An erasure finds each of these words in an entry.
    countWord(event, execution, outcome === 'resolved', now);
    return { execution, outcome, entry: append(before, saved, draft, now), notifyAt };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<RecordResult | undefined, Change> {
    const stored = sql.byReference(reference);
    if (stored === undefined) return unchanged(undefined);
    const change = apply(stored, event, now);
    if ((stored.payloadPrunedAt ?? 0) === 0 || change.outcome !== 'late') return { value: change, changes: [change] };
    sql.rows.write();
    // promise: erased-execution-stays-erased
    if (stored.execution.erasedAt !== null) strip(stored.id, now);
    else sql.hasPayloadAgain(stored.id);
    return { value: change, changes: [change] };
  }

  return {
    record: (reference, event, now) => {
      const outcome = longOutcomeIn(event);
      const bytes = (outcome?.result?.length ?? 0) + (outcome?.error?.length ?? 0);
      // What an event appends is inserted together with what other events of the commit append.
      const movedMs = claims.movedSince();
      const recordOne = () => {
        const ms = movedMs();
        return sql.rows.collect(() => record(reference, movedEvent(event, ms), now + ms));
      };
      const write = () => appending.mutate(recordOne, { bytes });
      // promise: long-outcome-is-hashed-in-slices
      return outcome === null ? write() : prepareOutcomeHash(outcome).then(write);
    },

    dueDispatches: async (limit, now) => due.toDispatch(limit, now).map(({ execution }) => execution),

    claimDispatches: (limit, now, share) =>
      claims.claim<ClaimedDispatch[]>([], () => {
        const rows = due.dispatches(limit, now, share);
        const claimed = rows.map((row) => ({ row, change: apply(row, { type: 'dispatched' }, now) }));
        const sendable = claimed.map(({ row, change }) => {
          return { ...change.execution, ...submissionOf(sql, row.id), giveUpAt: row.execution.expireAt };
        });
        return {
          value: sendable.filter(({ status }) => status === 'UNCONFIRMED'),
          changes: claimed.map(({ change }) => change),
        };
      }),

    claimPolls: (limit, now, leaseUntil, share) =>
      claims.claim<Execution[]>([], () => {
        const rows = due.polls(limit, now, share);
        // promise: claim-is-a-lease
        for (const { id } of rows) sql.lease.run(leaseUntil, id);
        return unchanged(rows.map(({ execution }) => ({ ...execution, pollAt: leaseUntil })));
      }),

    expire: (limit, now) =>
      claims.claim(0, () => {
        const changes = due.expiries(limit, now).map((row) => apply(row, expiryOf(row.execution, paused.list()), now));
        return { value: changes.length, changes };
      }),

    nextDue: async () => due.nextDue(),

    moveDueTimes: (step, begun = () => {}) =>
      claims.step(Math.round(step.to - step.from), () => moveTimes(step), begun),
  };
}

/** Returns the columns of the outcome that an event gives if they are long; null for any other event. */
function longOutcomeIn(event: ExecutionEvent): Pick<OutcomeColumns, 'result' | 'error'> | null {
  if (!('report' in event) || event.report.kind === 'progress') return null;
  if (!LargeJson.is(event.report.result) && !LargeJson.is(event.report.error)) return null;
  const { result, error } = outcomeIn(event.report);
  return { result: toJson(result), error: toJson(error) };
}

function submissionOf(sql: Pick<Statements, 'submissionOf'>, id: number): Pick<Dispatchable, 'inputs' | 'context'> {
  const { inputs, context } = sql.submissionOf(id);
  return { inputs: LargeJson.from(inputs) as JsonObject, context: LargeJson.from(context) as JsonObject };
}
