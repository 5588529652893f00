// The store on SQLite: each decision reads, changes and writes its entry inside one transaction of the writer.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { transition } from '../../execution/transition.ts';
import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/log.ts';
import { isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { type Change, type RecordResult, type Store, StoreUnavailable } from '../port.ts';
import { createAuditTrail } from './audit/append.ts';
import { createFeed } from './audit/feed.ts';
import { outcomeHash } from './audit/hash-chain.ts';
import { withRequestId } from './audit/request-attribution.ts';
import { createBacklog } from './executions/backlog.ts';
import { createDueSelection } from './executions/claim-due.ts';
import { createInsertion } from './executions/insert.ts';
import { createExecutionList } from './executions/list.ts';
import { createQueueState } from './executions/open-counts.ts';
import { createPayloadReader } from './executions/payloads.ts';
import { openDatabase, withFileError } from './file/open.ts';
import { upgradeWithBackup } from './file/upgrade.ts';
import { createGroupCommit, type Mutation } from './group-commit.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createObservations } from './queries/observations.ts';
import { createStatistics } from './queries/statistics.ts';
import { reclaimSpace } from './retention/incremental-vacuum.ts';
import { restorePayload, stripPayload } from './retention/payload-hashes.ts';
import { createAuditPruning } from './retention/prune-audit.ts';
import { createPayloadPruning } from './retention/prune-payloads.ts';
import { mutableColumns, type StateRow, toAuditEntry, toDispatchable, toExecution } from './rows.ts';
import { prepareStatements, SELECT_STATE } from './statements.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  readonly world: Pick<World, 'now' | 'sleep'>;
  readonly log: Log;
  /** The disk failed so that nobody knows what is on it: end the process without acknowledging anything. */
  readonly fatal: (error: unknown) => void;
  /** After each commit: how many mutations it held and how many milliseconds it took. */
  readonly observeCommit?: (batch: number, milliseconds: number) => void;
  /** For a copy that need not be copied again before it is upgraded. */
  readonly isCopy?: boolean;
}

/** After the disk was full, so many bytes must be free before writes count as going through again. */
const ROOM_AFTER_FULL_BYTES = 1024 * 1024;

