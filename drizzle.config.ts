// Where drizzle-kit finds the schema and puts the migrations it generates; triggers, views and STRICT are added by hand.

import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './src/store/sqlite/schema.ts',
    './src/store/sqlite/rollups/tables.ts',
    './src/store/sqlite/executions/incident-tables.ts',
    './src/store/sqlite/outbox/endpoint-tables.ts',
    './src/store/sqlite/audit/operator-tables.ts',
  ],
  out: './migrations',
});
