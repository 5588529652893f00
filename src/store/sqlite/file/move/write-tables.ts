// Writes moved rows to a new file, in the form in which a receiver stores them.

import type { Database, Statement } from 'better-sqlite3';
import { isoTime } from '../../../../lib/time.ts';
import type { MovedRow } from '../../../moved-rows.ts';
import { eventOf } from '../../../shared/codes.ts';
import { uuidBytes } from '../../rows.ts';
import { nameInFile, withTimes } from './tables.ts';

/** Rows of one transaction. */
const MAX_ROWS = 2_000;

/** The short form of the executionId of an entry: that of its execution. */
const OF_EXECUTION = 1n;

export function createFileWriter(client: Database) {
  const inserts = new Map<string, Statement<unknown[]>>();
  let waiting = 0;

  function insertOf(table: string, columns: readonly string[]): Statement<unknown[]> {
    const known = inserts.get(table);
    if (known !== undefined) return known;
    const holes = columns.map(() => '?').join(', ');
    // Some tables have a row before the first execution.
    const made = client.prepare<unknown[]>(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${holes})`);
    inserts.set(table, made);
    return made;
  }

  function flush(): void {
    if (waiting > 0) client.exec('COMMIT');
    waiting = 0;
  }

  return {
    /** Writes a row, and commits from time to time. */
    add: (table: string, row: MovedRow): void => {
      if (waiting === 0) client.exec('BEGIN IMMEDIATE');
      const stored = storedRow(table, row);
      insertOf(nameInFile(table), Object.keys(stored)).run(...Object.values(stored).map(boundValue));
      waiting += 1;
      if (waiting >= MAX_ROWS) flush();
    },
    /** Commits the rows that wait. */
    flush,
  };
}

function storedRow(table: string, row: MovedRow): MovedRow {
  switch (table) {
    case 'execution_rows':
      return executionRow(row);
    case 'audit_rows':
      return entryRow(row);
    case 'audit_repeats':
      return { ...withTimes<number>(table, row, isoTime), event: eventOf(row['event']) };
    case 'incident_executions':
      return { ...row, reference: uuidBytes(String(row['reference'])) };
    default:
      return withTimes<number>(table, row, isoTime);
  }
}

/** An integer in a column of any type is bound as a bigint: a number would be stored as REAL. */
function executionRow({
  execution_id_unverified: hearsay,
  has_outcome,
  reference,
  fingerprint,
  ...row
}: MovedRow): MovedRow {
  const bytes = fingerprint as Buffer;
  return {
    ...row,
    hearsay,
    reference: uuidBytes(String(reference)),
    fingerprint: bytes.length === 32 ? bytes : bytes.toString(),
    status: BigInt(Number(row['status'])),
    resolved_by: row['resolved_by'] === null ? null : BigInt(Number(row['resolved_by'])),
    outcome: has_outcome === true ? row['id'] : null,
  };
}

function entryRow({ present_execution_id: present, ...row }: MovedRow): MovedRow {
  const { execution_id: executionId } = row;
  const isOfExecution = executionId !== null && executionId === present;
  return { ...row, event: BigInt(Number(row['event'])), execution_id: isOfExecution ? OF_EXECUTION : executionId };
}

function boundValue(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value;
}
