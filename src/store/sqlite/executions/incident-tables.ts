// The tables of incidents. Times are ISO 8601 text in UTC with milliseconds.

import { index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from '../file/drizzle.ts';
import { shortOrText } from '../schema.ts';

/** Problems, each with one cause. */
export const incidents = sqliteTable(
  'incidents',
  {
    id: text('id').primaryKey(),
    cause: text('cause').notNull(),
    /** Distinguishes incidents of one cause, for example by endpoint. */
    subject: text('subject').notNull(),
    severity: text('severity').notNull(),
    problem: text('problem').notNull(),
    startedAt: text('started_at').notNull(),
    lastSeenAt: text('last_seen_at').notNull(),
    endedAt: text('ended_at'),
    affected: integer('affected').notNull(),
    total: integer('total'),
    /** JSON arrays of names. */
    actions: text('actions').notNull(),
    apps: text('apps').notNull(),
    acknowledgedAt: text('acknowledged_at'),
    acknowledgedBy: text('acknowledged_by'),
  },
  (table) => [
    uniqueIndex('incidents_open').on(table.cause, table.subject).where(sql`ended_at IS NULL`),
    index('incidents_by_start').on(table.startedAt),
  ],
);

/** The history of incidents: append-only by triggers, until the incident itself is removed. */
export const incidentEvents = sqliteTable(
  'incident_events',
  {
    id: integer('id').primaryKey(),
    incident: text('incident').notNull(),
    at: text('at').notNull(),
    /** opened, acknowledged or ended. */
    event: text('event').notNull(),
    /** The operator; NULL: the receiver. */
    by: text('by'),
  },
  (table) => [index('incident_events_by_incident').on(table.incident)],
);

/** The executions that an incident counts. */
export const incidentExecutions = sqliteTable(
  'incident_executions',
  {
    incident: text('incident').notNull(),
    /** In the form of execution_rows. */
    reference: shortOrText('reference').notNull(),
    isAffected: integer('is_affected').notNull(),
  },
  (table) => [primaryKey({ columns: [table.incident, table.reference] })],
);

/** Events for the operators' webhook. */
export const incidentDeliveries = sqliteTable(
  'incident_deliveries',
  {
    event: integer('event').primaryKey(),
    /** When the next attempt is due; NULL: delivered or given up. */
    dueAt: text('due_at'),
    giveUpAt: text('give_up_at').notNull(),
    attempts: integer('attempts').notNull(),
    lastError: text('last_error'),
    deliveredAt: text('delivered_at'),
  },
  (table) => [index('incident_deliveries_due').on(table.dueAt).where(sql`due_at IS NOT NULL`)],
);
