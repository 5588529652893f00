// Takes the oldest entries off the trail, and the executions that have none left, with their notifications. The checkpoint keeps
// chain and counts.

import { and, asc, eq, inArray, lte, notExists, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { notificationIds } from '../../notification/outgoing.ts';
import type { Pruned } from '../port.ts';
import { toIso } from './rows.ts';
import { auditCheckpoint, auditEvents, callbackBodies, executions, notifications } from './schema.ts';

/** Runs inside a transaction of the writer. */
export function createPruner(orm: BetterSQLite3Database): (limit: number, cutoff: number) => Pruned {
  return (limit, cutoff) => {
    const before = toIso(cutoff) ?? '';
    const oldest = orm
      .select({
        id: auditEvents.id,
        hash: auditEvents.hash,
        timestamp: auditEvents.timestamp,
        event: auditEvents.event,
        correlationId: auditEvents.correlationId,
        open: sql<number>`${executions.correlationId} IS NOT NULL AND ${executions.resolvedAt} IS NULL`,
        resolvedAt: executions.resolvedAt,
        reference: executions.reference,
      })
      .from(auditEvents)
      .leftJoin(executions, eq(executions.correlationId, auditEvents.correlationId))
      .orderBy(asc(auditEvents.id))
      .limit(limit)
      .all();

    // The chain can only be cut at one place, so the first entry that must stay keeps all that follow.
    const untold = withPendingNotification(oldest);
    const stays = oldest.findIndex(
      (row) =>
        row.timestamp >= before || row.open === 1 || (row.resolvedAt ?? '') >= before || untold.has(row.reference),
    );
    const leaving = stays === -1 ? oldest : oldest.slice(0, stays);
    const last = leaving.at(-1);
    if (!last) return { entries: 0, executions: 0 };

    const accepted = leaving.filter(({ event }) => event === 'ACCEPTED').length;
    orm
      .update(auditCheckpoint)
      .set({ prunedThrough: last.id, hash: last.hash, accepted: sql`${auditCheckpoint.accepted} + ${accepted}` })
      .run();
    orm.delete(auditEvents).where(lte(auditEvents.id, last.id)).run();
    orm.delete(callbackBodies).where(lte(callbackBodies.auditId, last.id)).run();

    const touched = [...new Set(leaving.map(({ correlationId }) => correlationId))];
    const entriesLeft = orm
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(eq(auditEvents.correlationId, executions.correlationId));
    const gone = orm
      .delete(executions)
      .where(sql`${inArray(executions.correlationId, touched)} AND ${notExists(entriesLeft)}`)
      .returning({ reference: executions.reference })
      .all();
    const theirs = gone.flatMap(({ reference }) => notificationIds(reference));
    orm.delete(notifications).where(inArray(notifications.id, theirs)).run();
    orm
      .update(auditCheckpoint)
      .set({ executions: sql`${auditCheckpoint.executions} + ${gone.length}` })
      .run();
    return { entries: leaving.length, executions: gone.length };
  };

  /** Of the executions behind these entries, those whose app is still to be told something. */
  function withPendingNotification(entries: readonly { readonly reference: string | null }[]): Set<string | null> {
    const references = [...new Set(entries.flatMap(({ reference }) => reference ?? []))];
    const pending = orm
      .select({ reference: notifications.reference })
      .from(notifications)
      .where(and(inArray(notifications.id, references.flatMap(notificationIds)), eq(notifications.status, 'PENDING')))
      .all();
    return new Set(pending.map(({ reference }) => reference));
  }
}
