// A store in memory that passes the contract suite of the port. Tests use it because a store on SQLite in memory costs each test
// file about a second of processor time, most of it to load the modules.

import type { AuditDraft, AuditEntry, ExecutionEvent } from '../../src/execution/event.ts';
import {
  AT_CXONE_STATUSES,
  type Execution,
  isTerminal,
  OPEN_STATUSES,
  type Status,
  type StatusFilter,
  type Submission,
} from '../../src/execution/execution.ts';
import { isSameExecutionId } from '../../src/execution/execution-id.ts';
import { appKeyOf, requestNameOf } from '../../src/execution/idempotency-key.ts';
import type { JsonObject } from '../../src/execution/json.ts';
import { createMasking } from '../../src/execution/masking.ts';
import { writeExecutions } from '../../src/execution/representation.ts';
import { whyNotResubmittable } from '../../src/execution/resubmission.ts';
import { transition } from '../../src/execution/transition.ts';
import { createFairShare, type FairShare } from '../../src/lib/weighted-fair-share.ts';
import type {
  AddResult,
  BatchAddResult,
  NewExecution,
  ResubmissionOrder,
  ResubmitResult,
} from '../../src/store/intake-port.ts';
import type { ExecutionPayloads, StoredCallbackBody } from '../../src/store/payloads-port.ts';
import {
  type Change,
  type ClaimedDispatch,
  type FeedPage,
  type FeedQuery,
  type ListQuery,
  type RecordResult,
  type Store,
  StoreUnavailable,
} from '../../src/store/port.ts';
import type { OpenCounts, QueueState } from '../../src/store/queue-port.ts';
import type { PruneResult } from '../../src/store/retention-port.ts';
import type { SearchProgress } from '../../src/store/search-port.ts';
import { outcomeHash } from '../../src/store/sqlite/audit/hash-chain.ts';
import { outcomeColumns } from '../../src/store/sqlite/executions/write.ts';
import { restorePayload, stripPayload } from '../../src/store/sqlite/retention/payload-hashes.ts';
import type { ClockStep } from '../../src/store/upkeep-port.ts';
import { createMemoryActivity } from './memory-activity.ts';
import { createMemoryEndpoints } from './memory-endpoints.ts';
import { createMemoryErasure } from './memory-erasure.ts';
import { createMemoryIncidents } from './memory-incidents.ts';
import { createMemoryOutbox } from './memory-outbox.ts';
import { createMemoryPauses } from './memory-pauses.ts';
import { createMemoryRetention, type MemoryPayload, stripMemoryPayload } from './memory-retention.ts';
import { createMemoryStatistics } from './memory-statistics.ts';

interface Row extends MemoryPayload {
  payload: Pick<Submission, 'inputs' | 'context'>;
  readonly fingerprint: string;
}

