// Prunes the oldest entries of the trail, and the executions without remaining entries, with their notifications. The checkpoint
// preserves the chain and the counts.

import type { Database } from 'better-sqlite3';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { PrunableEntries, PruneResult, RetentionRecord } from '../../retention-port.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import { callbackBodyRecord, MAX_BATCH_BYTES } from '../../shared/prunable-payloads.ts';
import { createPendingLookup } from '../outbox/statements.ts';
import { hashText, ONLY_NAMED, uuidText } from '../rows.ts';

interface EntryRow extends Sized {
  readonly id: number;
  readonly hash: Buffer | string;
  readonly at: number;
  readonly event: unknown;
  /** Or to be polled because of a callback after its end. */
  readonly isOpen: 0 | 1;
  readonly resolvedAt: number | null;
  readonly heldAt: number | null;
  readonly isCounted: 0 | 1;
  readonly reference: Buffer | string | null;
}

/** Entries with what decides whether they may go, oldest first. Counted repeats get an entry first. */
// promise: poll-after-the-end-keeps-audit
const ENTRIES = `
SELECT a.id, a.hash, a.at, a.event, a.execution, status <> 0 AND (resolved_at IS NULL OR poll_at IS NOT NULL) AS isOpen, resolved_at AS resolvedAt,
  held_at AS heldAt, EXISTS (SELECT 1 FROM audit_repeats WHERE audit_repeats.correlation_id = e.correlation_id) AS isCounted, reference,
  coalesce(octet_length(detail), 0) + coalesce(octet_length(inputs) + octet_length(context), 0) + coalesce(octet_length(result), 0)
    + coalesce(octet_length(error), 0) + coalesce(octet_length(late_result), 0) AS bytes,
  coalesce((SELECT octet_length(body) FROM callback_bodies WHERE audit_id = a.id), 0) AS bodyBytes
FROM audit_rows AS a LEFT JOIN execution_rows AS e ON e.id = a.execution LEFT JOIN payload_rows ON payload_rows.id = a.execution
  LEFT JOIN outcome_rows ON outcome_rows.id = e.outcome
WHERE a.id > ? ORDER BY a.id LIMIT ?`;

/** @param subtract removes executions from the counts, before they are deleted. */
export function createAuditPruning(client: Database, subtract: (executions: readonly number[]) => void = () => {}) {
  const isPending = createPendingLookup(client);
  const exported = prepareRecords(client);
  const sql = prepareDeletion(client);

  /** Returns the oldest prunable entries behind `after`. The chain is cut at one place, before the first entry to keep. */
  function oldest(limit: number, cutoff: number, after: number) {
    const rows = withinBytes(sql.entries.all(after, limit));
    const pending = isPending([
      ...new Set(rows.flatMap(({ reference }) => (reference === null ? [] : uuidText(reference)))),
    ]);
    // promise: pending-notification-keeps-audit
    const firstKept = rows.findIndex(
      (row) =>
        row.at >= cutoff ||
        row.isOpen === 1 ||
        row.heldAt !== null ||
        row.isCounted === 1 ||
        (row.resolvedAt ?? 0) >= cutoff ||
        (row.reference !== null && pending.has(uuidText(row.reference))),
    );
    return firstKept === -1 ? rows : rows.slice(0, firstKept);
  }

  function prune(limit: number, cutoff: number, through = Number.POSITIVE_INFINITY): PruneResult {
    const pruned = oldest(limit, cutoff, 0).filter(({ id }) => id <= through);
    const last = pruned.at(-1);
    if (!last) return { entries: 0, executions: 0 };

    const accepted = pruned.filter(({ event }) => event === EVENT_CODES.ACCEPTED).length;
    sql.moveCheckpoint.run(last.id, hashText(last.hash), accepted);
    sql.deleteEntries.run(last.id);
    sql.deleteBodies.run(last.id);

    const touched = [...new Set(pruned.map(({ execution }) => execution))];
    subtract(touched);
    const deleted = touched.flatMap((id) => sql.deleteExecution.get(id) ?? []);
    for (const { id, outcome } of deleted) {
      sql.deletePayload.run(id);
      sql.deleteHashes.run(id);
      sql.deleteOutcome.run(outcome);
    }
    const executions = deleted.filter(({ status }) => status !== ONLY_NAMED);
    const deletedNotifications = executions.flatMap(({ reference }) => notificationIds(uuidText(reference)));
    sql.deleteNotifications.run(JSON.stringify(deletedNotifications));
    sql.countExecutions.run(executions.length);
    sql.deleteActivity.run();
    return { entries: pruned.length, executions: executions.length };
  }

  return {
    /** Runs inside a transaction of the writer. Entries behind `through` are not pruned. */
    prune,
    prunable: (limit: number, cutoff: number, after: PrunableEntries | null): PrunableEntries | undefined => {
      const entries = oldest(limit, cutoff, after?.last ?? 0);
      const [first, last] = [entries[0], entries.at(-1)];
      return first && last && { first: first.id, last: last.id };
    },
    records: (batch: PrunableEntries): RetentionRecord[] => {
      const gone = exported.executions.all(batch);
      const ids = gone.flatMap(({ reference }) => notificationIds(String(reference)));
      return [
        ...gone.map((row) => ({ type: 'execution', ...row })),
        ...ids.flatMap((id) => exported.notification.all(id)).map((row) => ({ type: 'notification', ...row })),
        ...exported.entries.all(batch).map((row) => ({ type: 'audit_event', ...row })),
        ...exported.bodies.all(batch).map(callbackBodyRecord),
      ];
    },
  };
}

