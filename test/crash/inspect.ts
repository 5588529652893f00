// What must be true of a database file after any crash, whatever the receiver was doing.

import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { chainHash } from '../../src/store/sqlite/chain.ts';
import { temporaryFolder } from '../support/temporary.ts';

export interface Row {
  readonly reference: string;
  readonly status: string;
  readonly resolvedBy: string | null;
}

export interface Found {
  /** By correlation id. */
  readonly rows: ReadonlyMap<string, Row>;
  /** What is wrong, in words. */
  readonly faults: readonly string[];
}

/** Looks at a copy, so that the receiver finds the file as the crash left it. */
export function inspectCopy(database: string): Found {
  const copy = join(temporaryFolder(), basename(database));
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${database}${suffix}`)) copyFileSync(`${database}${suffix}`, `${copy}${suffix}`);
  }
  const sql = new Database(copy);
  try {
    return inspect(sql);
  } finally {
    sql.close();
  }
}

export function inspect(sql: Database.Database): Found {
  const rows = new Map<string, Row>();
  const damage = sql.pragma('integrity_check', { simple: true });
  if (damage !== 'ok') return { rows, faults: [`integrity_check: ${String(damage)}`] };
  // Killed before the first migration was committed.
  const made = sql.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'conservation'").pluck().get();
  if (made === 0) return { rows, faults: [] };
  const found = sql
    .prepare('SELECT correlation_id AS id, reference, status, resolved_by AS resolvedBy FROM executions')
    .all() as (Row & { id: string })[];
  for (const { id, ...row } of found) rows.set(id, row);
  const difference = sql.prepare('SELECT difference FROM conservation').pluck().get();
  const faults = difference === 0 ? [] : [`conservation is off by ${String(difference)}`];
  return { rows, faults: [...faults, ...chainFaults(sql)] };
}

function chainFaults(sql: Database.Database): string[] {
  const columns =
    'id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId';
  const entries = sql
    .prepare(
      `SELECT ${columns}, latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash FROM audit_events ORDER BY id`,
    )
    .all() as (Parameters<typeof chainHash>[1] & { hash: string })[];
  let { hash } = sql.prepare('SELECT hash FROM audit_checkpoint').get() as { hash: string };
  for (const [i, { hash: chained, ...entry }] of entries.entries()) {
    hash = chainHash(hash, entry);
    if (entry.id !== i + 1 || chained !== hash) return [`the chain breaks at entry ${entry.id}`];
  }
  return [];
}
