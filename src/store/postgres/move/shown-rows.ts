// Digests of the rows that a PostgreSQL database shows, to be compared with those of a file.

import { NULL_MARK, SEPARATOR, type Shown } from '../../shown-rows.ts';

type All = (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;

const COLUMNS = `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
  ORDER BY attnum`;

/** Reads in the session of `all`. */
export function shownOnServer(all: All): Shown {
  return {
    columns: async (view) => (await all(COLUMNS, [view])).map(({ name }) => String(name)),
    rows: async ({ view, key, columns, after, limit }) => {
      const texts = columns.map((column) => `coalesce("${column}"::text, $1)`).join(', ');
      const behind = after === null ? '' : `WHERE ${key} > $4`;
      const rows = await all(
        `SELECT ${key} AS key, encode(sha256(convert_to(concat_ws($2::text, ${texts}), 'UTF8')), 'hex') AS digest
        FROM ${view} ${behind} ORDER BY ${key} LIMIT $3`,
        [NULL_MARK, SEPARATOR, limit, ...(after === null ? [] : [after])],
      );
      return rows as { key: string | number; digest: string }[];
    },
    count: async (statement) => Number((await all(statement))[0]?.['rows']),
  };
}
