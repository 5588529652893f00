// Checks the stored callback bodies against their SHA-256 in the trail.

import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { isJsonObject } from '../../../execution/json.ts';
import { isImported } from '../import/imported.ts';
import type { AuditRow } from '../rows.ts';
import { type Finding, hasPruningColumns, MAX_FINDINGS, parseDetail, reporter } from './findings.ts';

export function createBodyCheck(client: Database) {
  const find = client.prepare<[number], { readonly body: Buffer; readonly prunedAt: string | null }>(
    `SELECT body, ${hasPruningColumns(client) ? 'pruned_at' : 'NULL'} AS prunedAt FROM callback_bodies WHERE audit_id = ?`,
  );
  const withoutEntry = client
    .prepare<[number], number>(
      `SELECT audit_id FROM callback_bodies WHERE NOT EXISTS
      (SELECT 1 FROM audit_events WHERE id = audit_id AND json_extract(detail, '$.sha256') IS NOT NULL) LIMIT ?`,
    )
    .pluck();
  const findings: Finding[] = [];
  const isPartial = isImported(client);

  const report = reporter(findings, 'body');
  function missing(id: number): void {
    if (!isPartial) report(id, `the callback body of entry ${id} is missing`);
  }

  return {
    findings,
    entry: ({ id, detail }: AuditRow) => {
      // Cheaper than parsing the detail of each entry.
      if (!detail.includes('"sha256":')) return;
      const parsed = parseDetail(detail);
      const sha256 = isJsonObject(parsed) ? parsed['sha256'] : undefined;
      if (sha256 === undefined) return;
      const found = find.get(id);
      if (found === undefined) missing(id);
      else if (found.prunedAt !== null && found.body.length === 0) return;
      else if (hash('sha256', found.body, 'hex') !== sha256) report(id, `the callback body of entry ${id} was altered`);
    },
    end: () => {
      if (isPartial) return;
      for (const id of withoutEntry.all(MAX_FINDINGS)) report(id, `a callback body was inserted for entry ${id}`);
    },
  };
}
