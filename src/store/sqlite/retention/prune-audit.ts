// Prunes the oldest entries of the trail, and the executions without remaining entries, with their notifications. The checkpoint
// preserves the chain and the counts.

import type { Database } from 'better-sqlite3';
import { and, asc, eq, gt, inArray, lte, notExists, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { PrunableEntries, PruneResult, RetentionRecord } from '../../retention-port.ts';
import { createPendingLookup } from '../outbox/pending.ts';
import { auditCheckpoint, auditEvents, auditRepeats, callbackBodies, executions, notifications } from '../schema.ts';
import { callbackBodyRecord, MAX_BATCH_BYTES } from './prune-payloads.ts';

const BYTES = sql<number>`octet_length(${auditEvents.detail}) + coalesce(octet_length(${executions.inputs})
  + octet_length(${executions.context}) + coalesce(octet_length(${executions.result}), 0)
  + coalesce(octet_length(${executions.error}), 0) + coalesce(octet_length(${executions.lateResult}), 0), 0)`;

const BODY_BYTES = sql<number>`coalesce((SELECT octet_length(${callbackBodies.body}) FROM ${callbackBodies}
  WHERE ${callbackBodies.auditId} = ${auditEvents.id}), 0)`;

/** Counted repeats get an entry first. */
const COUNTED = sql<number>`EXISTS (SELECT 1 FROM ${auditRepeats}
  WHERE ${auditRepeats.correlationId} = ${auditEvents.correlationId})`;

export interface AuditPruning {
  /** Runs inside a transaction of the writer. Entries behind `through` are not pruned. */
  prune(limit: number, cutoff: number, through?: number): PruneResult;
  prunable(limit: number, cutoff: number, after: PrunableEntries | null): PrunableEntries | undefined;
  records(batch: PrunableEntries): RetentionRecord[];
}

export function createAuditPruning(client: Database, orm: BetterSQLite3Database): AuditPruning {
  const isPending = createPendingLookup(orm);
  const exported = prepareRecords(client);

  /** Returns the oldest prunable entries behind `after`. The chain is cut at one place, before the first entry to keep. */
  function oldest(limit: number, cutoff: number, after: number) {
    const before = isoTime(cutoff);
    const rows = withinBytes(entriesAfter(orm, after, limit));
    const pending = isPending([...new Set(rows.flatMap(({ reference }) => reference ?? []))]);
    // promise: pending-notification-keeps-audit
    const firstKept = rows.findIndex(
      (row) =>
        row.timestamp >= before ||
        row.open === 1 ||
        row.heldAt !== null ||
        row.counted === 1 ||
        (row.resolvedAt ?? '') >= before ||
        pending.has(row.reference),
    );
    return firstKept === -1 ? rows : rows.slice(0, firstKept);
  }

  function prune(limit: number, cutoff: number, through = Number.POSITIVE_INFINITY): PruneResult {
    const pruned = oldest(limit, cutoff, 0).filter(({ id }) => id <= through);
    const last = pruned.at(-1);
    if (!last) return { entries: 0, executions: 0 };

    const accepted = pruned.filter(({ event }) => event === 'ACCEPTED').length;
    orm
      .update(auditCheckpoint)
      .set({ prunedThrough: last.id, hash: last.hash, accepted: sql`${auditCheckpoint.accepted} + ${accepted}` })
      .run();
    orm.delete(auditEvents).where(lte(auditEvents.id, last.id)).run();
    orm.delete(callbackBodies).where(lte(callbackBodies.auditId, last.id)).run();

    const touched = [...new Set(pruned.map(({ correlationId }) => correlationId))];
    const entriesLeft = orm
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(eq(auditEvents.correlationId, executions.correlationId));
    const deleted = orm
      .delete(executions)
      .where(and(inArray(executions.correlationId, touched), notExists(entriesLeft)))
      .returning({ reference: executions.reference })
      .all();
    const deletedNotifications = deleted.flatMap(({ reference }) => notificationIds(reference));
    orm.delete(notifications).where(inArray(notifications.id, deletedNotifications)).run();
    orm
      .update(auditCheckpoint)
      .set({ executions: sql`${auditCheckpoint.executions} + ${deleted.length}` })
      .run();
    return { entries: pruned.length, executions: deleted.length };
  }

  return {
    prune,
    prunable: (limit, cutoff, after) => {
      const entries = oldest(limit, cutoff, after?.last ?? 0);
      const [first, last] = [entries[0], entries.at(-1)];
      return first && last && { first: first.id, last: last.id };
    },
    records: (batch) => {
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

/** Returns entries with what decides whether they may go, oldest first. */
function entriesAfter(orm: BetterSQLite3Database, after: number, limit: number) {
  return orm
    .select({
      id: auditEvents.id,
      hash: auditEvents.hash,
      timestamp: auditEvents.timestamp,
      event: auditEvents.event,
      correlationId: auditEvents.correlationId,
      open: sql<number>`${executions.correlationId} IS NOT NULL AND ${executions.resolvedAt} IS NULL`,
      resolvedAt: executions.resolvedAt,
      heldAt: executions.heldAt,
      counted: COUNTED,
      reference: executions.reference,
      bytes: BYTES,
      bodyBytes: BODY_BYTES,
    })
    .from(auditEvents)
    .leftJoin(executions, eq(executions.correlationId, auditEvents.correlationId))
    .where(gt(auditEvents.id, after))
    .orderBy(asc(auditEvents.id))
    .limit(limit)
    .all();
}

type Exported = Record<string, unknown>;

function prepareRecords(client: Database) {
  // An execution is pruned with its last entry.
  const last = `SELECT correlation_id FROM audit_events AS entry WHERE id BETWEEN @first AND @last
    AND NOT EXISTS (SELECT 1 FROM audit_events AS later WHERE later.correlation_id = entry.correlation_id AND later.id > @last)`;
  return {
    entries: client.prepare<[object], Exported>(
      'SELECT * FROM audit_events WHERE id BETWEEN @first AND @last ORDER BY id',
    ),
    executions: client.prepare<[object], Exported>(`SELECT * FROM executions WHERE correlation_id IN (${last})`),
    notification: client.prepare<[string], Exported>('SELECT * FROM notifications WHERE id = ?'),
    bodies: client.prepare<[object], Parameters<typeof callbackBodyRecord>[0]>(
      'SELECT * FROM callback_bodies WHERE audit_id BETWEEN @first AND @last ORDER BY audit_id',
    ),
  };
}

interface Sized {
  readonly correlationId: string;
  readonly bytes: number;
  readonly bodyBytes: number;
}

/** Returns the first rows whose entries and executions stay within the size of a batch, and at least one row. */
function withinBytes<T extends Sized>(rows: readonly T[]): T[] {
  const counted = new Set<string>();
  let sum = 0;
  return rows.filter(({ bytes, bodyBytes, correlationId }, index) => {
    sum += bodyBytes + (counted.has(correlationId) ? 0 : bytes);
    counted.add(correlationId);
    return index === 0 || sum <= MAX_BATCH_BYTES;
  });
}
