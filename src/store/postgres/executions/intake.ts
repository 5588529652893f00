// Accepts executions: each submission once, by correlation id and idempotency key, and no more than the queue holds.

import { draftOf } from '../../../execution/event.ts';
import { appKeyOf, requestNameOf } from '../../../execution/idempotency-key.ts';
import type { JsonObject } from '../../../execution/json.ts';
import { type NotResubmittable, whyNotResubmittable } from '../../../execution/resubmission.ts';
import {
  type AddResult,
  type BatchAddResult,
  BatchRefused,
  type ExecutionIntake,
  type NewExecution,
  type ResubmissionOrder,
  type ResubmitResult,
} from '../../intake-port.ts';
import { type Change, type ExecutionReader, StoreUnavailable } from '../../port.ts';
import { committedParts } from '../../shared/committed-parts.ts';
import { movedSubmission } from '../../shared/moved-times.ts';
import { charsOfPayload, isMuchLonger } from '../../shared/payload-length.ts';
import type { Aggregate } from '../batch/aggregate.ts';
import type { Batch } from '../batch/batch.ts';
import { type Earlier, keyOf } from '../batch/names.ts';
import type { Part } from '../batch/part.ts';
import { type Decided, type Task, unchanged } from '../batch/task.ts';
import type { Writer } from '../group-commit.ts';

interface IntakeTools {
  readonly writer: Pick<Writer, 'mutate' | 'mutateAll'>;
  readonly find: ExecutionReader['find'];
  readonly findByReference: ExecutionReader['findByReference'];
  /** To be called when the caller has just read its times. Returns a function that returns by how much stored times have moved since. */
  readonly movedSince: () => () => number;
}

const UNAVAILABLE: BatchAddResult = { outcome: 'unavailable' };

/** Reads of an execution that others repeat all the time, before a resubmission gives up. */
const MAX_ATTEMPTS = 10;

// One function because its parts share the bounds of the queue.
export function createIntake({ writer, find, findByReference, movedSince }: IntakeTools): ExecutionIntake {
  function add(batch: Batch, submission: NewExecution): Decided<AddResult> {
    const known = earlierResult(batch, submission);
    if (known === undefined) return accept(batch, submission);
    const { correlationId, idempotencyKey } = submission.execution;
    const named = batch.names.byCorrelationId.get(correlationId);
    const isKnownByIdAlone = known.outcome === 'replayed' && known.by === 'correlation-id' && idempotencyKey !== null;
    if (isKnownByIdAlone && named !== undefined) batch.keepKey(submission, named);
    // promise: postgres/repeat-in-a-batch-is-decided-again
    return { ...unchanged(known), part: namesakeIn(batch, submission) };
  }

  /** @param origin what the entry of the acceptance states besides the settings of the execution */
  function accept(batch: Batch, submission: NewExecution, origin: JsonObject = {}): Decided<AcceptResult> {
    const { execution, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    const { app } = execution;
    // promise: postgres/queue-is-bounded
    if (batch.queued(null) >= queueCapacity) return refused('full');
    // promise: postgres/app-queue-share
    if (appQueueCapacity < queueCapacity && batch.queued(app) >= appQueueCapacity) return refused('share-full');
    const part = batch.add(submission);
    const { timeoutSeconds, graceSeconds, retryUncertain } = execution;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain, ...origin };
    const entry = part.append(draftOf('ACCEPTED', detail), execution.submittedAt);
    return { value: { outcome: 'added', execution }, changes: [{ execution, outcome: 'progress', entry }], part };
  }

  /** @param lost the repetition that the execution names, which retention has removed; null if it names none */
  function resubmissionTask(
    reference: string,
    { repetition, movedMs }: { readonly repetition: NewExecution; readonly movedMs: () => number },
    { by, reason }: ResubmissionOrder,
    lost: string | null,
  ): Task<ResubmitResult | 'again' | undefined> {
    const decide = (batch: Batch): Decided<ResubmitResult | 'again' | undefined> => {
      const original = batch.partOf(reference);
      if (original === undefined) return unchanged(undefined);
      const before = original.state.execution;
      if (before.resubmittedAs !== lost) return unchanged('again');
      const refusal = whyNotRepeatable(original.state);
      if (refusal !== null) return unchanged({ outcome: refusal });
      const { correlationId: resubmissionOf } = before;
      const present = movedSubmission(repetition, movedMs());
      const execution = { ...present.execution, resubmissionOf };
      const accepted = accept(batch, { ...present, execution }, { resubmissionOf, by });
      if (accepted.value.outcome !== 'added') return unchanged({ outcome: accepted.value.outcome });
      const linked = { ...before, resubmittedAs: execution.correlationId };
      original.saveExecution(linked);
      const detail = { by, ...reasonIn(reason), resubmittedAs: execution.correlationId };
      const entry = original.append(draftOf('RESUBMITTED', detail), execution.submittedAt);
      const link: Change = { execution: linked, outcome: 'notification', entry };
      return { value: { outcome: 'added', execution }, changes: [...accepted.changes, link], part: original };
    };
    return { target: { reference, submission: repetition }, decide };
  }

  async function resubmit(
    reference: string,
    repetition: NewExecution,
    order: ResubmissionOrder,
  ): Promise<ResubmitResult | undefined> {
    const movedMs = movedSince();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const original = await findByReference(reference);
      if (original === undefined) return undefined;
      const { resubmittedAs } = original;
      // promise: postgres/one-resubmission
      const earlier = resubmittedAs === null ? undefined : await find(resubmittedAs);
      if (earlier !== undefined) return { outcome: 'replayed', execution: earlier };
      const task = resubmissionTask(reference, { repetition, movedMs }, order, resubmittedAs);
      // Of a repetition and its link, both are written or none.
      const [result] = await writer.mutateAll([task], { allOrNothing: true });
      if (result !== 'again') return result;
    }
    throw new StoreUnavailable('the execution is submitted again all the time');
  }

  function taskOf(submission: NewExecution): Task<AddResult> {
    const movedMs = movedSince();
    // promise: postgres/submission-across-a-step-has-the-new-clock
    return { target: { submission }, decide: (batch) => add(batch, movedSubmission(submission, movedMs())) };
  }

  /** @throws {BatchRefused} if a submission cannot be accepted, so that none is. */
  function tasksTogether(submissions: readonly NewExecution[]): Task<AddResult>[] {
    const outcomes = new Map<number, AddResult>();
    const movedMs = movedSince();
    return submissions.map((submission, i) => ({
      target: { submission },
      decide: (batch) => {
        const decided = add(batch, movedSubmission(submission, movedMs()));
        outcomes.set(i, decided.value);
        // promise: postgres/atomic-batch
        if (i === submissions.length - 1 && ![...outcomes.values()].every(isAccepted)) {
          throw new BatchRefused(submissions.map((_, n) => withheld(outcomes.get(n) as AddResult)));
        }
        return decided;
      },
    }));
  }

  return {
    add: (submission) => writer.mutate(taskOf(submission)),
    resubmit,
    addAll: async (submissions, together) => {
      if (!together) {
        const added = submissions.map((submission) => writer.mutate<BatchAddResult>(taskOf(submission)));
        // promise: postgres/partly-committed-batch-says-so
        return committedParts(await Promise.allSettled(added), () => UNAVAILABLE);
      }
      try {
        return (await writer.mutateAll(tasksTogether(submissions), { allOrNothing: true })) as AddResult[];
      } catch (error) {
        if (error instanceof BatchRefused) return error.outcomes;
        throw error;
      }
    },
  };
}

