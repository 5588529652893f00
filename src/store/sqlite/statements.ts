// The prepared statements that run often: a drizzle query that is built per call costs ten times as much.

import { and, asc, desc, eq, getTableColumns, gte, isNotNull, lt, sql, type Table } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { MUTABLE_COLUMNS } from './rows.ts';
import { auditCheckpoint, auditEvents, callbackBodies, executions } from './schema.ts';

const { inputs: _inputs, context: _context, fingerprint: _fingerprint, ...stateColumns } = getTableColumns(executions);

const { hash: _hash, ...entryColumns } = getTableColumns(auditEvents);

export { stateColumns };

/** The same columns for statements without drizzle; a WHERE clause follows. */
export const SELECT_STATE = `SELECT ${Object.entries(stateColumns)
  .map(([key, { name }]) => `${name} AS ${key}`)
  .join(', ')} FROM executions`;

export type Statements = ReturnType<typeof prepareStatements>;

// One function because it is a list: one entry for each statement, and its type is inferred from it.
export function prepareStatements(orm: BetterSQLite3Database) {
  const hole = sql.placeholder;
  const holes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, sql`${hole(name)}`]));
  const insertable = (table: Table) => holes(Object.keys(getTableColumns(table))) as never;

  return {
    insertExecution: orm.insert(executions).values(insertable(executions)).prepare(),
    updateExecution: orm
      .update(executions)
      .set(holes(MUTABLE_COLUMNS))
      .where(eq(executions.reference, hole('reference')))
      .prepare(),
    byCorrelationId: orm
      .select({ ...stateColumns, fingerprint: executions.fingerprint })
      .from(executions)
      .where(eq(executions.correlationId, hole('correlationId')))
      .prepare(),
    byIdempotencyKey: orm
      .select({ ...stateColumns, fingerprint: executions.fingerprint })
      .from(executions)
      .where(and(eq(executions.app, hole('app')), eq(executions.idempotencyKey, hole('idempotencyKey'))))
      .prepare(),
    submissionOf: orm
      .select({
        fingerprint: executions.fingerprint,
        inputs: executions.inputs,
        context: executions.context,
        payloadSha256: executions.payloadSha256,
      })
      .from(executions)
      .where(eq(executions.reference, hole('reference')))
      .prepare(),
    idempotencyKeyBetween: orm
      .select({ name: executions.idempotencyKey })
      .from(executions)
      .where(
        and(
          eq(executions.app, hole('app')),
          gte(executions.idempotencyKey, hole('from')),
          lt(executions.idempotencyKey, hole('to')),
        ),
      )
      .limit(1)
      .prepare(),
    lease: orm
      .update(executions)
      .set({ pollAt: sql`${hole('pollAt')}` })
      .where(eq(executions.reference, hole('reference')))
      .prepare(),
    hasPayloadAgain: orm
      .update(executions)
      .set({ payloadPrunedAt: null })
      .where(eq(executions.reference, hole('reference')))
      .prepare(),
    queued: orm
      .select({ app: executions.app, priority: executions.priority, count: sql<number>`count(*)` })
      .from(executions)
      .where(isNotNull(executions.dispatchAt))
      .groupBy(executions.app, executions.priority)
      .prepare(),
    polled: orm
      .select({ app: executions.app, count: sql<number>`count(*)` })
      .from(executions)
      .where(isNotNull(executions.pollAt))
      .groupBy(executions.app)
      .prepare(),
    waiting: orm
      .select({
        status: executions.status,
        count: sql<number>`count(*)`,
        oldest: sql<string>`min(${executions.submittedAt})`,
      })
      .from(executions)
      .where(isNotNull(executions.expireAt))
      .groupBy(executions.status)
      .prepare(),
    insertEntry: orm.insert(auditEvents).values(insertable(auditEvents)).prepare(),
    insertBody: orm.insert(callbackBodies).values(insertable(callbackBodies)).prepare(),
    keptBytes: orm
      .select({
        bytes: sql<number>`coalesce(sum(octet_length(${auditEvents.detail}) + coalesce(octet_length(${callbackBodies.body}), 0)), 0)`,
      })
      .from(auditEvents)
      .leftJoin(callbackBodies, eq(callbackBodies.auditId, auditEvents.id))
      .where(eq(auditEvents.correlationId, hole('correlationId')))
      .prepare(),
    head: orm
      .select({ id: auditEvents.id, hash: auditEvents.hash })
      .from(auditEvents)
      .orderBy(desc(auditEvents.id))
      .limit(1)
      .prepare(),
    checkpoint: orm.select().from(auditCheckpoint).prepare(),
    trail: orm
      .select(entryColumns)
      .from(auditEvents)
      .where(eq(auditEvents.correlationId, hole('correlationId')))
      .orderBy(asc(auditEvents.id))
      .prepare(),
  };
}
