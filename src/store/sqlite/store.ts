// The store on SQLite: each decision reads, changes and writes its entry inside one transaction of the writer.

import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditDraft, ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { transition } from '../../execution/transition.ts';
import type { Log } from '../../log.ts';
import { reasonOf } from '../../log.ts';
import type { World } from '../../world.ts';
import {
  type Added,
  type AddedAmongOthers,
  type AuditHead,
  type Change,
  type NewExecution,
  type Recorded,
  type Store,
  StoreUnavailable,
} from '../port.ts';
import { createBacklog } from './backlog.ts';
import { chainHash, outcomeHash } from './chain.ts';
import { createList } from './list.ts';
import { explain, openDatabase } from './open.ts';
import { createPruner } from './prune.ts';
import { fromIso, mutableColumns, toAuditRow, toDispatchable, toEntry, toIso, toRow, toState } from './rows.ts';
import { prepareStatements } from './statements.ts';
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
export function createSqliteStore(options: SqliteStoreOptions): Store {
  const database = openDatabase(options.path);
  const sql = prepareStatements(database.orm);
  const list = createList(database.orm);
  const prune = createPruner(database.orm);
  const listeners = new Set<(changes: readonly Change[]) => void>();

  // Remembered between transactions; only this process writes, and a rollback reads them again.
  let head: AuditHead;
  const backlog = createBacklog();
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

  function remember(): void {
    const checkpoint = sql.checkpoint.get();
    head = sql.head.get() ?? { id: checkpoint?.prunedThrough ?? 0, hash: checkpoint?.hash ?? '' };
    backlog.reset(sql.queued.all());
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

  function append(execution: Execution, draft: AuditDraft, now: number): Change['entry'] {
    const { body } = draft;
    const detail = body ? { ...draft.detail, bytes: body.bytes.length, sha256: sha256(body.bytes) } : draft.detail;
    const row = toAuditRow(head.id + 1, now, execution, { ...draft, detail });
    const hash = chainHash(head.hash, row);
    sql.insertEntry.run({ ...row, hash });
    if (body) {
      sql.insertBody.run({ auditId: row.id, contentType: body.contentType, body: Buffer.from(body.bytes) });
    }
    head = { id: row.id, hash };
    return toEntry(row);
  }

  /** The one way in which an execution changes: transition, row, entry. */
  function apply(before: Execution, event: ExecutionEvent, now: number): Change {
    const { execution, outcome, entry } = transition(before, event, now);
    const columns = mutableColumns(execution);
    if (execution !== before) {
      sql.updateExecution.run({ ...columns, reference: execution.reference });
      backlog.moved(before, execution);
    }
    const sealed = outcome === 'resolved' ? { ...entry.detail, outcomeSha256: outcomeHash(columns) } : entry.detail;
    return { execution, outcome, entry: append(execution, { ...entry, detail: sealed }, now) };
  }

  /** What was sent before under the same name, if anything: told by its app and fingerprint from something else. */
  function earlier({ execution, fingerprint }: NewExecution): Added | undefined {
    const { app, correlationId, idempotencyKey } = execution;
    const keyed = idempotencyKey === null ? undefined : sql.byIdempotencyKey.get({ app, idempotencyKey });
    if (keyed) {
      if (keyed.fingerprint !== fingerprint) return { outcome: 'key-reused' };
      return { outcome: 'replayed', by: 'idempotency-key', execution: toState(keyed) };
    }
    const named = sql.byCorrelationId.get({ correlationId });
    if (!named) return undefined;
    if (named.app !== app || named.fingerprint !== fingerprint) return { outcome: 'conflict' };
    return { outcome: 'replayed', by: 'correlation-id', execution: toState(named) };
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
    const entry = append(execution, draft, execution.submittedAt);
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
    const row = sql.byReference.get({ reference });
    if (!row) return unchanged(undefined);
    const change = apply(toState(row), event, now);
    return { value: change, changes: [change] };
  }

  return {
    add: (submission) => writer.mutate(() => add(submission)),
    addAll: async (submissions, together) => {
      try {
        return await writer.mutate(() => addAll(submissions, together));
      } catch (error) {
        if (error instanceof NotAllOfThem) return error.outcomes;
        throw error;
      }
    },
    record: (reference, event, now) => writer.mutate(() => record(reference, event, now)),

    dueDispatches: async (limit, now) => sql.dueForDispatch.all({ now: toIso(now), limit }).map(toState),

    claimDispatches: (limit, now) =>
      writer.mutate(() => {
        const rows = sql.dueForDispatch.all({ now: toIso(now), limit });
        const changes = rows.map((row) => apply(toState(row), { type: 'dispatched' }, now));
        const sendable = rows.map((row, i) => ({ ...toDispatchable(row), ...changes[i]?.execution }));
        return { value: sendable.filter(({ status }) => status === 'UNCONFIRMED'), changes };
      }),

    claimPolls: (limit, now, leaseUntil) =>
      writer.mutate(() => {
        const rows = sql.dueForPoll.all({ now: toIso(now), limit });
        for (const { reference } of rows) sql.lease.run({ reference, pollAt: toIso(leaseUntil) });
        return unchanged(rows.map((row) => ({ ...toState(row), pollAt: leaseUntil })));
      }),

    expire: (limit, now) =>
      writer.mutate(() => {
        const rows = sql.dueForExpiry.all({ now: toIso(now), limit });
        const changes = rows.map((row) => apply(toState(row), { type: 'expired' }, now));
        return { value: changes.length, changes };
      }),

    due: async () => {
      const row = sql.due.get();
      return {
        dispatchAt: fromIso(row?.dispatchAt ?? null),
        pollAt: fromIso(row?.pollAt ?? null),
        expireAt: fromIso(row?.expireAt ?? null),
      };
    },

    find: async (correlationId) => {
      const row = sql.byCorrelationId.get({ correlationId });
      return row && toState(row);
    },

    list: async (query) => list(query),
    trail: async (correlationId) => sql.trail.all({ correlationId }).map(toEntry),

    counts: async () => {
      const byStatus = Object.fromEntries(sql.waiting.all().map(({ status, count }) => [status, count]));
      return {
        QUEUED: byStatus['QUEUED'] ?? 0,
        UNCONFIRMED: byStatus['UNCONFIRMED'] ?? 0,
        PENDING: (byStatus['PENDING'] ?? 0) + (sql.pollable.get()?.count ?? 0),
      };
    },

    head: async () => head,

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

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
