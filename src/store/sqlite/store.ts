// The store on SQLite: each decision reads, changes and writes its entry inside one transaction of the writer.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { transition } from '../../execution/transition.ts';
import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import type { InsightStore } from '../observations-port.ts';
import type { Outbox } from '../outbox-port.ts';
import { type Change, type Recorded, type Store, StoreUnavailable } from '../port.ts';
import type { Retention } from '../retention-port.ts';
import { createTrail } from './audit/append.ts';
import { createFeed } from './audit/feed.ts';
import { outcomeHash } from './audit/hash-chain.ts';
import { attributed } from './audit/request-attribution.ts';
import { createBacklog } from './executions/backlog.ts';
import { createDueWork } from './executions/claim-due.ts';
import { createAdding } from './executions/insert.ts';
import { createList } from './executions/list.ts';
import { createStanding } from './executions/open-counts.ts';
import { createEvidence } from './executions/payloads.ts';
import { explain, openDatabase } from './file/open.ts';
import { safely } from './file/upgrade.ts';
import { createWriter, type Mutation } from './group-commit.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createInsight } from './queries/observations.ts';
import { reclaim } from './retention/incremental-vacuum.ts';
import { forgotten, recalled } from './retention/payload-hashes.ts';
import { createPruner } from './retention/prune-audit.ts';
import { createPayloads } from './retention/prune-payloads.ts';
import { mutableColumns, type StateRow, toDispatchable, toEntry, toIso, toState } from './rows.ts';
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
export function createSqliteStore(options: SqliteStoreOptions): Store & Outbox & Retention & InsightStore {
  const database = options.isCopy ? openDatabase(options.path) : openDatabase(options.path, safely(options));
  const sql = prepareStatements(database.orm);
  // Read before each change: without drizzle, which would put the row together a second time.
  const stateRow = database.client.prepare<[string], StateRow>(`${SELECT_STATE} WHERE reference = ?`);
  const list = createList(database);
  const pruner = createPruner(database.client, database.orm);
  const payloads = createPayloads(database.client, database.orm);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  // What they remember between transactions is read again after a rollback: only this process writes.
  const trail = createTrail(sql);
  const backlog = createBacklog();
  const due = createDueWork(database, backlog);
  const standing = createStanding(database.client, sql, backlog);
  const feed = createFeed(database.client, () => trail.head().id);
  const evidence = createEvidence(database.client);
  let wasFull = false;
  try {
    explain(options.path, remember);
  } catch (error) {
    database.close();
    throw error;
  }

  const committing = createWriter<Change>(database.client, {
    world: options.world,
    committed: tellListeners,
    rolledBack: remember,
    full: () => {
      wasFull = true;
    },
    fatal: options.fatal,
    ...(options.observeCommit ? { observe: options.observeCommit } : {}),
  });
  const writer = attributed(committing);

  const outbox = createOutbox(database.client, database.orm, { writer, execution: byReference, append: trail.append });

  function byReference(reference: string): Execution | undefined {
    const row = stateRow.get(reference);
    return row && toState(row);
  }

  function remember(): void {
    trail.remember();
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
  ): Change & Recorded {
    // promise: pruned-result-is-recognised
    const recall = recalled(before, pruned, event);
    const { execution: after, outcome, entry } = transition(recall, event, now);
    const execution = forgotten(after, recall, before);
    // promise: each-event-is-audited
    const columns = mutableColumns(execution);
    if (execution !== before) {
      sql.updateExecution.run({ ...columns, reference: execution.reference });
      backlog.moved(before, execution);
    }
    const seal = outcome === 'resolved' ? { status: execution.status, outcomeSha256: outcomeHash(columns) } : {};
    // promise: notification-in-same-commit
    const told = outbox.arrived(before, execution, now);
    const sealed = { ...entry.detail, ...seal, ...(told === null ? {} : { notification: told.id }) };
    const notifyAt = told?.dueAt ?? null;
    return { execution, outcome, entry: trail.append(execution, { ...entry, detail: sealed }, now), notifyAt };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<Recorded | undefined, Change> {
    const row = stateRow.get(reference);
    if (row === undefined) return unchanged(undefined);
    const change = apply(toState(row), event, now, row.payloadSha256);
    if (row.payloadPrunedAt !== null && change.outcome === 'late') sql.hasPayloadAgain.run({ reference });
    return { value: change, changes: [change] };
  }

  return {
    ...outbox.port,
    ...createInsight(database.client),
    ...createAdding(sql, { writer, backlog, append: trail.append }),
    record: (reference, event, now) => writer.mutate(() => record(reference, event, now)),

    dueDispatches: async (limit, now) => due.toDispatch(limit, now).map(toState),

    claimDispatches: (limit, now, share) =>
      writer.mutate(() => {
        const rows = due.dispatches(limit, now, share);
        const changes = rows.map((row) => apply(toState(row), { type: 'dispatched' }, now));
        const sendable = rows.map((row, i) => ({ ...toDispatchable(row), ...changes[i]?.execution }));
        return { value: sendable.filter(({ status }) => status === 'UNCONFIRMED'), changes };
      }),

    claimPolls: (limit, now, leaseUntil, share) =>
      writer.mutate(() => {
        const rows = due.polls(limit, now, share);
        // promise: claim-is-a-lease
        for (const { reference } of rows) sql.lease.run({ reference, pollAt: toIso(leaseUntil) });
        return unchanged(rows.map((row) => ({ ...toState(row), pollAt: leaseUntil })));
      }),

    expire: (limit, now) =>
      writer.mutate(() => {
        const rows = due.expiries(limit, now);
        const changes = rows.map((row) => apply(toState(row), { type: 'expired' }, now));
        return { value: changes.length, changes };
      }),

    due: async () => due.next(),

    find: async (correlationId) => {
      const row = sql.byCorrelationId.get({ correlationId });
      return row && toState(row);
    },

    list,
    trail: async (correlationId) => sql.trail.all({ correlationId }).map(toEntry),
    feed: async (query) => feed(query),
    evidence: async (correlationId) => evidence(correlationId),

    counts: async () => standing.counts(),
    standing: async () => standing.read(),

    head: async () => trail.head(),

    prune: (limit, cutoff, through) => writer.mutate(() => unchanged(pruner.prune(limit, cutoff, through))),
    entriesLeaving: async (limit, cutoff, after) => pruner.leaving(limit, cutoff, after),
    entryRecords: async (batch) => pruner.records(batch),
    payloadsLeaving: async (limit, cutoff, after) => payloads.payloadsLeaving(limit, cutoff, after),
    payloadRecords: async (batch) => payloads.payloadRecords(batch),
    prunePayloads: (batch, cutoff, now) => writer.mutate(() => unchanged(payloads.prunePayloads(batch, cutoff, now))),
    checkpoint: async () => {
      const { prunedThrough: id = 0, hash = '' } = sql.checkpoint.get() ?? {};
      return { id, hash };
    },
    reclaim: (pages) => reclaim(database.client, writer, pages),

    ping: async (now) => {
      // The beat is so small that it finds room where an execution no longer does.
      if (wasFull && freeBytes(options.path) < ROOM_AFTER_FULL_BYTES) throw new StoreUnavailable('the disk is full');
      await writer.mutate(() => {
        sql.beat.run({ at: toIso(now) });
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
