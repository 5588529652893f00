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
  type AuditHead,
  type Change,
  type NewExecution,
  type Recorded,
  type Store,
  StoreUnavailable,
} from '../port.ts';
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
  let queued: number;
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
    queued = sql.queued.get()?.count ?? 0;
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
      queued += Number(execution.status === 'QUEUED') - Number(before.status === 'QUEUED');
    }
    const sealed = outcome === 'resolved' ? { ...entry.detail, outcomeSha256: outcomeHash(columns) } : entry.detail;
    return { execution, outcome, entry: append(execution, { ...entry, detail: sealed }, now) };
  }

  function add({ execution, fingerprint, queueCapacity }: NewExecution): Mutation<Added, Change> {
    const known = sql.byCorrelationId.get({ correlationId: execution.correlationId });
    if (known) {
      const same = known.app === execution.app && known.fingerprint === fingerprint;
      return unchanged(same ? { outcome: 'replayed', execution: toState(known) } : { outcome: 'conflict' });
    }
    if (queued >= queueCapacity) return unchanged({ outcome: 'full' });
    sql.insertExecution.run(toRow(execution, fingerprint));
    queued += 1;
    const { timeoutSeconds, graceSeconds, retryUncertain } = execution;
    const detail = { timeoutSeconds, graceSeconds, retryUncertain };
    const draft: AuditDraft = { event: 'ACCEPTED', latencyMs: null, httpStatus: null, detail, body: null };
    const entry = append(execution, draft, execution.submittedAt);
    return { value: { outcome: 'added', execution }, changes: [{ execution, outcome: 'progress', entry }] };
  }

  function record(reference: string, event: ExecutionEvent, now: number): Mutation<Recorded | undefined, Change> {
    const row = sql.byReference.get({ reference });
    if (!row) return unchanged(undefined);
    const change = apply(toState(row), event, now);
    return { value: change, changes: [change] };
  }

  return {
    add: (submission) => writer.mutate(() => add(submission)),
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
