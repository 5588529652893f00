// The tables of the roll-ups, which are committed with the executions that they count.

import { integer, primaryKey, sqliteTable, text } from '../file/drizzle.ts';
import { shortOrText } from '../schema.ts';

/** One row: the roll-ups count the executions from this reference on; '' for all, '~' for none yet. */
export const rollupState = sqliteTable('rollup_state', {
  id: integer('id').primaryKey(),
  countedFrom: text('counted_from').notNull(),
});

/** Executions by the hour of their submission. */
export const rollupSubmitted = sqliteTable(
  'rollup_submitted',
  {
    /** The beginning of the hour. */
    hour: text('hour').notNull(),
    app: text('app').notNull(),
    actionId: text('action_id').notNull(),
    /** `accepted`, or `unsent` for those that ended without having been sent. */
    kind: text('kind').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.hour, table.app, table.actionId, table.kind] })],
);

/** Ended executions by the hour of their submission. */
export const rollupOutcomes = sqliteTable(
  'rollup_outcomes',
  {
    hour: text('hour').notNull(),
    app: text('app').notNull(),
    actionId: text('action_id').notNull(),
    status: text('status').notNull(),
    resolvedBy: text('resolved_by').notNull(),
    /** 1 if the execution was handed to the network. */
    sent: integer('sent').notNull(),
    /** 1 if a result came after an end without one. */
    late: integer('late').notNull(),
    /** From submission to outcome, rounded by at most 2.5 %; 0 for an outcome that is not from CXone. */
    ms: integer('ms').notNull(),
    count: integer('count').notNull(),
  },
  ({ hour, app, actionId, status, resolvedBy, sent, late, ms }) => [
    primaryKey({ columns: [hour, app, actionId, status, resolvedBy, sent, late, ms] }),
  ],
);

/** Ended executions by the hour of their end and the way in which the outcome arrived. */
export const rollupEnded = sqliteTable(
  'rollup_ended',
  {
    hour: text('hour').notNull(),
    actionId: text('action_id').notNull(),
    /** callback, poll, submit or timeout. */
    channel: text('channel').notNull(),
    missed: integer('missed').notNull(),
    calledBackLater: integer('called_back_later').notNull(),
    hasSkew: integer('has_skew').notNull(),
    /** Callback minus poll, rounded by at most 2.5 %. */
    skewMs: integer('skew_ms').notNull(),
    count: integer('count').notNull(),
  },
  ({ hour, actionId, channel, missed, calledBackLater, hasSkew, skewMs }) => [
    primaryKey({ columns: [hour, actionId, channel, missed, calledBackLater, hasSkew, skewMs] }),
  ],
);

/** A random sample of the executions: one of 2^level has this level or a higher one. */
export const rollupSample = sqliteTable(
  'rollup_sample',
  {
    actionId: text('action_id').notNull(),
    level: integer('level').notNull(),
    /** As in `execution_rows`. */
    reference: shortOrText('reference').notNull(),
  },
  (table) => [primaryKey({ columns: [table.actionId, table.level, table.reference] })],
);

/** The lowest level of which the sample of an action and day has all executions; 0 without a row. */
export const rollupSampleLevels = sqliteTable(
  'rollup_sample_levels',
  { actionId: text('action_id').notNull(), day: text('day').notNull(), level: integer('level').notNull() },
  (table) => [primaryKey({ columns: [table.actionId, table.day] })],
);
