// The table of paused endpoints.

import { primaryKey, sqliteTable, text } from '../file/drizzle.ts';

/** The endpoints of apps to which nothing is sent. A pause that has ended has no row: the activity of operators has both ends. */
export const endpointPauses = sqliteTable(
  'endpoint_pauses',
  {
    app: text('app').notNull(),
    origin: text('origin').notNull(),
    since: text('since').notNull(),
    operator: text('operator').notNull(),
    reason: text('reason'),
  },
  (table) => [primaryKey({ columns: [table.app, table.origin] })],
);
