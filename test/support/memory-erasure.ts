// Erasure and holds of the store in memory: the same outcomes and entries as in SQLite, without hashes of entries.

import type { AuditDraft, AuditEntry, AuditEvent } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { reducedDetail } from '../../src/execution/reduced-detail.ts';
import type { Erasure, Order } from '../../src/store/erasure-port.ts';
import type { Change } from '../../src/store/port.ts';
import type { MemoryPayload } from './memory-retention.ts';

interface Tools<R extends MemoryPayload> {
  readonly operate: <T>(work: (changes: Change[]) => T) => Promise<T>;
  readonly byReference: (reference: string) => R | undefined;
  readonly append: (execution: Execution, draft: AuditDraft, now: number) => AuditEntry;
  /** Replaces the payload of a row by its hashes. */
  readonly strip: (row: R) => void;
  readonly giveUpPending: (reference: string, now: number, changes: Change[]) => void;
  /** Replaces the details of the entries of an execution, and removes its bodies. */
  readonly reduce: (correlationId: string, detail: typeof reducedDetail) => void;
}

export function createMemoryErasure<R extends MemoryPayload>(tools: Tools<R>): Erasure {
  const { operate, byReference } = tools;

  function write(row: R, event: AuditEvent, order: Order, now: number, changes: Change[]): Execution {
    const { execution } = row;
    const detail = { by: order.by, reason: order.reason };
    const entry = tools.append(execution, { event, latencyMs: null, httpStatus: null, detail, body: null }, now);
    changes.push({ execution, outcome: 'notification', entry });
    return execution;
  }

  const setHold = (reference: string, heldAt: number | null, order: Order, now: number) =>
    operate((changes) => {
      const row = byReference(reference);
      if (row === undefined || (row.execution.heldAt === null) === (heldAt === null)) return row?.execution;
      row.execution = { ...row.execution, heldAt };
      return write(row, heldAt === null ? 'RELEASED' : 'HELD', order, now, changes);
    });

  return {
    erase: (reference, order, now) =>
      operate((changes) => {
        const row = byReference(reference);
        if (row === undefined) return undefined;
        const { execution } = row;
        if (execution.erasedAt !== null) return { outcome: 'already-erased', execution };
        if (execution.heldAt !== null) return { outcome: 'held', execution };
        if (execution.resolvedAt === null) return { outcome: 'open', execution };
        tools.reduce(execution.correlationId, reducedDetail);
        tools.giveUpPending(reference, now, changes);
        tools.strip(row);
        row.execution = { ...row.execution, erasedAt: now };
        return { outcome: 'erased', execution: write(row, 'ERASED', order, now, changes) };
      }),
    hold: (reference, order, now) => setHold(reference, now, order, now),
    release: (reference, order, now) => setHold(reference, null, order, now),
    emptyWal: async () => true,
  };
}