function reasonIn(reason: string | null): JsonObject {
  return reason === null ? {} : { reason };
}

function whyNotRepeatable({ execution, payloadPrunedAt }: Aggregate): NotResubmittable | null {
  return whyNotResubmittable(execution) ?? (payloadPrunedAt === null ? null : 'pruned');
}

type AcceptResult = Extract<AddResult, { readonly outcome: 'added' | 'full' | 'share-full' }>;

function refused(outcome: 'full' | 'share-full'): Decided<AcceptResult> {
  return unchanged({ outcome });
}

function isAccepted({ outcome }: AddResult): boolean {
  return outcome === 'added' || outcome === 'replayed';
}

function withheld(result: AddResult): BatchAddResult {
  return result.outcome === 'added' ? { outcome: 'withheld' } : result;
}

/**
 * Returns what the batch adds under the id or key of a submission; null without. If another receiver has stored that id or key in
 * between, both are decided again.
 */
function namesakeIn({ added }: Batch, { execution }: NewExecution): Part | null {
  const { app, correlationId, idempotencyKey } = execution;
  const key = idempotencyKey && appKeyOf(idempotencyKey);
  const isNamesake = (other: NewExecution['execution']) =>
    other.correlationId === correlationId ||
    (key !== null && other.app === app && other.idempotencyKey !== null && appKeyOf(other.idempotencyKey) === key);
  return added.find((one) => isNamesake(one.execution))?.part ?? null;
}

/** Returns the result for a submission whose id or key is in use: app and fingerprint decide whether it is the same one. */
function earlierResult({ names }: Batch, submission: NewExecution): AddResult | undefined {
  const { app, correlationId, idempotencyKey } = submission.execution;
  if (idempotencyKey !== null) {
    const keyed = names.byKey.get(keyOf(app, idempotencyKey));
    if (keyed !== undefined) {
      if (!isRepeatOf(keyed, submission)) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: keyed.execution };
    }
    const other = names.underKey.get(keyOf(app, appKeyOf(idempotencyKey)));
    // promise: postgres/one-key-one-request
    if (other !== undefined && requestNameOf(other) !== requestNameOf(idempotencyKey)) return { outcome: 'key-reused' };
  }
  const named = names.byCorrelationId.get(correlationId);
  if (named === undefined) return undefined;
  if (named.execution.app !== app || !isRepeatOf(named, submission)) return { outcome: 'conflict' };
  return { outcome: 'replayed', by: 'correlation-id', execution: named.execution };
}

function isRepeatOf(
  { accepted }: Earlier,
  { execution, fingerprint, isRepeatOfEarlierVersion }: NewExecution,
): boolean {
  if (accepted.fingerprint === fingerprint) return true;
  const { payload } = accepted;
  // A thousand items of a batch would parse a long payload each.
  // promise: postgres/short-submission-repeats-no-long-one
  if (payload !== null && isMuchLonger(charsOfPayload(payload), execution)) return false;
  return isRepeatOfEarlierVersion?.(accepted) === true;
}