export function createMemoryStore(): Store {
  const rows = new Map<string, Row>();
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const evenly = createFairShare();
  const bodies: StoredCallbackBody[] = [];
  let entries: AuditEntry[] = [];
  let lastEntryId = 0;
  let lastStep: ClockStep | null = null;
  let prunedThrough = 0;
  let closed = false;

  const all = () => [...rows.values()].map(({ execution }) => execution);
  const byReference = (reference: string) => [...rows.values()].find((row) => row.execution.reference === reference);

  const pauses = createMemoryPauses(operate, all);

  const outbox = createMemoryOutbox({
    operate,
    execution: (reference) => byReference(reference)?.execution,
    isPruned: (reference) => byReference(reference)?.isPruned === true,
    append,
  });

  const retention = createMemoryRetention({
    operate,
    rows: () => [...rows.values()],
    entries: () => entries,
    isPending: outbox.isPending,
    leaving,
    prunedThrough: () => prunedThrough,
  });

  const erasure = createMemoryErasure<Row>({
    operate,
    byReference,
    append,
    strip: (row) => {
      stripMemoryPayload(row);
      row.payload = { inputs: {}, context: {} };
    },
    giveUpPending: outbox.giveUpPending,
    reduce: (correlationId, detailOf) => {
      const isOf = (entry: AuditEntry) => entry.correlationId === correlationId;
      entries = entries.map((entry) =>
        isOf(entry) && entry.event !== 'RESUBMITTED' ? { ...entry, detail: detailOf(entry.detail) } : entry,
      );
      const ids = new Set(entries.filter(isOf).map(({ id }) => id));
      bodies.splice(0, bodies.length, ...bodies.filter(({ entryId }) => !ids.has(entryId)));
    },
  });

  /** Runs one operation atomically; its promise settles after the listeners have run, as after a commit. */
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
    if (draft.body)
      bodies.push({
        entryId: entry.id,
        event: draft.event,
        contentEncoding: null,
        isWhole: true,
        ...draft.body,
      } as StoredCallbackBody);
    return entry;
  }

  function evidence(correlationId: string): ExecutionPayloads | undefined {
    const row = rows.get(correlationId);
    const kept = bodies.filter(
      ({ entryId }) => entries.find(({ id }) => id === entryId)?.correlationId === correlationId,
    );
    return row && { ...row.payload, prunedAt: null, bodies: kept.slice(-10) };
  }

  function apply(row: Row, event: ExecutionEvent, now: number): Change & RecordResult {
    const before = row.execution;
    const recall = restorePayload(before, row.payloadSha256, event);
    const { execution: after, outcome, entry } = transition(recall, event, now);
    const execution = stripPayload(after, recall, before);
    const queued = outbox.arrived(before, execution, now);
    row.execution = execution;
    if (outcome === 'late') row.isPruned = false;
    if (outcome !== 'resolved') return { execution, outcome, entry: append(execution, entry, now) };
    const seal = { status: execution.status, outcomeSha256: outcomeHash(outcomeColumns(execution)) };
    const sealed = { ...entry, detail: { ...entry.detail, ...seal, ...(queued ? { notification: queued.id } : {}) } };
    return { execution, outcome, entry: append(execution, sealed, now), notifyAt: queued?.dueAt ?? null };
  }

  function earlier(submission: NewExecution): AddResult | undefined {
    const keyed = earlierByKey(submission);
    if (keyed !== undefined) return keyed;
    const { app, correlationId } = submission.execution;
    const named = rows.get(correlationId);
    if (named === undefined) return undefined;
    if (named.execution.app !== app || !isRepeatOf(named, submission)) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: named.execution };
  }

  function isRepeatOf(
    { fingerprint, payload, payloadSha256 }: Row,
    { fingerprint: now, isRepeatOfEarlierVersion }: NewExecution,
  ): boolean {
    const accepted = { fingerprint, payload: payloadSha256 === null ? payload : null };
    return fingerprint === now || isRepeatOfEarlierVersion?.(accepted) === true;
  }

  function earlierByKey(submission: NewExecution): AddResult | undefined {
    const { app, idempotencyKey: name } = submission.execution;
    if (name === null) return undefined;
    const nameOf = (row: Row) => (row.execution.app === app ? row.execution.idempotencyKey : null);
    const same = [...rows.values()].find((row) => nameOf(row) === name);
    if (same !== undefined && isRepeatOf(same, submission)) {
      return { outcome: 'replayed', by: 'idempotency-key', execution: same.execution };
    }
    const others = [...rows.values()]
      .map(nameOf)
      .filter((other) => other !== null && appKeyOf(other) === appKeyOf(name));
    const elsewhere = others.some((other) => other !== null && requestNameOf(other) !== requestNameOf(name));
    return same !== undefined || elsewhere ? { outcome: 'key-reused' } : undefined;
  }

  function add(submission: NewExecution, changes: Change[], origin: JsonObject = {}): AddResult {
    const { execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    const known = earlier(submission);
    if (known !== undefined) return known;
    const queued = all().filter(({ status }) => status === 'QUEUED');
    if (queued.length >= queueCapacity) return { outcome: 'full' };
    if (queued.filter(({ app }) => app === execution.app).length >= appQueueCapacity) return { outcome: 'share-full' };
    const { inputs, context, ...state } = execution;
    rows.set(execution.correlationId, {
      execution: state,
      payload: { inputs, context },
      fingerprint,
      payloadSha256: null,
      isPruned: false,
    });
    const { timeoutSeconds, graceSeconds, retryUncertain } = state;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain, ...origin };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    changes.push({ execution: state, outcome: 'progress', entry: append(state, draft, state.submittedAt) });
    return { outcome: 'added', execution: state };
  }

  function resubmit(
    reference: string,
    repetition: NewExecution,
    { by, reason }: ResubmissionOrder,
    changes: Change[],
  ): ResubmitResult | undefined {
    const original = byReference(reference);
    if (original === undefined) return undefined;
    const { correlationId, resubmittedAs } = original.execution;
    const earlierOne = rows.get(resubmittedAs ?? '');
    if (earlierOne !== undefined) return { outcome: 'replayed', execution: earlierOne.execution };
    const refusal = whyNotResubmittable(original.execution) ?? (original.payloadSha256 === null ? null : 'pruned');
    if (refusal !== null) return { outcome: refusal };
    const execution = { ...repetition.execution, resubmissionOf: correlationId };
    const added = add({ ...repetition, execution }, changes, { resubmissionOf: correlationId, by });
    if (added.outcome !== 'added') return added as ResubmitResult;
    original.execution = { ...original.execution, resubmittedAs: execution.correlationId };
    const detail = { by, ...(reason === null ? {} : { reason }), resubmittedAs: execution.correlationId };
    const draft: AuditDraft = { event: 'RESUBMITTED', latencyMs: null, httpStatus: null, detail, body: null };
    const entry = append(original.execution, draft, execution.submittedAt);
    changes.push({ execution: original.execution, outcome: 'notification', entry });
    return { outcome: 'added', execution: added.execution };
  }

  function addAll(submissions: readonly NewExecution[], together: boolean, changes: Change[]): BatchAddResult[] {
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

  function record(reference: string, event: ExecutionEvent, now: number, changes: Change[]): RecordResult | undefined {
    const row = byReference(reference);
    if (row === undefined) return undefined;
    const change = apply(row, event, now);
    changes.push(change);
    return change;
  }

  /** The executions that are due by this time, the longest due first. */
  function dueBy(moment: 'dispatchAt' | 'pollAt' | 'expireAt', now: number, limit?: number): Row[] {
    const at = ({ execution }: Row) => execution[moment] ?? Number.POSITIVE_INFINITY;
    return [...rows.values()]
      .filter((row) => at(row) <= now && !(moment === 'dispatchAt' && pauses.isPaused(row.execution)))
      .sort((one, other) => at(one) - at(other))
      .slice(0, limit);
  }

  /** The due executions of each app in their order, up to the number and in the order of their turns. */
  function shared(rows: readonly Row[], limit: number, share: FairShare): Row[] {
    const byApp = Map.groupBy(rows, ({ execution }) => execution.app);
    const turns = share(limit, new Map([...byApp].map(([app, own]) => [app, own.length])));
    return turns.flatMap((app) => byApp.get(app)?.shift() ?? []);
  }

  function claimDispatches(limit: number, now: number, share: FairShare, changes: Change[]): ClaimedDispatch[] {
    const due = dueBy('dispatchAt', now).sort((one, other) => other.execution.priority - one.execution.priority);
    return shared(due, limit, share).flatMap((row) => {
      const { expireAt: giveUpAt } = row.execution;
      const change = apply(row, { type: 'dispatched' }, now);
      changes.push(change);
      return change.execution.status === 'UNCONFIRMED' ? [{ ...change.execution, ...row.payload, giveUpAt }] : [];
    });
  }

  function claimPolls(limit: number, now: number, leaseUntil: number, share: FairShare): Execution[] {
    return shared(dueBy('pollAt', now), limit, share).map((row) => {
      row.execution = { ...row.execution, pollAt: leaseUntil };
      return row.execution;
    });
  }

  function expire(limit: number, now: number, changes: Change[]): number {
    const ended = dueBy('expireAt', now, limit).map((row) => {
      const isHeldBack = row.execution.status === 'QUEUED' && pauses.isPaused(row.execution);
      return apply(
        row,
        { type: 'expired', ...(isHeldBack && { message: 'an administrator had paused sending' }) },
        now,
      );
    });
    changes.push(...ended);
    return ended.length;
  }

  function list(query: ListQuery) {
    const matching = [...rows.values()]
      .filter((row) => matches(row, query))
      .map(({ execution }) => execution)
      .sort((one, other) => (one.reference < other.reference !== (query.oldestFirst === true) ? 1 : -1));
    const items = matching.slice(0, query.limit);
    const next = matching.length > query.limit ? (items.at(-1) ?? null) : null;
    const search = { scanned: scannedBy(query, next?.reference ?? ''), reachedAt: next?.submittedAt ?? null };
    return { items, next: next?.reference ?? null, ...(query.text === undefined ? {} : { search }) };
  }

  /** Counts the executions of a search from its beginning, or the place where it continues, down to one of them. */
  function scannedBy(query: ListQuery, last: string): number {
    const { text: _text, ...whole } = query;
    return [...rows.values()].filter((row) => row.execution.reference >= last && matches(row, whole)).length;
  }

  function searchProgress({ before = '', ...whole }: ListQuery): SearchProgress {
    const total = scannedBy(whole, '');
    const reachedAt =
      [...rows.values()].find((row) => row.execution.reference === before)?.execution.submittedAt ?? null;
    return { searched: before === '' ? 0 : scannedBy(whole, before), total, reachedAt };
  }

  /** As with a hash chain, the first entry that must stay keeps all entries after it. */
  function leaving(limit: number, cutoff: number, after: number): readonly AuditEntry[] {
    const oldest = entries.filter(({ id }) => id > after).slice(0, limit);
    const stays = oldest.findIndex(({ timestamp, correlationId }) => {
      const { resolvedAt = 0, reference = '' } = rows.get(correlationId)?.execution ?? {};
      return timestamp >= cutoff || resolvedAt === null || resolvedAt >= cutoff || outbox.isPending(reference);
    });
    return stays === -1 ? oldest : oldest.slice(0, stays);
  }

  function prune(limit: number, cutoff: number, through = Number.POSITIVE_INFINITY): PruneResult {
    const going = leaving(limit, cutoff, 0).filter(({ id }) => id <= through);
    entries = entries.slice(going.length);
    prunedThrough = going.at(-1)?.id ?? prunedThrough;
    const left = new Set(entries.map(({ correlationId }) => correlationId));
    const gone = new Set(going.map(({ correlationId }) => correlationId).filter((id) => !left.has(id)));
    for (const id of gone) {
      outbox.remove(rows.get(id)?.execution.reference ?? '');
      rows.delete(id);
    }
    return { entries: going.length, executions: gone.size };
  }

  function feed({ after, app, correlationId, limit }: FeedQuery): FeedPage {
    const wanted = entries
      .filter((entry) => entry.id > after && (app === null || entry.app === app))
      .filter((entry) => correlationId === undefined || entry.correlationId === correlationId)
      .slice(0, limit);
    const whole = Math.max(after, lastEntryId);
    const through = wanted.length === limit ? (wanted.at(-1)?.id ?? whole) : whole;
    return { entries: wanted, through, newest: lastEntryId, prunedThrough };
  }

  return {
    ...outbox.port,
    ...retention,
    ...erasure,
    ...createMemoryActivity(operate),
    ...createMemoryIncidents(),
    ...pauses.port,
    ...createMemoryEndpoints(outbox.port.listNotifications),
    ...createMemoryStatistics({ entries: () => entries, execution: (id) => rows.get(id)?.execution }),
    add: (submission) => operate((changes) => add(submission, changes)),
    resubmit: (reference, repetition, order) => operate((changes) => resubmit(reference, repetition, order, changes)),
    addAll: (submissions, together) => operate((changes) => addAll(submissions, together, changes)),
    record: (reference, event, now) => operate((changes) => record(reference, event, now, changes)),
    dueDispatches: (limit, now) => operate(() => dueBy('dispatchAt', now, limit).map(({ execution }) => execution)),
    claimDispatches: (limit, now, share = evenly) => operate((changes) => claimDispatches(limit, now, share, changes)),
    claimPolls: (limit, now, leaseUntil, share = evenly) => operate(() => claimPolls(limit, now, leaseUntil, share)),
    expire: (limit, now) => operate((changes) => expire(limit, now, changes)),
    moveDueTimes: (step) =>
      operate(() => {
        const ms = step.to - step.from;
        for (const row of rows.values()) row.execution = moved(row.execution, ms);
        outbox.moveBy(ms);
        lastStep = step;
      }),
    lastClockStep: () => operate(() => lastStep),
    // Lists every event, and counts none.
    nextSummary: async () => null,
    summarizeRepeats: async () => {},

    nextDue: () =>
      operate(() => ({
        dispatchAt: earliest(
          all()
            .filter((one) => !pauses.isPaused(one))
            .map(({ dispatchAt }) => dispatchAt),
        ),
        pollAt: earliest(all().map(({ pollAt }) => pollAt)),
        expireAt: earliest(all().map(({ expireAt }) => expireAt)),
      })),
    find: (correlationId) => operate(() => rows.get(correlationId)?.execution),
    list: (query) => operate(() => list(query)),
    listJson: (query) =>
      operate(() => {
        const page = list(query);
        return { ...page, items: writeExecutions(page.items, query.hidden) };
      }),
    countMatches: (query) =>
      operate(() => {
        const count = [...rows.values()].filter((row) => matches(row, query)).length;
        return { count: Math.min(count, query.limit), isWhole: count <= query.limit };
      }),
    submitted: ({ from = 0, to = Infinity, app }) =>
      operate(() => {
        const wanted = all().filter(({ submittedAt: at, app: own }) => at >= from && at < to && (app ?? own) === own);
        const byAction = [...Map.groupBy(wanted, ({ actionId }) => actionId)];
        return byAction.map(([actionId, { length }]) => ({ actionId, accepted: length }));
      }),
    searchProgress: (query) => operate(() => searchProgress(query)),
    trail: (correlationId) => operate(() => entries.filter((entry) => entry.correlationId === correlationId)),
    feed: (query) => operate(() => feed(query)),
    payloads: (correlationId) => operate(() => evidence(correlationId)),
    openCounts: () => operate(() => countByStatus(all())),
    queueState: () => operate(() => standingOf(all())),
    queuedBefore: ({ app, priority, dispatchAt, reference }, limit) =>
      operate(() => {
        const due = dispatchAt ?? 0;
        const queued = all().filter((one) => one.app === app && one.dispatchAt !== null);
        const own = queued.findIndex((one) => one.reference === reference);
        const isBefore = (one: Execution, index: number) => {
          if (one.priority !== priority) return one.priority > priority;
          const at = one.dispatchAt ?? 0;
          return at < due || (at === due && index < own);
        };
        return Math.min(limit, queued.filter(isBefore).length);
      }),
    // Its audit trail is not chained: the hash adds nothing to the id.
    head: async () => ({ id: lastEntryId, hash: String(lastEntryId).padStart(64, '0') }),
    prune: (limit, cutoff, through) => operate(() => prune(limit, cutoff, through)),
    ping: () => operate(() => undefined),
    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      closed = true;
    },
  } as Partial<Store> as Store;
}

