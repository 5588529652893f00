// Reads the rows that the checks of the trail compare with it, for a page of entries at a time.

import { isoTime } from '../../../lib/time.ts';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { resolverOf, statusOf } from '../../shared/codes.ts';
import type { Reads } from '../../shared/reads.ts';
import { bodyHashIn } from '../../verify/callback-bodies.ts';
import { mayEnd } from '../../verify/executions.ts';
import { MAX_FINDINGS } from '../../verify/findings.ts';
import { notificationIn } from '../../verify/notifications.ts';
import type { StoredBody, StoredNotification, StoredRest, StoredRows, StoredState } from '../../verify/stored.ts';
import { outcomeSha256, type ShownCheck } from './shown.ts';

/** Rows of one statement. */
const BATCH = 1_000;
/** Executions of one step of a scan. */
const STEP = 50_000;

interface StateRow extends Omit<StoredState, 'status' | 'resolvedBy' | 'resolvedAt' | 'prunedAt'> {
  readonly correlationId: string;
  readonly status: number;
  readonly resolvedBy: number | null;
  readonly resolvedAt: number | null;
  readonly prunedAt: number | null;
}

const STATES = `SELECT r.correlation_id AS "correlationId", r.status, r.resolved_by AS "resolvedBy", r.resolved_at AS "resolvedAt",
    r.action_id AS "actionId", r.app, o.result IS NOT NULL OR o.error IS NOT NULL AS "hasOutcome",
    ${outcomeSha256('o')} AS "outcomeSha256", nullif(r.payload_pruned_at, 0) AS "prunedAt",
    CASE WHEN r.payload_pruned_at IS NOT NULL THEN h.sha256 END AS "payloadSha256"
  FROM execution_rows AS r LEFT JOIN outcome_rows AS o ON o.id = r.id LEFT JOIN payload_hashes AS h ON h.id = r.id
  WHERE r.correlation_id = ANY ($1::text[])`;

const NOTIFICATIONS = `SELECT id, status, correlation_id AS "correlationId", app FROM notification_rows WHERE id = ANY ($1::text[])`;

const BODIES = `SELECT audit_id AS id, encode(sha256(body), 'hex') AS sha256,
    pruned_at IS NOT NULL AND octet_length(body) = 0 AS "isEmptied"
  FROM callback_bodies WHERE audit_id = ANY ($1::bigint[])`;

const WITHOUT_TRAIL = `SELECT r.correlation_id AS id FROM execution_rows AS r
  WHERE r.id > $1 AND r.id <= $2 AND NOT EXISTS (SELECT 1 FROM audit_rows AS a WHERE a.execution = r.id) LIMIT ${MAX_FINDINGS}`;

/** What an entry states of its body is compared along the trail. */
const UNSTATED_BODIES = `SELECT b.audit_id AS id FROM callback_bodies AS b LEFT JOIN audit_rows AS a ON a.id = b.audit_id
  WHERE a.id IS NULL OR strpos(a.detail, '"sha256":') = 0 LIMIT ${MAX_FINDINGS}`;

export function createStoredReads(reads: Reads, shown: ShownCheck) {
  async function states(ids: readonly string[]): Promise<ReadonlyMap<string, StoredState>> {
    const found = new Map<string, StoredState>();
    for (let at = 0; at < ids.length; at += BATCH) {
      const batch = ids.slice(at, at + BATCH);
      for (const row of await reads.all<StateRow>(STATES, [batch])) found.set(row.correlationId, toState(row));
      await shown.executions(batch, found);
    }
    return found;
  }

  async function notifications(ids: readonly string[]): Promise<ReadonlyMap<string, StoredNotification>> {
    if (ids.length === 0) return new Map();
    const rows = await reads.all<StoredNotification & { id: string }>(NOTIFICATIONS, [ids]);
    const found = new Map(rows.map((row): [string, StoredNotification] => [row.id, row]));
    await shown.notifications(ids, found);
    return found;
  }

  async function bodies(ids: readonly number[]): Promise<ReadonlyMap<number, StoredBody>> {
    if (ids.length === 0) return new Map();
    const rows = await reads.all<StoredBody & { id: number }>(BODIES, [ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  async function withoutTrail(): Promise<string[]> {
    const newest = await reads.first<{ id: number | null }>('SELECT max(id) AS id FROM execution_rows');
    const found: string[] = [];
    for (let at = 0; at < (newest?.id ?? 0) && found.length < MAX_FINDINGS; at += STEP) {
      const rows = await reads.all<{ id: string }>(WITHOUT_TRAIL, [at, at + STEP]);
      found.push(...rows.map(({ id }) => id));
    }
    return found;
  }

  return {
    /** Reads the rows about these entries. */
    about: async (entries: readonly AuditRow[]): Promise<StoredRows> => {
      const ended = await states([...new Set(entries.filter(mayEnd).map(({ correlationId }) => correlationId))]);
      const named = await notifications([...new Set(entries.flatMap((entry) => notificationIn(entry) ?? []))]);
      const stored = await bodies(entries.filter((entry) => bodyHashIn(entry) !== undefined).map(({ id }) => id));
      return {
        execution: (correlationId) => ended.get(correlationId),
        notification: (id) => named.get(id),
        body: (entryId) => stored.get(entryId),
      };
    },
    /** @param open the executions that no entry has ended */
    rest: async (open: readonly string[]): Promise<StoredRest> => {
      const found = await states(open);
      const unstated = await reads.all<{ id: number }>(UNSTATED_BODIES);
      return {
        execution: (correlationId) => found.get(correlationId),
        withoutTrail: await withoutTrail(),
        unstatedBodies: unstated.map(({ id }) => id),
      };
    },
  };
}

function toState({ status, resolvedBy, resolvedAt, prunedAt, ...row }: StateRow): StoredState {
  return {
    ...row,
    ...{ status: statusOf(status), resolvedBy: resolverOf(resolvedBy) },
    ...{ resolvedAt: isoTime(resolvedAt), prunedAt: isoTime(prunedAt) },
  };
}
