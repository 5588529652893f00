// Appends to the audit trail: each entry is chained to the previous one.

import type { AuditDraft, AuditEntry } from '../../../execution/event.ts';
import type { AuditHead } from '../../port.ts';
import { detailWithBody, toAuditRow } from '../../shared/audit-rows.ts';
import { boundedEvidence } from '../../shared/bounded-evidence.ts';
import { chainHash } from '../../shared/hash-chain.ts';
import type { ExecutionRow } from '../executions/execution-row.ts';
import type { Statements } from '../statements.ts';
import type { Repeats } from './repeats.ts';

export type AuditTrail = ReturnType<typeof createAuditTrail>;

/** @param least the least id of a new entry, above the newest one after a restore. */
export function createAuditTrail(sql: Statements, repeats: Repeats, least = 1) {
  let head: AuditHead = { id: 0, hash: '' };

  function summarize(stored: ExecutionRow, now: number): AuditEntry[] {
    return repeats.take(stored.execution.correlationId).map((summary) => write(stored, summary, now));
  }

  function write(stored: ExecutionRow, given: AuditDraft, now: number): AuditEntry {
    const draft = boundedEvidence(given, () => sql.keptBytes(stored.id));
    const { body } = draft;
    const detail = detailWithBody(draft);
    const row = toAuditRow(Math.max(head.id + 1, least), now, stored.execution, { ...draft, detail });
    const hash = chainHash(head.hash, row);
    sql.insertEntry({ ...row, hash }, now, stored);
    if (body) {
      sql.insertBody.run(row.id, body.contentType, Buffer.from(body.bytes));
    }
    head = { id: row.id, hash };
    return { ...row, timestamp: now, event: draft.event, detail };
  }

  return {
    /** Returns the cached head: only this process writes. */
    head: (): AuditHead => head,
    /** Reads the head from the database, at the start and after a rollback. */
    reload: (): void => {
      const checkpoint = sql.checkpoint.get();
      head = sql.head() ?? { id: checkpoint?.prunedThrough ?? 0, hash: checkpoint?.hash ?? '' };
      repeats.reload();
    },
    /** Appends one entry, behind those that state counted repeats of the execution. Runs inside a transaction. */
    append: (stored: ExecutionRow, draft: AuditDraft, now: number): AuditEntry => {
      // promise: counts-precede-the-next-entry
      summarize(stored, now);
      return write(stored, draft, now);
    },
    /** Appends the entries that state counted repeats of the execution. Runs inside a transaction. */
    summarize,
    /** Describes an event that is counted instead of listed. Its id is that of the newest entry. */
    counted: ({ execution }: ExecutionRow, draft: AuditDraft, now: number): AuditEntry => ({
      ...toAuditRow(head.id, now, execution, draft),
      ...{ timestamp: now, event: draft.event, detail: draft.detail },
    }),
  };
}
