// Runs statements that both databases understand on a file, for reads that are too rare for prepared statements of their own.

import type { Database, Statement } from 'better-sqlite3';
import { type Reads, readsThrough } from '../../shared/reads.ts';

/** Statements that stay prepared: to prepare one takes as long as a short read. */
const MAX_PREPARED = 50;

export function createReads(client: Database): Reads {
  const prepared = new Map<string, Statement<[object]>>();

  function statementOf(text: string): Statement<[object]> {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    if (prepared.size >= MAX_PREPARED) prepared.clear();
    const statement = client.prepare<[object]>(text);
    prepared.set(text, statement);
    return statement;
  }

  return readsThrough(async (text, values) => statementOf(text).all(numbered(values)));
}

/** Returns the values of the parameters `$1`, `$2` and so on. */
export function numbered(values: readonly unknown[]): Readonly<Record<number, unknown>> {
  return Object.fromEntries(values.map((value, index) => [index + 1, value]));
}
