// The findings of a verification, and the number of them that are reported.

import type { Database } from 'better-sqlite3';
import { type Json, readJson } from '../../../execution/json.ts';

export interface Finding {
  readonly kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'rewritten' | 'row' | 'body';
  /** The first entry that is wrong or missing; null when the finding is about a row alone. */
  readonly entry: number | null;
  readonly message: string;
}

/** Maximum of findings that each check outside the chain reports. */
export const MAX_FINDINGS = 20;

/** Returns a function that appends findings of one kind, up to the maximum. */
export function reporter(findings: Finding[], kind: Finding['kind']) {
  return (entry: number | null, message: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ kind, entry, message });
  };
}

/** Returns the detail of an entry; null when it is not JSON, which the store never writes. */
export function parseDetail(text: string): Json {
  try {
    return readJson(text);
  } catch {
    return null;
  }
}

/** False for a backup of an older version, which is verified before its migration: that version never pruned payloads. */
export function hasPruningColumns(client: Database): boolean {
  const columns = client.prepare<[], string>("SELECT name FROM pragma_table_info('executions')").pluck().all();
  return columns.includes('payload_sha256');
}
