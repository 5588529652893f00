// Accepts executions: each once, whatever it was sent under, and no more than there is room for.

import type { AuditDraft } from '../../../execution/event.ts';
import { appKeyOf, nameRange, requestNameOf } from '../../../execution/idempotency-key.ts';
import type { AddResult, BatchAddResult, Change, ExecutionIntake, NewExecution } from '../../port.ts';
import type { AuditTrail } from '../audit/append.ts';
import type { Mutation, Writer } from '../group-commit.ts';
import { toExecution, toRow } from '../rows.ts';
import type { prepareStatements } from '../statements.ts';
import type { Backlog } from './backlog.ts';

interface InsertionTools {
  readonly writer: Writer<Change>;
  readonly backlog: Backlog;
  readonly append: AuditTrail['append'];
}

export function createInsertion(
  sql: ReturnType<typeof prepareStatements>,
  { writer, backlog, append }: InsertionTools,
): ExecutionIntake {
  /** What was sent before under the same name, if anything: told by its app and fingerprint from something else. */
  function earlier({ execution, fingerprint }: NewExecution): AddResult | undefined {
    const { app, correlationId, idempotencyKey } = execution;
    const keyed = idempotencyKey === null ? undefined : sql.byIdempotencyKey.get({ app, idempotencyKey });
    if (keyed) {
      if (keyed.fingerprint !== fingerprint) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: toExecution(keyed) };
    }
    // promise: one-key-one-request
    if (idempotencyKey !== null && isUsedElsewhere(app, idempotencyKey)) return { outcome: 'key-reused' };
    const named = sql.byCorrelationId.get({ correlationId });
    if (!named) return undefined;
    if (named.app !== app || named.fingerprint !== fingerprint) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: toExecution(named) };
  }

  /** Whether the app sent this key with another request: a batch, if this is none, or another batch. */
  function isUsedElsewhere(app: string, name: string): boolean {
    const other = sql.idempotencyKeyBetween.get({ app, ...nameRange(appKeyOf(name)) })?.name ?? null;
    return other !== null && requestNameOf(other) !== requestNameOf(name);
  }

  function add(submission: NewExecution): Mutation<AddResult, Change> {
    const { execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    const known = earlier(submission);
    if (known) return unchanged(known);
    // promise: queue-is-bounded
    if (backlog.queued >= queueCapacity) return unchanged({ outcome: 'full' });
    // promise: app-queue-share
    if (backlog.queuedBy(execution.app) >= appQueueCapacity) return unchanged({ outcome: 'share-full' });
    sql.insertExecution.run(toRow(execution, fingerprint));
    backlog.update(null, execution);
    const { timeoutSeconds, graceSeconds, retryUncertain } = execution;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    const entry = append(execution, draft, execution.submittedAt);
    return { value: { outcome: 'added', execution }, changes: [{ execution, outcome: 'progress', entry }] };
  }

  /** @throws {NotAllOfThem} which takes back what was added, when they belong together and one is refused. */
  function addAll(submissions: readonly NewExecution[], together: boolean): Mutation<BatchAddResult[], Change> {
    const mutations = submissions.map(add);
    const outcomes = mutations.map(({ value }) => value);
    // promise: atomic-batch
    if (together && outcomes.some(({ outcome }) => outcome !== 'added' && outcome !== 'replayed')) {
      throw new NotAllOfThem(outcomes.map((one) => (one.outcome === 'added' ? { outcome: 'withheld' } : one)));
    }
    return { value: outcomes, changes: mutations.flatMap(({ changes }) => changes) };
  }

  return {
    add: (submission) => writer.mutate(() => add(submission)),
    addAll: async (submissions, together) => {
      try {
        const manner = { weight: submissions.length, mayThrow: together };
        return await writer.mutate(() => addAll(submissions, together), manner);
      } catch (error) {
        if (error instanceof NotAllOfThem) return error.outcomes;
        throw error;
      }
    },
  };
}

/** Ends a mutation so that nothing of it stays. */
class NotAllOfThem extends Error {
  readonly outcomes: BatchAddResult[];

  constructor(outcomes: BatchAddResult[]) {
    super('one of those that belong together was refused');
    this.outcomes = outcomes;
  }
}

function unchanged<T>(value: T): Mutation<T, Change> {
  return { value, changes: [] };
}
