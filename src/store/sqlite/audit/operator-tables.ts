// The tables of what operators did, and of what they have paused.

import { index, integer, sqliteTable, text } from '../file/drizzle.ts';

/** One line for each action or bulk action of an operator. Triggers reject any change except that of a running one to its end. */
export const operatorActivity = sqliteTable(
  'operator_activity',
  {
    id: integer('id').primaryKey(),
    startedAt: text('started_at').notNull(),
    endedAt: text('ended_at'),
    /** As audit entries name the operator, for example `operator:alice`. */
    operator: text('operator').notNull(),
    action: text('action').notNull(),
    /** The execution or notification that it is about; null for a bulk action. */
    target: text('target'),
    /** The filter of a bulk action, as JSON. */
    filter: text('filter'),
    reason: text('reason'),
    /** running, done, refused or failed. */
    outcome: text('outcome').notNull(),
    matched: integer('matched'),
    changed: integer('changed'),
  },
  (table) => [index('operator_activity_by_operator').on(table.operator, table.id)],
);

/** The pauses of sending that are in force. A pause that has ended has no row: the activity of operators has both ends. */
export const sendingPauses = sqliteTable('sending_pauses', {
  id: integer('id').primaryKey(),
  /** One of both is null: the pause is of one app or of one action. Both are: it is of all executions. */
  app: text('app'),
  actionId: text('action_id'),
  since: text('since').notNull(),
  operator: text('operator').notNull(),
  reason: text('reason'),
});