function hasStatus(status: Status, wanted: StatusFilter): boolean {
  if (wanted === 'OPEN') return !isTerminal(status);
  return wanted === 'AT_CXONE' ? AT_CXONE_STATUSES.some((one) => one === status) : status === wanted;
}

function matches({ execution, payload }: Row, query: ListQuery): boolean {
  const { status } = execution;
  return (
    (query.app === null || execution.app === query.app) &&
    (query.status === undefined || hasStatus(status, query.status)) &&
    (query.actionId === undefined || execution.actionId === query.actionId) &&
    (query.id === undefined || execution.correlationId.startsWith(query.id)) &&
    (query.executionId === undefined ||
      (execution.executionId !== null && isSameExecutionId(query.executionId, execution.executionId))) &&
    (query.text === undefined || holds({ ...payload, ...execution }, query.text, query.hidden)) &&
    (query.from === undefined || execution.submittedAt >= query.from) &&
    (query.to === undefined || execution.submittedAt < query.to) &&
    (query.before === undefined ||
      (query.oldestFirst ? execution.reference > query.before : execution.reference < query.before)) &&
    (query.correlationIds === undefined || query.correlationIds.includes(execution.correlationId)) &&
    endedLike(execution, query) &&
    (query.after === undefined || execution.reference > query.after)
  );
}

