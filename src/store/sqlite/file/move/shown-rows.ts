// Digests of the rows that a file shows, to be compared with those of a PostgreSQL database.

import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { NULL_MARK, SEPARATOR, type Shown } from '../../../shown-rows.ts';

/** @param storable returns a text as the other database stores it */
export function shownInFile(client: Database, storable: (text: string) => string): Shown {
  const textOf = (value: unknown) => (value === null ? NULL_MARK : storable(String(value)));
  return {
    columns: async (view) =>
      client.prepare<[string], string>('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck().all(view),
    rows: async ({ view, key, columns, after, limit }) => {
      const behind = after === null ? '' : `WHERE ${key} > @after`;
      const select = `SELECT ${key}, ${columns.join(', ')} FROM ${view} ${behind} ORDER BY ${key} LIMIT @limit`;
      const rows = client.prepare<[object], unknown[]>(select).raw();
      return Array.from(rows.iterate({ limit, ...(after === null ? {} : { after }) }), ([name, ...values]) => ({
        key: name as string | number,
        digest: hash('sha256', values.map(textOf).join(SEPARATOR), 'hex'),
      }));
    },
    count: async (statement) => client.prepare<[], number>(statement).pluck().get() ?? 0,
  };
}
