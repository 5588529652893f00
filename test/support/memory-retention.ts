// Retention of the store in memory: the same queries and steps as in SQLite, over maps.

import type { AuditEntry } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import type { Retention } from '../../src/store/retention-port.ts';
import { outcomeHash } from '../../src/store/sqlite/audit/hash-chain.ts';
import { outcomeColumns } from '../../src/store/sqlite/executions/write.ts';
import { lateOutcomeHash, outcomeMeaning } from '../../src/store/sqlite/retention/payload-hashes.ts';

export interface MemoryPayload {
  execution: Execution;
  payloadSha256: string | null;
  isPruned: boolean;
}

interface Tools {
  readonly operate: <T>(work: () => T) => Promise<T>;
  readonly rows: () => readonly MemoryPayload[];
  readonly entries: () => readonly AuditEntry[];
  readonly isPending: (reference: string) => boolean;
  /** The entries to prune, oldest first. */
  readonly leaving: (limit: number, cutoff: number, after: number) => readonly AuditEntry[];
  readonly prunedThrough: () => number;
}

export function createMemoryRetention(tools: Tools): Omit<Retention, 'prune'> {
  const { operate, rows } = tools;

  const ended = (cutoff: number) =>
    rows()
      .filter(
        ({ execution, isPruned }) =>
          !isPruned && execution.heldAt === null && (execution.resolvedAt ?? cutoff) < cutoff,
      )
      .sort((one, other) => (one.execution.resolvedAt ?? 0) - (other.execution.resolvedAt ?? 0));

  const needless = ({ execution }: MemoryPayload, cutoff: number) =>
    !tools.isPending(execution.reference) && (execution.lateResult?.receivedAt ?? 0) < cutoff;

  return {
    prunableEntries: (limit, cutoff, after) =>
      operate(() => {
        const leaving = tools.leaving(limit, cutoff, after?.last ?? 0);
        const [first, last] = [leaving[0], leaving.at(-1)];
        return first && last && { first: first.id, last: last.id };
      }),
    entryRecords: ({ first, last }) =>
      operate(() => {
        const going = tools.entries().filter(({ id }) => id >= first && id <= last);
        const later = new Set(tools.entries().flatMap(({ id, correlationId }) => (id > last ? [correlationId] : [])));
        const gone = rows().filter(({ execution: { correlationId } }) =>
          going.some((entry) => entry.correlationId === correlationId && !later.has(correlationId)),
        );
        return [
          ...gone.map(({ execution }) => ({ type: 'execution', correlation_id: execution.correlationId })),
          ...going.map(({ id }) => ({ type: 'audit_event', id })),
        ];
      }),
    prunablePayloads: (limit, cutoff, after) =>
      operate(() => {
        const behind = ended(cutoff).slice(after?.id ?? 0);
        const looked = behind.slice(0, limit);
        const kept = looked.filter((row) => !needless(row, cutoff)).length;
        return {
          references: looked.filter((row) => needless(row, cutoff)).map(({ execution }) => execution.reference),
          bodies: [],
          // A pruned row no longer blocks others.
          next: looked.length === 0 ? null : { id: (after?.id ?? 0) + kept, body: 0 },
        };
      }),
    payloadRecords: ({ references }) => operate(() => references.map((reference) => ({ type: 'payload', reference }))),
    prunePayloads: ({ references }, cutoff) =>
      operate(() => {
        const going = ended(cutoff).filter(
          (row) => references.includes(row.execution.reference) && needless(row, cutoff),
        );
        for (const row of going) stripMemoryPayload(row);
        return going.length;
      }),
    checkpoint: async () => ({ id: tools.prunedThrough(), hash: String(tools.prunedThrough()).padStart(64, '0') }),
    reclaimSpace: async () => null,
  };
}

export function stripMemoryPayload(row: MemoryPayload): void {
  const { execution, payloadSha256 } = row;
  const { lateResult: late } = execution;
  const known = payloadSha256 === null ? {} : JSON.parse(payloadSha256);
  row.payloadSha256 = JSON.stringify({
    outcome: known.outcome ?? outcomeHash(outcomeColumns(execution)),
    lateOutcome: known.lateOutcome ?? (late === null ? null : lateOutcomeHash(late)),
    meaning: known.outcome === undefined ? outcomeMeaning(execution) : known.meaning,
    lateMeaning: known.lateMeaning ?? (late === null || known.lateOutcome ? undefined : outcomeMeaning(late)),
  });
  const lateResult = late === null ? null : { ...late, result: null, error: null };
  row.execution = { ...execution, result: null, error: null, lateResult };
  row.isPruned = true;
}
