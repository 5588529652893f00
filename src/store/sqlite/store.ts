// The store on SQLite: each decision reads, changes and writes its entry inside one transaction of the writer.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditDraft, ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { keyOf, namesOf, requestOf } from '../../execution/idempotency-key.ts';
import { transition } from '../../execution/transition.ts';
import type { Log } from '../../log.ts';
import { reasonOf } from '../../log.ts';
import type { World } from '../../world.ts';
import type { Outbox } from '../outbox-port.ts';
import {
  type Added,
  type AddedAmongOthers,
  type Change,
  type NewExecution,
  type Recorded,
  type Store,
  StoreUnavailable,
} from '../port.ts';
import { createBacklog } from './backlog.ts';
import { outcomeHash } from './chain.ts';
import { createDueWork } from './due.ts';
import { createFeed } from './feed.ts';
import { createList } from './list.ts';
import { explain, openDatabase } from './open.ts';
import { createOutbox } from './outbox.ts';
import { createPruner } from './prune.ts';
import { mutableColumns, toDispatchable, toEntry, toIso, toRow, toState } from './rows.ts';
import { prepareStatements } from './statements.ts';
import { createTrail } from './trail.ts';
import { createWriter, type Mutation } from './writer.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  readonly world: Pick<World, 'sleep'>;
  readonly log: Log;
  /** The disk failed so that nobody knows what is on it: end the process without acknowledging anything. */
  readonly fatal: (error: unknown) => void;
  /** After each commit: how many mutations it held and how many milliseconds it took. */
  readonly observeCommit?: (batch: number, milliseconds: number) => void;
}

/** After the disk was full, so many bytes must be free before writes count as going through again. */
const ROOM_AFTER_FULL_BYTES = 1024 * 1024;

