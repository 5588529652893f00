// A store in memory: what SQLite does, without a file. It keeps to the port's contract and shares its suite.

import type { AuditDraft, AuditEntry, ExecutionEvent } from '../../src/execution/event.ts';
import { type Dispatchable, type Execution, OPEN_STATUSES, type Submission } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import {
  type Added,
  type AddedAmongOthers,
  type Change,
  type Counts,
  type ListQuery,
  type NewExecution,
  type Pruned,
  type Recorded,
  type Store,
  StoreUnavailable,
} from '../../src/store/port.ts';

interface Row {
  execution: Execution;
  readonly payload: Pick<Submission, 'inputs' | 'context'>;
  readonly fingerprint: string;
}

export function createMemoryStore(): Store {
  const rows = new Map<string, Row>();
  const listeners = new Set<(changes: readonly Change[]) => void>();
  let entries: AuditEntry[] = [];
  let lastEntryId = 0;
  let closed = false;

  const all = () => [...rows.values()].map(({ execution }) => execution);
  const byReference = (reference: string) => [...rows.values()].find((row) => row.execution.reference === reference);

  /** Runs one operation as a whole; its promise settles after the listeners have heard of it, as after a commit. */
  async function operate<T>(work: (changes: Change[]) => T): Promise<T> {
    if (closed) throw new StoreUnavailable('the store is closed');
    const changes: Change[] = [];
    const value = work(changes);
    if (changes.length > 0) for (const listener of listeners) listener(changes);
    return value;
  }

  function append(execution: Execution, draft: AuditDraft, now: number): AuditEntry {
    const { actionId, correlationId, executionId, app } = execution;
    const { event, latencyMs, httpStatus, detail } = draft;
    lastEntryId += 1;
    const at = { id: lastEntryId, timestamp: now };
    const entry = { ...at, event, actionId, correlationId, executionId, latencyMs, httpStatus, app, detail };
    entries.push(entry);
    return entry;
  }

  function apply(row: Row, event: ExecutionEvent, now: number): Change {
    const { execution, outcome, entry } = transition(row.execution, event, now);
    row.execution = execution;
    return { execution, outcome, entry: append(execution, entry, now) };
  }

  function earlier({ execution, fingerprint }: NewExecution): Added | undefined {
    const { app, correlationId, idempotencyKey } = execution;
    const own = [...rows.values()].filter((row) => row.execution.app === app);
    const keyed =
      idempotencyKey === null ? undefined : own.find((row) => row.execution.idempotencyKey === idempotencyKey);
    if (keyed !== undefined) {
      if (keyed.fingerprint !== fingerprint) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: keyed.execution };
    }
    const named = rows.get(correlationId);
    if (named === undefined) return undefined;
    if (named.execution.app !== app || named.fingerprint !== fingerprint) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: named.execution };
  }

  function add(submission: NewExecution, changes: Change[]): Added {
    const { execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    const known = earlier(submission);
    if (known !== undefined) return known;
    const queued = all().filter(({ status }) => status === 'QUEUED');
    if (queued.length >= queueCapacity) return { outcome: 'full' };
    if (queued.filter(({ app }) => app === execution.app).length >= appQueueCapacity) return { outcome: 'share-full' };
    const { inputs, context, ...state } = execution;
    rows.set(execution.correlationId, { execution: state, payload: { inputs, context }, fingerprint });
    const { timeoutSeconds, graceSeconds, retryUncertain } = state;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    changes.push({ execution: state, outcome: 'progress', entry: append(state, draft, state.submittedAt) });
    return { outcome: 'added', execution: state };
  }

  function addAll(submissions: readonly NewExecution[], together: boolean, changes: Change[]): AddedAmongOthers[] {
    const before = { rows: new Map(rows), entries: [...entries], lastEntryId };
    const outcomes = submissions.map((submission) => add(submission, changes));
    if (!together || outcomes.every(({ outcome }) => outcome === 'added' || outcome === 'replayed')) return outcomes;
    rows.clear();
    for (const [id, row] of before.rows) rows.set(id, row);
    entries = before.entries;
    lastEntryId = before.lastEntryId;
    changes.length = 0;
    return outcomes.map((one) => (one.outcome === 'added' ? { outcome: 'withheld' } : one));
  }

  function record(reference: string, event: ExecutionEvent, now: number, changes: Change[]): Recorded | undefined {
    const row = byReference(reference);
    if (row === undefined) return undefined;
    const change = apply(row, event, now);
    changes.push(change);
    return change;
  }

  /** Those that are due by this moment, the longest due first. */
  function dueBy(moment: 'dispatchAt' | 'pollAt' | 'expireAt', now: number, limit: number): Row[] {
    const at = ({ execution }: Row) => execution[moment] ?? Number.POSITIVE_INFINITY;
    return [...rows.values()]
      .filter((row) => at(row) <= now)
      .sort((one, other) => at(one) - at(other))
      .slice(0, limit);
  }

  function claimDispatches(limit: number, now: number, changes: Change[]): Dispatchable[] {
    return dueBy('dispatchAt', now, limit).flatMap((row) => {
      const change = apply(row, { type: 'dispatched' }, now);
      changes.push(change);
      return change.execution.status === 'UNCONFIRMED' ? [{ ...change.execution, ...row.payload }] : [];
    });
  }

  function claimPolls(limit: number, now: number, leaseUntil: number): Execution[] {
    return dueBy('pollAt', now, limit).map((row) => {
      row.execution = { ...row.execution, pollAt: leaseUntil };
      return row.execution;
    });
  }

  function expire(limit: number, now: number, changes: Change[]): number {
    const ended = dueBy('expireAt', now, limit).map((row) => apply(row, { type: 'expired' }, now));
    changes.push(...ended);
    return ended.length;
  }

  function list(query: ListQuery) {
    const matching = all()
      .filter((execution) => matches(execution, query))
      .sort((one, other) => (one.reference < other.reference ? 1 : -1));
    const items = matching.slice(0, query.limit);
    return { items, next: matching.length > query.limit ? (items.at(-1)?.reference ?? null) : null };
  }

  function prune(limit: number, cutoff: number): Pruned {
    // As with a hash chain, the first entry that must stay keeps all that follow.
    const oldest = entries.slice(0, limit);
    const stays = oldest.findIndex(({ timestamp, correlationId }) => {
      const { resolvedAt = 0 } = rows.get(correlationId)?.execution ?? {};
      return timestamp >= cutoff || resolvedAt === null || resolvedAt >= cutoff;
    });
    const leaving = stays === -1 ? oldest : oldest.slice(0, stays);
    entries = entries.slice(leaving.length);
    const left = new Set(entries.map(({ correlationId }) => correlationId));
    const gone = new Set(leaving.map(({ correlationId }) => correlationId).filter((id) => !left.has(id)));
    for (const id of gone) rows.delete(id);
    return { entries: leaving.length, executions: gone.size };
  }

  return {
    add: (submission) => operate((changes) => add(submission, changes)),
    addAll: (submissions, together) => operate((changes) => addAll(submissions, together, changes)),
    record: (reference, event, now) => operate((changes) => record(reference, event, now, changes)),
    dueDispatches: (limit, now) => operate(() => dueBy('dispatchAt', now, limit).map(({ execution }) => execution)),
    claimDispatches: (limit, now) => operate((changes) => claimDispatches(limit, now, changes)),
    claimPolls: (limit, now, leaseUntil) => operate(() => claimPolls(limit, now, leaseUntil)),
    expire: (limit, now) => operate((changes) => expire(limit, now, changes)),
    due: () =>
      operate(() => ({
        dispatchAt: earliest(all().map(({ dispatchAt }) => dispatchAt)),
        pollAt: earliest(all().map(({ pollAt }) => pollAt)),
        expireAt: earliest(all().map(({ expireAt }) => expireAt)),
      })),
    find: (correlationId) => operate(() => rows.get(correlationId)?.execution),
    list: (query) => operate(() => list(query)),
    trail: (correlationId) => operate(() => entries.filter((entry) => entry.correlationId === correlationId)),
    counts: () => operate(() => countByStatus(all())),
    // Its trail is not chained: the hash tells no more than the id.
    head: async () => ({ id: lastEntryId, hash: String(lastEntryId).padStart(64, '0') }),
    prune: (limit, cutoff) => operate(() => prune(limit, cutoff)),
    ping: () => operate(() => undefined),
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      closed = true;
    },
  };
}

function matches(execution: Execution, query: ListQuery): boolean {
  return (
    (query.app === null || execution.app === query.app) &&
    (query.status === undefined || execution.status === query.status) &&
    (query.actionId === undefined || execution.actionId === query.actionId) &&
    (query.from === undefined || execution.submittedAt >= query.from) &&
    (query.to === undefined || execution.submittedAt < query.to) &&
    (query.before === undefined || execution.reference < query.before)
  );
}

function countByStatus(executions: readonly Execution[]): Counts {
  const count = (wanted: string) => executions.filter(({ status }) => status === wanted).length;
  return Object.fromEntries(OPEN_STATUSES.map((status) => [status, count(status)])) as Counts;
}

function earliest(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}
