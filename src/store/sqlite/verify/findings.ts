// What a verification finds, and how much of it is told.

import type { Database } from 'better-sqlite3';
import { type Json, readJson } from '../../../execution/json.ts';

export interface Finding {
  readonly kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'rewritten' | 'row' | 'body';
  /** The first entry that is wrong or missing; null when the finding is about a row alone. */
  readonly entry: number | null;
  readonly message: string;
}

/** Of each kind of disagreement outside of the chain so many are told. */
export const MAX_FINDINGS = 20;

/** The detail of an entry; null when it is no JSON, as the store never writes it. */
export function parseDetail(text: string): Json {
  try {
    return readJson(text);
  } catch {
    return null;
  }
}

/** A backup of an older version is verified before it is migrated: there, no payload was ever pruned. */
export function hasPruningColumns(client: Database): boolean {
  const columns = client.prepare<[], string>("SELECT name FROM pragma_table_info('executions')").pluck().all();
  return columns.includes('payload_sha256');
}
