// The database as operators see it: read through a connection of its own, next to the receiver.

import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import { type RollupRows, recountedRollups, storedRollups } from '../support/recounted-rollups.ts';

export interface Row {
  readonly correlation_id: string;
  readonly app: string;
  readonly action_id: string;
  readonly execution_id: string | null;
  readonly status: string;
  readonly resolved_by: string | null;
  readonly inputs: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly late_result: string | null;
  readonly submitted_at: string;
  readonly resolved_at: string | null;
  readonly deadline: string | null;
  readonly expire_at: string | null;
  readonly timeout_seconds: number;
  readonly grace_seconds: number;
  readonly retry_uncertain: number;
}

export interface EntryRow {
  readonly id: number;
  readonly timestamp: string;
  readonly event: string;
  readonly action_id: string;
  readonly correlation_id: string;
  readonly execution_id: string | null;
  readonly latency_ms: number | null;
  readonly http_status: number | null;
  readonly app: string;
  readonly detail: string;
  readonly hash: string;
}

export interface NotificationRow {
  readonly id: string;
  readonly correlation_id: string;
  readonly type: string;
  readonly status: string;
}

export interface View {
  rows(): Row[];
  /** In the order of their creation. */
  notifications(): NotificationRow[];
  entriesAfter(id: number): EntryRow[];
  /** Repeats that are counted and not in the trail yet, as the entries that would state them. */
  repeats(): EntryRow[];
  hashOf(id: number): string | undefined;
  firstHash(): string;
  bodyOf(entryId: number): Uint8Array | undefined;
  conservation(): { accepted: number; difference: number };
  soundness(): string;
  /** The roll-ups as they are and as they should be. */
  rollups(): { readonly stored: Partial<RollupRows>; readonly recounted: Partial<RollupRows> };
  close(): void;
}

export function openView(path: string): View {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare('SELECT * FROM executions ORDER BY reference');
  const notifications = db.prepare('SELECT id, correlation_id, type, status FROM notifications ORDER BY sequence');
  const entries = db.prepare('SELECT * FROM audit_events WHERE id > ? ORDER BY id');
  const repeats = db.prepare(
    `SELECT NULL AS id, until AS timestamp, event, correlation_id, json_set(detail, '$.repeats', count) AS detail
      FROM audit_repeats`,
  );
  const hash = db.prepare('SELECT hash FROM audit_events WHERE id = ?').pluck();
  const first = db.prepare('SELECT hash FROM audit_checkpoint').pluck();
  const body = db.prepare('SELECT body FROM callback_bodies WHERE audit_id = ?').pluck();
  const conservation = db.prepare('SELECT accepted, difference FROM conservation');
  return {
    rows: () => rows.all() as Row[],
    notifications: () => notifications.all() as NotificationRow[],
    entriesAfter: (id) => entries.all(id) as EntryRow[],
    repeats: () => repeats.all() as EntryRow[],
    hashOf: (id) => hash.get(id) as string | undefined,
    firstHash: () => first.get() as string,
    bodyOf: (id) => body.get(id) as Uint8Array | undefined,
    conservation: () => conservation.get() as { accepted: number; difference: number },
    rollups: () => rollupsIn(db),
    soundness: () => db.pragma('integrity_check', { simple: true }) as string,
    close: () => db.close(),
  };
}

function rollupsIn(db: Database.Database) {
  const [stored, recounted] = [storedRollups(db), recountedRollups(db)];
  const isPruned = db.prepare('SELECT pruned_through FROM audit_checkpoint').pluck().get() !== 0;
  if (!isPruned) return { stored, recounted };
  // When callbacks came can no longer be read from the trail.
  const { ended: _, ...storedRest } = stored;
  const { ended: __, ...recountedRest } = recounted;
  return { stored: storedRest, recounted: recountedRest };
}

/** The documented hash chain, computed independently of the code that writes it. */
export function hashOfEntry(previous: string, entry: EntryRow): string {
  const { id, timestamp, event, action_id, correlation_id, execution_id, latency_ms, http_status, app, detail } = entry;
  const columns = [
    previous,
    id,
    timestamp,
    event,
    action_id,
    correlation_id,
    execution_id,
    latency_ms,
    http_status,
    app,
  ];
  return createHash('sha256')
    .update(JSON.stringify([...columns, detail]))
    .digest('hex');
}