/** @throws {DatabaseRefused} when the file cannot be used; the message says why and what to do. */
export function createSqliteStore(options: SqliteStoreOptions): Store & Outbox {
  const database = openDatabase(options.path);
  const sql = prepareStatements(database.orm);
  const list = createList(database.orm);
  const prune = createPruner(database.orm);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  // What they remember between transactions is read again after a rollback: only this process writes.
  const trail = createTrail(sql);
  const backlog = createBacklog();
  const due = createDueWork(database, backlog);
  const feed = createFeed(database.client, () => trail.head().id);
  let wasFull = false;
  try {
    explain(options.path, remember);
  } catch (error) {
    database.close();
    throw error;
  }

  const writer = createWriter<Change>(database.client, {
    world: options.world,
    committed: tellListeners,
    rolledBack: remember,
    full: () => {
      wasFull = true;
    },
    fatal: options.fatal,
    ...(options.observeCommit ? { observe: options.observeCommit } : {}),
  });

  const outbox = createOutbox(database.client, database.orm, { writer, execution: byReference, append: trail.append });

  function byReference(reference: string): Execution | undefined {
    const row = sql.byReference.get({ reference });
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
  function apply(before: Execution, event: ExecutionEvent, now: number): Change & Recorded {
    const { execution, outcome, entry } = transition(before, event, now);
    const columns = mutableColumns(execution);
    if (execution !== before) {
      sql.updateExecution.run({ ...columns, reference: execution.reference });
      backlog.moved(before, execution);
    }
    const seal = outcome === 'resolved' ? { status: execution.status, outcomeSha256: outcomeHash(columns) } : {};
    const told = outbox.arrived(before, execution, now);
    const sealed = { ...entry.detail, ...seal, ...(told === null ? {} : { notification: told.id }) };
    const notifyAt = told?.dueAt ?? null;
    return { execution, outcome, entry: trail.append(execution, { ...entry, detail: sealed }, now), notifyAt };
  }

  /** What was sent before under the same name, if anything: told by its app and fingerprint from something else. */
  function earlier({ execution, fingerprint }: NewExecution): Added | undefined {
    const { app, correlationId, idempotencyKey } = execution;
    const keyed = idempotencyKey === null ? undefined : sql.byIdempotencyKey.get({ app, idempotencyKey });
    if (keyed) {
      if (keyed.fingerprint !== fingerprint) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: toState(keyed) };
    }
    if (idempotencyKey !== null && isUsedElsewhere(app, idempotencyKey)) return { outcome: 'key-reused' };
    const named = sql.byCorrelationId.get({ correlationId });
    if (!named) return undefined;
    if (named.app !== app || named.fingerprint !== fingerprint) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: toState(named) };
  }

  /** Whether the app sent this key with another request: a batch, if this is none, or another batch. */
  function isUsedElsewhere(app: string, name: string): boolean {
    const other = sql.idempotencyKeyBetween.get({ app, ...namesOf(keyOf(name)) })?.name ?? null;
    return other !== null && requestOf(other) !== requestOf(name);
  }

  function add(submission: NewExecution): Mutation<Added, Change> {
    const { execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity } = submission;
    const known = earlier(submission);
    if (known) return unchanged(known);
    if (backlog.total >= queueCapacity) return unchanged({ outcome: 'full' });
    if (backlog.of(execution.app) >= appQueueCapacity) return unchanged({ outcome: 'share-full' });
    sql.insertExecution.run(toRow(execution, fingerprint));
    backlog.moved(null, execution);
    const { timeoutSeconds, graceSeconds, retryUncertain } = execution;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    const entry = trail.append(execution, draft, execution.submittedAt);
    return { value: { outcome: 'added', execution }, changes: [{ execution, outcome: 'progress', entry }] };
  }

  /** @throws {NotAllOfThem} which takes back what was added, when they belong together and one is refused. */
  function addAll(submissions: readonly NewExecution[], together: boolean): Mutation<AddedAmongOthers[], Change> {
    const mutations = submissions.map(add);
    const outcomes = mutations.map(({ value }) => value);
    if (together && outcomes.some(({ outcome }) => outcome !== 'added' && outcome !== 'replayed')) {
      throw new NotAllOfThem(outcomes.map((one) => (one.outcome === 'added' ? { outcome: 'withheld' } : one)));
    }
    return { value: outcomes, changes: mutations.flatMap(({ changes }) => changes) };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<Recorded | undefined, Change> {
    const before = byReference(reference);
    if (before === undefined) return unchanged(undefined);
    const change = apply(before, event, now);
    return { value: change, changes: [change] };
  }

  return {
    ...outbox.port,
    add: (submission) => writer.mutate(() => add(submission)),
    addAll: async (submissions, together) => {
      try {
        return await writer.mutate(() => addAll(submissions, together), submissions.length);
      } catch (error) {
        if (error instanceof NotAllOfThem) return error.outcomes;
        throw error;
      }
    },
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

    list: async (query) => list(query),
    trail: async (correlationId) => sql.trail.all({ correlationId }).map(toEntry),
    feed: async (query) => feed(query),

    counts: async () => {
      const byStatus = Object.fromEntries(sql.waiting.all().map(({ status, count }) => [status, count]));
      return {
        QUEUED: byStatus['QUEUED'] ?? 0,
        UNCONFIRMED: byStatus['UNCONFIRMED'] ?? 0,
        PENDING: (byStatus['PENDING'] ?? 0) + backlog.pollable,
      };
    },

    head: async () => trail.head(),

    prune: (limit, cutoff) => writer.mutate(() => unchanged(prune(limit, cutoff))),

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

/** Ends a mutation so that nothing of it stays. */
class NotAllOfThem extends Error {
  readonly outcomes: AddedAmongOthers[];

  constructor(outcomes: AddedAmongOthers[]) {
    super('one of those that belong together was refused');
    this.outcomes = outcomes;
  }
}

function unchanged<T>(value: T): Mutation<T, Change> {
  return { value, changes: [] };
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
