// Checks entries that lost a part of their detail to an erasure: a later entry ERASED of the same execution must have the seal of
// what remains of each.

import { isJsonObject } from '../../execution/json.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import { erasureSeal } from '../shared/hash-chain.ts';
import type { Finding } from '../verification.ts';
import { MAX_FINDINGS, parseDetail } from './findings.ts';

interface Sealed {
  readonly correlationId: string;
  readonly seal: string;
}

export function createErasureCheck() {
  const waiting = new Map<number, Sealed>();
  const findings: Finding[] = [];
  let confirmed = 0;
  return {
    findings,
    /** Number of reduced entries whose seal was found. */
    confirmed: (): number => confirmed,
    /** Returns true if the entry claims to be reduced: its hash is of a detail that no longer exists. */
    isReduced: (previous: string, row: AuditRow): boolean => {
      if (!row.detail.includes('"erased":true')) return false;
      waiting.set(row.id, { correlationId: row.correlationId, seal: erasureSeal(previous, row) });
      return true;
    },
    entry: ({ event, correlationId, detail }: AuditRow): void => {
      if (event !== 'ERASED') return;
      const parsed = parseDetail(detail);
      const seals = isJsonObject(parsed) ? parsed['entries'] : undefined;
      if (!isJsonObject(seals)) return;
      for (const [id, seal] of Object.entries(seals)) {
        const reduced = waiting.get(Number(id));
        // promise: reduced-entry-is-proved
        if (reduced?.correlationId !== correlationId || reduced.seal !== seal) continue;
        waiting.delete(Number(id));
        confirmed += 1;
      }
    },
    /** Skips the entries that retention deleted during the walk. */
    skipTo: (id: number): void => {
      for (const entry of waiting.keys()) if (entry <= id) waiting.delete(entry);
    },
    end: (): void => {
      for (const entry of [...waiting.keys()].slice(0, MAX_FINDINGS)) {
        const message = `entry ${entry} was altered: it claims to be erased, and no entry ERASED confirms what is left of it`;
        findings.push({ kind: 'altered', entry, message });
      }
    },
  };
}
