// Inserts rows into any table, many with one statement.

import type { Client } from 'pg';
import type { MovedRow } from '../../moved-rows.ts';
import { EXTEND } from '../audit/partitions.ts';
import { storableJson } from '../storable-json.ts';
import { rowsOf } from './derived-rows.ts';

/** Rows of one statement. */
const MAX_ROWS = 500;
/** Characters of one statement: a single row may be as long as a callback. */
const MAX_CHARS = 2 * 1024 * 1024;

interface Waiting {
  readonly rows: MovedRow[];
  chars: number;
}

export function createBulkInsert(client: Client) {
  const waiting = new Map<string, Waiting>();
  let extendAt = 0;

  async function addOne(table: string, row: MovedRow): Promise<void> {
    const pending = waiting.get(table) ?? { rows: [], chars: 0 };
    waiting.set(table, pending);
    pending.rows.push(row);
    for (const value of Object.values(row)) pending.chars += lengthOf(value);
    if (pending.rows.length >= MAX_ROWS || pending.chars >= MAX_CHARS) await insert(table);
  }

  async function insert(table: string): Promise<void> {
    const { rows } = waiting.get(table) ?? { rows: [] };
    waiting.delete(table);
    const [first] = rows;
    if (first === undefined) return;
    if (table === 'audit_rows') await makePartitions(rows);
    const columns = Object.keys(first).join(', ');
    const values = storableJson(rows.map(withHexBytes));
    await client.query(
      `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE
      SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
      [values],
    );
  }

  async function makePartitions(rows: readonly MovedRow[]): Promise<void> {
    const newest = Number(rows.at(-1)?.['id']);
    if (newest < extendAt) return;
    const { rows: extended } = await client.query<{ due: number }>(EXTEND, [newest]);
    extendAt = extended[0]?.due ?? 0;
  }

  return {
    /** Adds a moved row, and what derives from it. */
    add: async (table: string, row: MovedRow): Promise<void> => {
      for (const [name, rows] of Object.entries(rowsOf(table, row))) for (const one of rows) await addOne(name, one);
    },
    /** Inserts the rows that wait. */
    flush: async (): Promise<void> => {
      for (const table of [...waiting.keys()]) await insert(table);
    },
  };
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return Buffer.isBuffer(value) ? 2 * value.length : 8;
}

/** PostgreSQL reads bytes from a text of hex digits. */
function withHexBytes(row: MovedRow): MovedRow {
  const entries = Object.entries(row);
  if (!entries.some(([, value]) => Buffer.isBuffer(value))) return row;
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value]),
  );
}
