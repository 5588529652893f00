// The tables of the obvious build, filled with the executions of a prepared database: only the columns that it needs.

import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';

const TABLES = `
  CREATE TABLE executions (
    reference TEXT PRIMARY KEY,
    correlation_id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    action_id TEXT NOT NULL,
    execution_id TEXT,
    status TEXT NOT NULL,
    inputs TEXT NOT NULL,
    context TEXT NOT NULL,
    result TEXT,
    error TEXT,
    submitted_at TEXT NOT NULL,
    resolved_at TEXT
  );
  CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY,
    timestamp TEXT NOT NULL,
    event TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    execution_id TEXT,
    detail TEXT NOT NULL
  );
  CREATE INDEX audit_events_by_execution ON audit_events (correlation_id);`;

export function createObviousTables(path: string, preparedPath: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  const client = new Database(path);
  try {
    client.pragma('synchronous = OFF');
    client.exec(TABLES);
    client.prepare('ATTACH ? AS prepared').run(preparedPath);
    client.exec(`
      INSERT INTO executions SELECT reference, correlation_id, app, action_id, execution_id, status, inputs, context,
        result, error, submitted_at, resolved_at FROM prepared.executions ORDER BY reference;
      DETACH prepared`);
    client.pragma('journal_mode = WAL');
  } finally {
    client.close();
  }
}

/** Number of resolved executions, and of audit entries for them. */
export function countObvious(path: string): { resolved: number; audited: number } {
  const client = new Database(path, { readonly: true });
  try {
    return client
      .prepare<[], { resolved: number; audited: number }>(
        `SELECT (SELECT count(*) FROM executions WHERE resolved_at IS NOT NULL) AS resolved,
                (SELECT count(DISTINCT correlation_id) FROM audit_events) AS audited`,
      )
      .get() as { resolved: number; audited: number };
  } finally {
    client.close();
  }
}
