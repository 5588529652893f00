// Databases that earlier versions wrote, one of each version of the schema, and their expected contents.

import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import type { Log } from '../../src/lib/log.ts';
import { systemWorld, type World } from '../../src/lib/world.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
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

export function upgrade(path: string, surroundings: UpgradeOptions = upgrading()): void {
  openDatabase(path, upgradeWithBackup(surroundings)).close();
}

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

export const findings = (path: string) => look(path, (client) => verifyAudit(client).findings);
export const generation = (path: string) => look(path, schemaVersionOf);