interface DeletedRow {
  readonly id: number;
  readonly reference: Buffer | string;
  readonly status: unknown;
  readonly outcome: number | null;
}

function prepareDeletion(client: Database) {
  return {
    entries: client.prepare<[after: number, limit: number], EntryRow>(ENTRIES),
    moveCheckpoint: client.prepare<[prunedThrough: number, hash: string, accepted: number]>(
      'UPDATE audit_checkpoint SET pruned_through = ?, hash = ?, accepted = accepted + ?',
    ),
    deleteEntries: client.prepare<[through: number]>('DELETE FROM audit_rows WHERE id <= ?'),
    deleteBodies: client.prepare<[through: number]>('DELETE FROM callback_bodies WHERE audit_id <= ?'),
    deleteExecution: client.prepare<[id: number], DeletedRow>(
      `DELETE FROM execution_rows WHERE id = ? AND NOT EXISTS (SELECT 1 FROM audit_rows WHERE execution = execution_rows.id)
      RETURNING id, reference, status, outcome`,
    ),
    deletePayload: client.prepare<[id: number]>('DELETE FROM payload_rows WHERE id = ?'),
    deleteHashes: client.prepare<[id: number]>('DELETE FROM payload_hashes WHERE id = ?'),
    deleteOutcome: client.prepare<[id: number | null]>('DELETE FROM outcome_rows WHERE id = ?'),
    deleteNotifications: client.prepare<[ids: string]>(
      'DELETE FROM notifications WHERE id IN (SELECT value FROM json_each(?))',
    ),
    countExecutions: client.prepare<[count: number]>('UPDATE audit_checkpoint SET executions = executions + ?'),
    // Ids are in the order of the starts: the lines to keep end the scan, as soon as there is one.
    deleteActivity: client.prepare<[]>(
      `DELETE FROM operator_activity WHERE started_at <
        (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') FROM audit_rows ORDER BY id LIMIT 1)`,
    ),
  };
}

type Exported = Record<string, unknown>;

function prepareRecords(client: Database) {
  // An execution is pruned with its last entry.
  const last = `SELECT execution FROM audit_rows AS entry WHERE id BETWEEN @first AND @last
    AND NOT EXISTS (SELECT 1 FROM audit_rows AS later WHERE later.execution = entry.execution AND later.id > @last)`;
  const named = `SELECT correlation_id FROM execution_rows WHERE id IN (${last})`;
  return {
    entries: client.prepare<[object], Exported>(
      'SELECT * FROM audit_events WHERE id BETWEEN @first AND @last ORDER BY id',
    ),
    executions: client.prepare<[object], Exported>(`SELECT * FROM executions WHERE correlation_id IN (${named})`),
    notification: client.prepare<[string], Exported>('SELECT * FROM notifications WHERE id = ?'),
    bodies: client.prepare<[object], Parameters<typeof callbackBodyRecord>[0]>(
      'SELECT * FROM callback_bodies WHERE audit_id BETWEEN @first AND @last ORDER BY audit_id',
    ),
  };
}

interface Sized {
  readonly execution: number;
  readonly bytes: number;
  readonly bodyBytes: number;
}

/** Returns the first rows whose entries and executions stay within the size of a batch, and at least one row. */
function withinBytes<T extends Sized>(rows: readonly T[]): T[] {
  const counted = new Set<number>();
  let sum = 0;
  return rows.filter(({ bytes, bodyBytes, execution }, index) => {
    sum += bodyBytes + (counted.has(execution) ? 0 : bytes);
    counted.add(execution);
    return index === 0 || sum <= MAX_BATCH_BYTES;
  });
}
