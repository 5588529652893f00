// Verifies the audit trail from the checkpoint to its end: the chain, the heads stored elsewhere, and the rows of the other tables.

import type { Database } from 'better-sqlite3';
import type { AuditHead } from '../../port.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import type { Finding, Verification, VerifyOptions } from '../../verification.ts';
import { MAX_DIAGNOSED } from '../../verify/chain.ts';
import { createWalk, insertedBefore } from '../../verify/walk.ts';
import { auditRow, SELECT_ENTRIES } from '../audit/entry-rows.ts';
import type { Values } from '../executions/execution-row.ts';
import { auditGaps, withoutGaps } from '../file/id-gaps.ts';
import { isImported } from '../import/imported.ts';
import { createLookups } from './lookups.ts';
import { createShownCheck } from './shown.ts';

/** Entries per read transaction: a long transaction would prevent the WAL of a running receiver from being reset. */
const PAGE = 5_000;

/** Verifies without writing, also while the receiver writes. @throws {SqliteError} when the file cannot be read. */
export function verifyAudit(client: Database, { heads = [], progress }: VerifyOptions = {}): Verification {
  const read = prepareReads(client);
  const start = read.checkpoint();
  const gaps = auditGaps(client);
  const total = withoutGaps(gaps, { low: start.id + 1, high: read.lastId() + 1 }).reduce(
    (sum, { low, high }) => sum + high - low,
    0,
  );
  const { rows: stored, rest } = createLookups(client);
  const walk = createWalk({ start, heads, gaps, isPartial: isImported(client) });
  const shown = createShownCheck(client);
  const inserted = read.firstId(start.id);
  const before: Finding[] = inserted === null ? [] : [insertedBefore(inserted, start)];

  function page(): boolean {
    const checkpoint = read.checkpoint();
    const rows = read.after(Math.max(checkpoint.id, walk.link().id), PAGE);
    if (!walk.page({ ...stored, checkpoint, rows })) {
      walk.diagnose(read.after(walk.link().id, MAX_DIAGNOSED));
      return false;
    }
    for (const row of rows) shown.entry(row);
    if (rows.length === PAGE) return true;
    walk.end(rest());
    shown.end();
    return false;
  }

  const step = client.transaction(page);
  while (before.length === 0 && step()) progress?.(walk.entries(), total);
  const entries = walk.entries();
  progress?.(entries, Math.max(entries, total));
  const findings = [...before, ...walk.findings(), ...shown.findings];
  return { findings, entries, prunedThrough: start.id, head: walk.link(), heads: walk.heads(), gaps };
}

/** Returns the end of the chain without verifying it. */
export function readHead(client: Database): AuditHead {
  const last = client.prepare<[], AuditHead>('SELECT id, hash FROM audit_events ORDER BY id DESC LIMIT 1');
  return client.transaction(() => last.get() ?? prepareReads(client).checkpoint())();
}

function prepareReads(client: Database) {
  const checkpoint = client.prepare<[], AuditHead>(
    'SELECT pruned_through AS id, hash FROM audit_checkpoint WHERE id = 1',
  );
  const last = client.prepare<[], number>('SELECT max(id) FROM audit_events').pluck();
  const first = client.prepare<[number], number | null>('SELECT min(id) FROM audit_events WHERE id <= ?').pluck();
  const narrow = client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'audit_rows'").get() !== undefined;
  const after = narrow ? readNarrow(client) : readWide(client);
  return {
    checkpoint: (): AuditHead => {
      const row = checkpoint.get();
      if (row === undefined) throw new Error('audit_checkpoint has no row: the start of the trail is unknown');
      return row;
    },
    lastId: () => last.get() ?? 0,
    firstId: (through: number) => first.get(through) ?? null,
    after,
  };
}

type ReadAfter = (id: number, limit: number) => AuditRow[];

function readNarrow(client: Database): ReadAfter {
  const after = client
    .prepare<[number, number], Values>(`${SELECT_ENTRIES} WHERE a.id > ? ORDER BY a.id LIMIT ?`)
    .raw();
  return (id, limit) => after.all(id, limit).map(auditRow);
}

/** Reads a backup of an earlier version, which is verified before its migration. */
function readWide(client: Database): ReadAfter {
  const after = client.prepare<[number, number], AuditRow>(
    `SELECT id, timestamp, event, action_id AS actionId, correlation_id AS correlationId, execution_id AS executionId,
      latency_ms AS latencyMs, http_status AS httpStatus, app, detail, hash
    FROM audit_events WHERE id > ? ORDER BY id LIMIT ?`,
  );
  return (id, limit) => after.all(id, limit);
}
