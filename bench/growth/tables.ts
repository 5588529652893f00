// What PostgreSQL counts and stores for each table of the receiver; the partitions of the audit trail are one table.

import type { PostgresServer } from '../servers/postgres-server.ts';

export interface TableFigures {
  readonly name: string;
  /** Bytes, without and with the indexes. */
  readonly heap: number;
  readonly size: number;
  readonly live: number;
  readonly dead: number;
  readonly updates: number;
  readonly hot: number;
  readonly deletes: number;
}

const FIGURES = `SELECT CASE WHEN c.relispartition THEN 'audit_rows_all' ELSE c.relname END AS name,
    sum(pg_table_size(c.oid))::float8 AS heap, sum(pg_total_relation_size(c.oid))::float8 AS size,
    sum(s.n_live_tup)::float8 AS live, sum(s.n_dead_tup)::float8 AS dead, sum(s.n_tup_upd)::float8 AS updates,
    sum(s.n_tup_hot_upd)::float8 AS hot, sum(s.n_tup_del)::float8 AS deletes
  FROM pg_class AS c JOIN pg_stat_user_tables AS s ON s.relid = c.oid
  WHERE c.relkind = 'r' GROUP BY 1 ORDER BY 3 DESC, 1`;

/** Returns the figures, the largest table first. Sessions that have ended are counted. */
export async function readTables(run: PostgresServer['run'], database: string): Promise<readonly TableFigures[]> {
  return (await run(database, FIGURES)) as unknown as readonly TableFigures[];
}

/** The share of updates that are HOT: they change no index, and their page has room for the new version of the row. */
export function hotShare(tables: readonly Pick<TableFigures, 'updates' | 'hot'>[]): number {
  const sum = (of: 'updates' | 'hot') => tables.reduce((total, table) => total + table[of], 0);
  return sum('hot') / sum('updates');
}

export const sizeOf = (tables: readonly TableFigures[]) => tables.reduce((total, { size }) => total + size, 0);
