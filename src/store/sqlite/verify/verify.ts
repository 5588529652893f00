// Verifies the audit trail from the checkpoint to its end: the chain, the heads stored elsewhere, and the rows of the other tables.

import type { Database } from 'better-sqlite3';
import type { IdGap } from '../../port.ts';
import { auditRow, SELECT_ENTRIES } from '../audit/entry-rows.ts';
import type { Values } from '../executions/execution-row.ts';
import { auditGaps, withoutGaps } from '../file/id-gaps.ts';
import type { AuditRow } from '../rows.ts';
import { createBodyCheck } from './callback-bodies.ts';
import { type ChainLink, createChainCheck } from './chain.ts';
import { createErasureCheck } from './erasures.ts';
import { createRowCheck } from './executions.ts';
import type { Finding } from './findings.ts';
import { createNotificationCheck } from './notifications.ts';
import { createShownCheck } from './shown.ts';
import { createHeadCheck, type HeadVerdict, type KnownHead } from './signed-heads.ts';

export interface Verification {
  /** Empty when trail and rows are unchanged. A broken chain ends the walk. */
  readonly findings: readonly Finding[];
  /** Number of entries whose place in the chain was verified. */
  readonly entries: number;
  readonly prunedThrough: number;
  /** The last verified entry. */
  readonly head: ChainLink;
  /** In the order of their ids. */
  readonly heads: readonly HeadVerdict[];
  /** What restores from older copies lost: no finding, but a fact to know. */
  readonly gaps: readonly IdGap[];
}

export interface VerifyOptions {
  readonly heads?: readonly KnownHead[];
  /** Called after each page. */
  readonly progress?: (done: number, total: number) => void;
}

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
  const erasures = createErasureCheck();
  const chain = createChainCheck(start, read.after, { gaps, isReduced: erasures.isReduced });
  const known = createHeadCheck(heads, start, gaps);
  const rows = createRowCheck(client);
  const bodies = createBodyCheck(client);
  const checks = [known, erasures, rows, bodies, createNotificationCheck(client), createShownCheck(client)];
  const inserted = read.firstId(start.id);
  const broken: Finding[] = inserted === null ? [] : [insertedBefore(inserted, start)];
  let entries = 0;

  function page(): boolean {
    // Pruning may have overtaken the walk, which then continues where the trail begins now.
    if (chain.skipTo(read.checkpoint())) {
      rows.skipAccepted();
      erasures.skipTo(chain.link().id);
    }
    const found = read.after(chain.link().id, PAGE);
    for (const row of found) {
      const finding = chain.entry(row);
      if (finding !== null) {
        broken.push(finding);
        return false;
      }
      entries += 1;
      for (const check of checks) check.entry(row);
    }
    if (found.length === PAGE) return true;
    for (const check of checks) check.end();
    return false;
  }

  const step = client.transaction(page);
  while (broken.length === 0 && step()) progress?.(entries, total);
  progress?.(entries, Math.max(entries, total));
  const findings = [...broken, ...checks.flatMap((check) => check.findings)];
  return { findings, entries, prunedThrough: start.id, head: chain.link(), heads: known.verdicts(), gaps };
}

/** Returns the end of the chain without verifying it. */
export function readHead(client: Database): ChainLink {
  const last = client.prepare<[], ChainLink>('SELECT id, hash FROM audit_events ORDER BY id DESC LIMIT 1');
  return client.transaction(() => last.get() ?? prepareReads(client).checkpoint())();
}

function insertedBefore(entry: number, start: ChainLink): Finding {
  const message = `entry ${entry} was inserted: the trail is pruned through entry ${start.id}`;
  return { kind: 'inserted', entry, message };
}

function prepareReads(client: Database) {
  const checkpoint = client.prepare<[], ChainLink>(
    'SELECT pruned_through AS id, hash FROM audit_checkpoint WHERE id = 1',
  );
  const last = client.prepare<[], number>('SELECT max(id) FROM audit_events').pluck();
  const first = client.prepare<[number], number | null>('SELECT min(id) FROM audit_events WHERE id <= ?').pluck();
  const narrow = client.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'audit_rows'").get() !== undefined;
  const after = narrow ? readNarrow(client) : readWide(client);
  return {
    checkpoint: (): ChainLink => {
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
