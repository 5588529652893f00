// The promises about a database file after any crash, whatever the receiver was doing.

import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { verifyAudit } from '../../src/store/sqlite/verify/verify.ts';
import { recountedRollups, storedRollups } from '../support/recounted-rollups.ts';
import { temporaryFolder } from '../support/temporary.ts';

export interface Row {
  readonly reference: string;
  readonly status: string;
  readonly resolvedBy: string | null;
  /** The mark that the load wrote into the inputs. */
  readonly mark: string | null;
}

/** The notification of one execution. */
export interface Notice {
  readonly correlationId: string;
  readonly type: string;
  readonly status: string;
}

export interface Found {
  /** By correlation id. */
  readonly rows: ReadonlyMap<string, Row>;
  /** By webhook-id. */
  readonly notices: ReadonlyMap<string, Notice>;
  /** The faults, in words. */
  readonly faults: readonly string[];
}

/** Reads a copy, so that the receiver finds the file as the crash left it. */
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
  const nothing = { rows: new Map(), notices: new Map() };
  const damage = sql.pragma('integrity_check', { simple: true });
  if (damage !== 'ok') return { ...nothing, faults: [`integrity_check: ${String(damage)}`] };
  // Killed before the first migration was committed.
  const made = sql.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'conservation'").pluck().get();
  if (made === 0) return { ...nothing, faults: [] };
  const difference = sql.prepare('SELECT difference FROM conservation').pluck().get();
  return {
    rows: byId<Row>(
      sql,
      `SELECT correlation_id AS id, reference, status, resolved_by AS resolvedBy, inputs ->> '$.mark' AS mark FROM executions`,
    ),
    notices: byId<Notice>(sql, 'SELECT id, correlation_id AS correlationId, type, status FROM notifications'),
    faults: [
      ...(difference === 0 ? [] : [`conservation is off by ${String(difference)}`]),
      ...verifyAudit(sql).findings.map(({ message }) => `audit verify: ${message}`),
      ...(isDeepStrictEqual(storedRollups(sql), recountedRollups(sql)) ? [] : ['the roll-ups miscount']),
      ...RULES.flatMap((rule) => sql.prepare<[], string>(rule).pluck().all()),
    ],
  };
}

function byId<T>(sql: Database.Database, query: string): Map<string, T> {
  const found = sql.prepare<[], T & { id: string }>(query).all();
  return new Map(found.map(({ id, ...row }) => [id, row as T]));
}

/** Each finds a state that must never be, and describes it. */
const RULES = [
  // One transaction writes an outcome and its notification.
  `SELECT correlation_id || ': notified of its end ' || ended || ' times and of a late result ' || late || ' times, should be '
      || endings || ' and ' || lateResults
    FROM (SELECT e.correlation_id, e.notify_url IS NOT NULL AND e.resolved_at IS NOT NULL AS endings,
        e.notify_url IS NOT NULL AND e.late_result IS NOT NULL AS lateResults,
        count(n.id) FILTER (WHERE n.type <> 'execution.late_result') AS ended,
        count(n.id) FILTER (WHERE n.type = 'execution.late_result') AS late
      FROM executions AS e LEFT JOIN notifications AS n ON n.reference = e.reference GROUP BY e.reference)
    WHERE ended <> endings OR late <> lateResults`,
  `SELECT id || ' names an execution that does not exist' FROM notifications
    WHERE reference NOT IN (SELECT reference FROM executions)`,
  // An Idempotency-Key, like a correlation id, identifies one execution.
  `SELECT mark || ' is ' || count(*) || ' executions' FROM (SELECT inputs ->> '$.mark' AS mark FROM executions)
    WHERE mark IS NOT NULL GROUP BY mark HAVING count(*) > 1`,
  `SELECT 'of the atomic batch ' || batch || ' there are ' || count(*) || ' of ' || size
    FROM (SELECT inputs ->> '$.together' AS batch, inputs ->> '$.of' AS size FROM executions)
    WHERE batch IS NOT NULL GROUP BY batch HAVING count(*) <> size`,
];