/** @throws {DatabaseRefused} when the file cannot be used; the message says why and what to do. */
export function createSqliteStore(options: SqliteStoreOptions): Store {
  const database = options.isCopy ? openDatabase(options.path) : openDatabase(options.path, upgradeWithBackup(options));
  const sql = prepareStatements(database.orm);
  // Read before each change: without drizzle, which would put the row together a second time.
  const stateRow = database.client.prepare<[string], StateRow>(`${SELECT_STATE} WHERE reference = ?`);
  const list = createExecutionList(database);
  const pruner = createAuditPruning(database.client, database.orm);
  const payloads = createPayloadPruning(database.client, database.orm);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  // What they remember between transactions is read again after a rollback: only this process writes.
  const trail = createAuditTrail(sql);
  const backlog = createBacklog();
  const due = createDueSelection(database, backlog);
  const standing = createQueueState(database.client, sql, backlog);
  const feed = createFeed(database.client, () => trail.head().id);
  const evidence = createPayloadReader(database.client);
  let wasFull = false;
  try {
    withFileError(options.path, remember);
  } catch (error) {
    database.close();
    throw error;
  }

  const committing = createGroupCommit<Change>(database.client, {
    world: options.world,
    committed: tellListeners,
    rolledBack: remember,
    full: () => {
      wasFull = true;
    },
    fatal: options.fatal,
    ...(options.observeCommit ? { observe: options.observeCommit } : {}),
  });
  const writer = withRequestId(committing);

  const outbox = createOutbox(database.client, database.orm, { writer, execution: byReference, append: trail.append });

  function byReference(reference: string): Execution | undefined {
    const row = stateRow.get(reference);
    return row && toExecution(row);
  }

  function remember(): void {
    trail.reload();
    backlog.reset(sql.queued.all(), sql.polled.all());
  }

  function tellListeners(changes: readonly Change[]): void {
    for (const listener of listeners) {
      try {
        listener(changes);
      } catch (error) {
        options.log.error({ reason: reasonOf(error) }, 'a listener of the store failed');
      }
    }
  }

  /** The one way in which an execution changes: transition, row, what its app is to be told, entry. */
  function apply(
    before: Execution,
    event: ExecutionEvent,
    now: number,
    pruned: string | null = null,
  ): Change & RecordResult {
    // promise: pruned-result-is-recognised
    const recall = restorePayload(before, pruned, event);
    const { execution: after, outcome, entry } = transition(recall, event, now);
    const execution = stripPayload(after, recall, before);
    // promise: each-event-is-audited
    const columns = mutableColumns(execution);
    if (execution !== before) {
      sql.updateExecution.run({ ...columns, reference: execution.reference });
      backlog.update(before, execution);
    }
    const seal = outcome === 'resolved' ? { status: execution.status, outcomeSha256: outcomeHash(columns) } : {};
    // promise: notification-in-same-commit
    const told = outbox.enqueue(before, execution, now);
    const sealed = { ...entry.detail, ...seal, ...(told === null ? {} : { notification: told.id }) };
    const notifyAt = told?.dueAt ?? null;
    return { execution, outcome, entry: trail.append(execution, { ...entry, detail: sealed }, now), notifyAt };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<RecordResult | undefined, Change> {
    const row = stateRow.get(reference);
    if (row === undefined) return unchanged(undefined);
    const change = apply(toExecution(row), event, now, row.payloadSha256);
    if (row.payloadPrunedAt !== null && change.outcome === 'late') sql.hasPayloadAgain.run({ reference });
    return { value: change, changes: [change] };
  }

  return {
    ...outbox.port,
    ...createObservations(database.client),
    ...createStatistics(database.client),
    ...createInsertion(sql, { writer, backlog, append: trail.append }),
    record: (reference, event, now) => writer.mutate(() => record(reference, event, now)),

    dueDispatches: async (limit, now) => due.toDispatch(limit, now).map(toExecution),

    claimDispatches: (limit, now, share) =>
      writer.mutate(() => {
        const rows = due.dispatches(limit, now, share);
        const changes = rows.map((row) => apply(toExecution(row), { type: 'dispatched' }, now));
        const sendable = rows.map((row, i) => ({ ...toDispatchable(row), ...changes[i]?.execution }));
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
        const rows = due.expiries(limit, now);
        const changes = rows.map((row) => apply(toExecution(row), { type: 'expired' }, now));
        return { value: changes.length, changes };
      }),

    nextDue: async () => due.nextDue(),

    find: async (correlationId) => {
      const row = sql.byCorrelationId.get({ correlationId });
      return row && toExecution(row);
    },

    list,
    trail: async (correlationId) => sql.trail.all({ correlationId }).map(toAuditEntry),
    feed: async (query) => feed(query),
    payloads: async (correlationId) => evidence(correlationId),

    openCounts: async () => standing.openCounts(),
    queueState: async () => standing.queueState(),

    head: async () => trail.head(),

    prune: (limit, cutoff, through) => writer.mutate(() => unchanged(pruner.prune(limit, cutoff, through))),
    prunableEntries: async (limit, cutoff, after) => pruner.prunable(limit, cutoff, after),
    entryRecords: async (batch) => pruner.records(batch),
    prunablePayloads: async (limit, cutoff, after) => payloads.payloadsLeaving(limit, cutoff, after),
    payloadRecords: async (batch) => payloads.payloadRecords(batch),
    prunePayloads: (batch, cutoff, now) => writer.mutate(() => unchanged(payloads.prunePayloads(batch, cutoff, now))),
    checkpoint: async () => {
      const { prunedThrough: id = 0, hash = '' } = sql.checkpoint.get() ?? {};
      return { id, hash };
    },
    reclaimSpace: (pages) => reclaimSpace(database.client, writer, pages),

    ping: async (now) => {
      // The beat is so small that it finds room where an execution no longer does.
      if (wasFull && freeBytes(options.path) < ROOM_AFTER_FULL_BYTES) throw new StoreUnavailable('the disk is full');
      await writer.mutate(() => {
        sql.beat.run({ at: isoTime(now) });
        return unchanged(undefined);
      });
      wasFull = false;
    },

    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    close: async () => {
      await writer.close();
      database.close();
    },
  };
}

function unchanged<T>(value: T): Mutation<T, Change> {
  return { value, changes: [] };
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