function endedLike(execution: Execution, query: ListQuery): boolean {
  const { resolvedBy, minDurationSeconds = 0, maxDurationSeconds = Infinity, error, hidden = [] } = query;
  const seconds = (execution.resolvedAt ?? Number.NaN) / 1000 - execution.submittedAt / 1000;
  const isAnyDuration = query.minDurationSeconds === undefined && query.maxDurationSeconds === undefined;
  const text = JSON.stringify(createMasking(hidden, '').json(execution.error)).toLowerCase();
  return (
    (resolvedBy === undefined || execution.resolvedBy === resolvedBy) &&
    (isAnyDuration || (seconds >= minDurationSeconds && seconds <= maxDurationSeconds)) &&
    (error === undefined || (text !== 'null' && text.includes(error.toLowerCase())))
  );
}

function holds(one: Row['payload'] & Execution, text: string, hidden: readonly string[] = []): boolean {
  const { inputs, context, result, error, lateResult } = one;
  const written = [inputs, context, result, error, lateResult && { ...lateResult }].map((value) =>
    JSON.stringify(createMasking(hidden, '').json(value)).toLowerCase(),
  );
  const needles = [text, JSON.stringify(text).slice(1, -1)].map((needle) => needle.toLowerCase());
  return written.some((json) => json !== 'null' && needles.some((needle) => json.includes(needle)));
}

