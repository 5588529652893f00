// Verifies that the indexes are there that keep two receivers from accepting one submission each. The owner of the tables can drop them.

/** The columns of `execution_rows` of which each value stands for one execution. */
const COLUMNS = ['reference', 'correlation_id', 'app, idempotency_key'] as const;

/** The first such columns without an index that is unique and valid; null without any, and before the first start. */
export const UNGUARDED = `SELECT min(g.columns) FROM unnest(ARRAY[${COLUMNS.map((columns) => `'${columns}'`).join(', ')}]) AS g(columns)
  WHERE to_regclass('execution_rows') IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM pg_index AS i WHERE i.indrelid = to_regclass('execution_rows') AND i.indisunique AND i.indisvalid
      AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN ('', '(idempotency_key IS NOT NULL)')
      AND g.columns = (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, false), ', ' ORDER BY n) FROM generate_series(1, i.indnkeyatts) AS n))`;

/** Returns why no receiver may serve, with the remedy; null if it may. @param columns what `UNGUARDED` returns */
export function unguardedProblem(columns: string | null): string | null {
  // promise: postgres/dropped-unique-index-is-noticed
  if (columns === null) return null;
  return `the database has no valid unique index on execution_rows (${columns}), without which a submission may be sent twice: create it again, or REINDEX it`;
}
