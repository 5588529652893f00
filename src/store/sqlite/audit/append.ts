// Appends to the audit trail: each entry is chained to the previous one.

import { createHash } from 'node:crypto';
import type { AuditDraft, AuditEntry, RawBody } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import type { JsonObject } from '../../../execution/json.ts';
import type { AuditHead } from '../../port.ts';
import { toAuditRow } from '../rows.ts';
import type { Statements } from '../statements.ts';
import { boundedEvidence } from './bounded-evidence.ts';
import { chainHash } from './hash-chain.ts';
import type { Repeats } from './repeats.ts';

export interface AuditTrail {
  /** Returns the cached head: only this process writes. */
  head(): AuditHead;
  /** Reads the head from the database, at the start and after a rollback. */
  reload(): void;
  /** Appends one entry, behind those that state counted repeats of the execution. Runs inside a transaction. */
  append(execution: Execution, draft: AuditDraft, now: number): AuditEntry;
  /** Appends the entries that state counted repeats of the execution. Runs inside a transaction. */
  summarize(execution: Execution, now: number): AuditEntry[];
  /** Describes an event that is counted instead of listed. Its id is that of the newest entry. */
  counted(execution: Execution, draft: AuditDraft, now: number): AuditEntry;
}

/** @param least the least id of a new entry, above the newest one after a restore. */
export function createAuditTrail(sql: Statements, repeats: Repeats, least = 1): AuditTrail {
  let head: AuditHead = { id: 0, hash: '' };

  function summarize(execution: Execution, now: number): AuditEntry[] {
    return repeats.take(execution.correlationId).map((summary) => write(execution, summary, now));
  }

  function write(execution: Execution, given: AuditDraft, now: number): AuditEntry {
    const { correlationId } = execution;
    const draft = boundedEvidence(given, () => sql.keptBytes.get({ correlationId })?.bytes ?? 0);
    const { body } = draft;
    const detail = body ? { ...draft.detail, ...bodyDetail(body) } : draft.detail;
    const row = toAuditRow(Math.max(head.id + 1, least), now, execution, { ...draft, detail });
    const hash = chainHash(head.hash, row);
    sql.insertEntry.run({ ...row, hash });
    if (body) {
      sql.insertBody.run({
        auditId: row.id,
        contentType: body.contentType,
        body: Buffer.from(body.bytes),
        prunedAt: null,
      });
    }
    head = { id: row.id, hash };
    return { ...row, timestamp: now, event: draft.event, detail };
  }

  return {
    head: () => head,
    reload: () => {
      const checkpoint = sql.checkpoint.get();
      head = sql.head.get() ?? { id: checkpoint?.prunedThrough ?? 0, hash: checkpoint?.hash ?? '' };
      repeats.reload();
    },
    append: (execution, draft, now) => {
      // promise: counts-precede-the-next-entry
      summarize(execution, now);
      return write(execution, draft, now);
    },
    summarize,
    counted: (execution, draft, now) => ({
      ...toAuditRow(head.id, now, execution, draft),
      ...{ timestamp: now, event: draft.event, detail: draft.detail },
    }),
  };
}

function bodyDetail({ bytes, contentEncoding = null }: RawBody): JsonObject {
  const coded = contentEncoding === null ? {} : { contentEncoding };
  return { ...coded, bytes: bytes.length, sha256: sha256(bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
