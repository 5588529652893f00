// Databases that earlier versions wrote, one of each version of the schema, and their expected contents.

import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import type { Log } from '../../src/lib/log.ts';
import { systemWorld, type World } from '../../src/lib/world.ts';
import type { SliceLimits } from '../../src/store/sqlite/file/data-migration/move-rows.ts';
import { openDatabase, openInSteps } from '../../src/store/sqlite/file/open.ts';
import { openReadOnly } from '../../src/store/sqlite/file/open-readonly.ts';
import { schemaVersionOf } from '../../src/store/sqlite/file/schema-version.ts';
import { type UpgradeOptions, upgradeWithBackup } from '../../src/store/sqlite/file/upgrade.ts';
import { verifyAudit } from '../../src/store/sqlite/verify/verify.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryFolder } from '../support/temporary.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

export const VERSIONS = readdirSync(HERE)
  .filter((name) => name.endsWith('.db'))
  .map((name) => name.replace('.db', ''))
  .sort();
export const NEWEST = VERSIONS.at(-1) ?? '';
export const OLDER = VERSIONS.filter((version) => version !== NEWEST);
/** Those whose rows migration 0005 moves. */
export const WITH_WIDE_ROWS = OLDER.filter((version) => version < '0005');

export const NOW = Date.UTC(2026, 10, 22, 20, 30);

export function writtenBy(version: string): string {
  const path = join(temporaryFolder(), 'receiver.db');
  copyFileSync(join(HERE, `${version}.db`), path);
  return path;
}

export function fatal(error: unknown): never {
  throw error;
}

export function upgrading(log: Log = quietLog(), now = NOW): UpgradeOptions & { world: World; fatal: typeof fatal } {
  return { world: { ...systemWorld, now: () => now }, log, fatal };
}

export function upgrade(path: string, surroundings: UpgradeOptions = upgrading(), slice = SLICE): void {
  openDatabase(path, upgradeWithBackup(surroundings), { slice }).close();
}

/** The upgrade, step by step: after each, the file is as a kill at that moment would leave it. */
export function upgradeInSteps(path: string, surroundings: UpgradeOptions = upgrading(), slice = SLICE) {
  return openInSteps(path, upgradeWithBackup(surroundings), { slice });
}

/** Many slices for few rows. */
export const SLICE: SliceLimits = { rows: 20, contentBytes: 1_000_000 };

/** A path next to the database and its files. */
export function filesBeside(path: string): string[] {
  return readdirSync(join(path, '..')).filter((name) => !/^receiver\.db(-wal|-shm|\.lock(-journal)?)?$/.test(name));
}

export function look<T>(path: string, at: (client: Database.Database) => T): T {
  const client = openReadOnly(path);
  try {
    return at(client);
  } finally {
    client.close();
  }
}

const ROWS = 'SELECT correlation_id, app, status, resolved_by, result, error, late_result, poll_count FROM executions';

export function contents(path: string) {
  return look(path, (client) => ({
    executions: client.prepare(`${ROWS} ORDER BY correlation_id`).all(),
    trail: client.prepare('SELECT id, event, correlation_id, detail, hash FROM audit_events ORDER BY id').all(),
    bodies: client.prepare('SELECT count(*) FROM callback_bodies').pluck().get(),
    conservation: client.prepare('SELECT * FROM conservation').get(),
  }));
}

/** Everything that operators read of what was moved: each row with all its columns, and the views on these rows. */
export function readings(path: string): Readonly<Record<string, readonly object[]>> {
  const views = ['conservation', 'action_latency', 'callback_health', 'callback_skew', 'hourly', 'dead_letters'];
  return look(path, (client) => {
    const known = new Set(client.prepare('SELECT name FROM sqlite_schema').pluck().all());
    const rows = (query: string) => client.prepare<[], object>(query).all();
    return {
      executions: rows('SELECT * FROM executions ORDER BY correlation_id'),
      entries: rows('SELECT * FROM audit_events ORDER BY id'),
      ...Object.fromEntries(
        views.filter((view) => known.has(view)).map((view) => [view, rows(`SELECT * FROM ${view} ORDER BY 1, 2, 3`)]),
      ),
    };
  });
}

export const findings = (path: string) => look(path, (client) => verifyAudit(client).findings);
export const generation = (path: string) => look(path, schemaVersionOf);
