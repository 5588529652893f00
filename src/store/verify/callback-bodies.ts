// Checks the stored callback bodies against their SHA-256 in the trail.

import { isJsonObject } from '../../execution/json.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import type { Finding } from '../verification.ts';
import { parseDetail, reporter } from './findings.ts';
import type { StoredRest, StoredRows } from './stored.ts';

/** @param isPartial true if rows may be missing that exports did not contain. */
export function createBodyCheck(isPartial: boolean) {
  const findings: Finding[] = [];
  const report = reporter(findings, 'body');
  return {
    findings,
    entry: (entry: AuditRow, rows: StoredRows): void => {
      const sha256 = bodyHashIn(entry);
      if (sha256 === undefined) return;
      const { id } = entry;
      const found = rows.body(id);
      if (found === undefined) {
        if (!isPartial) report(id, `the callback body of entry ${id} is missing`);
      } else if (!found.isEmptied && found.sha256 !== sha256) {
        report(id, `the callback body of entry ${id} was altered`);
      }
    },
    end: ({ unstatedBodies }: StoredRest): void => {
      if (isPartial) return;
      for (const id of unstatedBodies) report(id, `a callback body was inserted for entry ${id}`);
    },
  };
}

/** Returns the hash of the body that an entry states; undefined for none. */
export function bodyHashIn({ detail }: Pick<AuditRow, 'detail'>): unknown {
  // Cheaper than parsing the detail of each entry.
  if (!detail.includes('"sha256":')) return undefined;
  const parsed = parseDetail(detail);
  return isJsonObject(parsed) ? parsed['sha256'] : undefined;
}
