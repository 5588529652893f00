// The parts of drizzle-orm that are used, as CommonJS. For each ES module of a package that it loads, Node 24 parses the package's list
// of exports again: 130 kB for each of some hundred modules, which would be most of the time that a start or a command takes.

import { createRequire } from 'node:module';
import { join } from 'node:path';

// drizzle-kit, which runs in the folder of the project, has no `import.meta`.
const require = createRequire(import.meta.filename ?? join(process.cwd(), 'package.json'));

const core: typeof import('drizzle-orm') = require('drizzle-orm');
export const { getTableColumns, sql } = core;

const sqlite: typeof import('drizzle-orm/sqlite-core') = require('drizzle-orm/sqlite-core');
export const { blob, customType, index, integer, primaryKey, sqliteTable, text, uniqueIndex } = sqlite;

const driver: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3');
export const { drizzle } = driver;

const migrator: typeof import('drizzle-orm/better-sqlite3/migrator') = require('drizzle-orm/better-sqlite3/migrator');
export const { migrate } = migrator;

const migrations: typeof import('drizzle-orm/migrator') = require('drizzle-orm/migrator');
export const { readMigrationFiles } = migrations;
