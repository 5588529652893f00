// The tables, as operators read them with SQL. Times are ISO 8601 text in UTC with milliseconds, so that they sort and read.

import { sql } from 'drizzle-orm';
import { blob, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const executions = sqliteTable(
  'executions',
  {
    correlationId: text('correlation_id').primaryKey(),
    /** A UUIDv7: what the callback URL carries. Time-ordered, so that its index grows at one end. */
    reference: text('reference').notNull().unique(),
    app: text('app').notNull(),
    actionId: text('action_id').notNull(),
    executionId: text('execution_id'),
    /** 1 while execution_id comes from an unverified callback alone. */
    hearsay: integer('hearsay').notNull(),
    status: text('status').notNull(),
    resolvedBy: text('resolved_by'),
    inputs: text('inputs').notNull(),
    context: text('context').notNull(),
    result: text('result'),
    error: text('error'),
    lateResult: text('late_result'),
    submittedAt: text('submitted_at').notNull(),
    sentAt: text('sent_at'),
    resolvedAt: text('resolved_at'),
    pollAfter: text('poll_after'),
    deadline: text('deadline'),
    latencyMs: integer('latency_ms'),
    totalLatencyMs: integer('total_latency_ms'),
    pollCount: integer('poll_count').notNull(),
    attempts: integer('attempts').notNull(),
    timeoutSeconds: integer('timeout_seconds').notNull(),
    graceSeconds: integer('grace_seconds').notNull(),
    retryUncertain: integer('retry_uncertain').notNull(),
    notifyUrl: text('notify_url'),
    /** SHA-256 of what the app sent: tells a repeated submission from another one under the same id. */
    fingerprint: text('fingerprint').notNull(),
    /** When it is to be sent, polled, ended: null unless it applies. */
    dispatchAt: text('dispatch_at'),
    pollAt: text('poll_at'),
    expireAt: text('expire_at'),
  },
  (table) => [
    index('executions_by_app').on(table.app, table.reference),
    index('executions_to_dispatch').on(table.dispatchAt).where(sql`dispatch_at IS NOT NULL`),
    index('executions_to_poll').on(table.pollAt).where(sql`poll_at IS NOT NULL`),
    index('executions_to_expire').on(table.expireAt).where(sql`expire_at IS NOT NULL`),
  ],
);

/** Append-only by triggers; each hash covers the entry and the hash before it. */
export const auditEvents = sqliteTable(
  'audit_events',
  {
    id: integer('id').primaryKey(),
    timestamp: text('timestamp').notNull(),
    event: text('event').notNull(),
    actionId: text('action_id').notNull(),
    correlationId: text('correlation_id').notNull(),
    executionId: text('execution_id'),
    latencyMs: integer('latency_ms'),
    httpStatus: integer('http_status'),
    app: text('app').notNull(),
    detail: text('detail').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [index('audit_events_by_execution').on(table.correlationId)],
);

/** Callback bodies that nobody could read, as they came; their SHA-256 stands in the audit entry. */
export const callbackBodies = sqliteTable('callback_bodies', {
  auditId: integer('audit_id').primaryKey(),
  contentType: text('content_type'),
  body: blob('body', { mode: 'buffer' }).notNull(),
});

/** One row: where the trail begins after pruning, and what was pruned, so that chain and conservation still add up. */
export const auditCheckpoint = sqliteTable('audit_checkpoint', {
  id: integer('id').primaryKey(),
  prunedThrough: integer('pruned_through').notNull(),
  hash: text('hash').notNull(),
  accepted: integer('accepted').notNull(),
  executions: integer('executions').notNull(),
});

/** One row that readiness writes, to prove that a commit goes through. */
export const heartbeat = sqliteTable('heartbeat', {
  id: integer('id').primaryKey(),
  at: text('at').notNull(),
});
