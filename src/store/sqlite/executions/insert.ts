// Accepts executions: each submission once, by correlation id and idempotency key, and no more than the queue holds.

import type { AuditDraft } from '../../../execution/event.ts';
import { appKeyOf, nameRange, requestNameOf } from '../../../execution/idempotency-key.ts';
import { type JsonObject, LargeJson } from '../../../execution/json.ts';
import {
  type AddResult,
  type BatchAddResult,
  BatchRefused,
  type ExecutionIntake,
  type NewExecution,
} from '../../intake-port.ts';
import type { Change } from '../../port.ts';
import type { Backlog } from '../../shared/backlog.ts';
import { movedSubmission } from '../../shared/moved-times.ts';
import { isMuchLonger } from '../../shared/payload-length.ts';
import type { AuditTrail } from '../audit/append.ts';
import { type Mutation, unchanged, type Writer } from '../group-commit.ts';
import type { RollupCounts } from '../rollups/count.ts';
import type { Statements } from '../statements.ts';
import type { Claims } from './claims.ts';
import type { ExecutionRow } from './execution-row.ts';
import { bytesOf, createBatchInsertion } from './insert-batch.ts';

interface AcceptanceTools {
  readonly backlog: Backlog;
  readonly append: AuditTrail['append'];
  readonly rollups: Pick<RollupCounts, 'accept'>;
}

/**
 * Adds an execution whose id and key are not in use, within the bounds of the queue. Runs inside a transaction. `origin`: what the
 * entry of the acceptance states besides the settings of the execution.
 */
export type Accept = (submission: NewExecution, origin?: JsonObject) => Mutation<AcceptResult, Change>;

export type AcceptResult = Extract<AddResult, { readonly outcome: 'added' | 'full' | 'share-full' }>;

export function createAcceptance(
  sql: Pick<Statements, 'insert'>,
  { backlog, append, rollups }: AcceptanceTools,
): Accept {
  return (submission, origin = {}) => {
    const { execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    // promise: queue-is-bounded
    if (backlog.queued >= queueCapacity) return unchanged({ outcome: 'full' });
    // promise: app-queue-share
    if (backlog.queuedBy(execution.app) >= appQueueCapacity) return unchanged({ outcome: 'share-full' });
    const stored = sql.insert(execution, fingerprint);
    backlog.update(null, execution);
    rollups.accept(execution);
    const { timeoutSeconds, graceSeconds, retryUncertain } = execution;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain, ...origin };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    const entry = append(stored, draft, execution.submittedAt);
    return { value: { outcome: 'added', execution }, changes: [{ execution, outcome: 'progress', entry }] };
  };
}

export interface InsertionTools {
  readonly writer: Pick<Writer<Change>, 'mutate'>;
  readonly accept: Accept;
  readonly claims: Pick<Claims, 'movedSince'>;
}

export function createInsertion(
  sql: Statements,
  { writer, accept, claims }: InsertionTools,
): Omit<ExecutionIntake, 'resubmit'> {
  /** Returns the result for a submission whose id or key is in use: app and fingerprint decide whether it is the same one. */
  function findEarlier(submission: NewExecution): AddResult | undefined {
    const { app, correlationId, idempotencyKey } = submission.execution;
    const keyed = idempotencyKey === null ? undefined : sql.acceptedByIdempotencyKey(app, idempotencyKey);
    if (keyed) {
      if (!isRepeatOf(keyed, submission)) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: keyed.execution };
    }
    // promise: one-key-one-request
    if (idempotencyKey !== null && isUsedElsewhere(app, idempotencyKey)) return { outcome: 'key-reused' };
    // promise: repeat-reads-no-outcome
    const named = sql.acceptedByCorrelationId(correlationId);
    if (!named) return undefined;
    if (named.execution.app !== app || !isRepeatOf(named, submission)) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: named.execution };
  }

  function isRepeatOf({ id, payloadSha256 }: ExecutionRow, submission: NewExecution): boolean {
    const { fingerprint: given, isRepeatOfEarlierVersion } = submission;
    const fingerprint = sql.fingerprintOf(id);
    if (fingerprint === given) return true;
    if (isRepeatOfEarlierVersion === undefined) return false;
    // A thousand items of a batch would read and parse a long payload each, in one commit.
    // promise: short-submission-repeats-no-long-one
    if (isMuchLonger(sql.submissionBytes(id), submission.execution)) return false;
    const { inputs, context } = sql.submissionOf(id);
    const payload = { inputs: LargeJson.from(inputs) as JsonObject, context: LargeJson.from(context) as JsonObject };
    return isRepeatOfEarlierVersion({ fingerprint, payload: payloadSha256 === null ? payload : null });
  }

  /** True when the app used this key for another request: another batch, or one of batch and single submission. */
  function isUsedElsewhere(app: string, name: string): boolean {
    const { from, to } = nameRange(appKeyOf(name));
    const other = sql.idempotencyKeyBetween.get({ app, from, to }) ?? null;
    return other !== null && requestNameOf(other) !== requestNameOf(name);
  }

  function add(submission: NewExecution): Mutation<AddResult, Change> {
    // promise: unnamed-submission-is-new
    if (isUnnamed(submission.execution)) return sql.rows.collect(() => accept(submission));
    const known = findEarlier(submission);
    if (known === undefined) return accept(submission);
    const { app, correlationId, idempotencyKey } = submission.execution;
    // promise: repeat-keeps-its-key
    if (isRepeatByIdAlone(known) && idempotencyKey !== null) sql.keepKey.run(app, idempotencyKey, correlationId);
    return unchanged(known);
  }

  /** @throws {BatchRefused} when `together` is set and a submission is refused: the additions are rolled back. */
  function addAll(submissions: readonly NewExecution[], together: boolean): Mutation<BatchAddResult[], Change> {
    const mutations = submissions.map(add);
    const outcomes = mutations.map(({ value }) => value);
    // promise: atomic-batch
    if (together && outcomes.some(({ outcome }) => outcome !== 'added' && outcome !== 'replayed')) {
      throw new BatchRefused(outcomes.map((result) => (result.outcome === 'added' ? { outcome: 'withheld' } : result)));
    }
    return { value: outcomes, changes: mutations.flatMap(({ changes }) => changes) };
  }

  return {
    add: (submission) => {
      const movedMs = claims.movedSince();
      return writer.mutate(() => add(movedSubmission(submission, movedMs())), { bytes: bytesOf(submission) });
    },
    addAll: (submissions, together) => {
      const movedMs = claims.movedSince();
      const addMoved: typeof addAll = (part, ...rest) =>
        addAll(
          part.map((submission) => movedSubmission(submission, movedMs())),
          ...rest,
        );
      return createBatchInsertion(writer, addMoved)(submissions, together);
    },
  };
}

/** Returns whether a submission is known by its correlation id, so that its key, if it has one, is new. */
function isRepeatByIdAlone(known: AddResult): boolean {
  return known.outcome === 'replayed' && known.by === 'correlation-id';
}

/** Returns whether the receiver has just chosen its id and the app gave no key, so that it repeats no other submission. */
function isUnnamed({ correlationId, reference, idempotencyKey }: NewExecution['execution']): boolean {
  return correlationId === reference && idempotencyKey === null;
}