function countByStatus(executions: readonly Execution[]): OpenCounts {
  const count = (wanted: string) => executions.filter(({ status }) => status === wanted).length;
  return Object.fromEntries(OPEN_STATUSES.map((status) => [status, count(status)])) as OpenCounts;
}

function standingOf(executions: readonly Execution[]): QueueState {
  const open = executions.filter(({ status }) => !isTerminal(status));
  const [queued, sent] = [true, false].map((wanted) => open.filter(({ status }) => (status === 'QUEUED') === wanted));
  const oldest = (some: readonly Execution[] = []) => earliest(some.map(({ submittedAt }) => submittedAt));
  const byApp = Map.groupBy(queued ?? [], ({ app }) => app);
  return {
    counts: countByStatus(executions),
    oldestQueuedAt: oldest(queued),
    oldestPendingAt: oldest(sent),
    queuedByApp: new Map([...byApp].map(([app, own]) => [app, own.length])),
  };
}

function moved(execution: Execution, ms: number): Execution {
  const by = (moment: number | null) => (moment === null ? null : moment + ms);
  const { dispatchAt, pollAt, expireAt, pollAfter, deadline, notFoundAt, foundAt } = execution;
  if (dispatchAt === null && pollAt === null && expireAt === null) return execution;
  return {
    ...{ ...execution, dispatchAt: by(dispatchAt), pollAt: by(pollAt), expireAt: by(expireAt) },
    ...{ pollAfter: by(pollAfter), deadline: by(deadline), notFoundAt: by(notFoundAt), foundAt: by(foundAt) },
  };
}

function earliest(moments: readonly (number | null)[]): number | null {
  const known = moments.filter((moment) => moment !== null);
  return known.length === 0 ? null : Math.min(...known);
}
