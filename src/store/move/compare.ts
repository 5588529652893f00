// Compares what two databases show: each row of a view or table that both have, as a digest of its columns.

import type { AuditHead } from '../port.ts';
import type { Shown, ShownQuery } from '../shown-rows.ts';
import type { Verification } from '../verification.ts';
import { MoveFailed, type MoveOptions } from './report.ts';

/** What is compared, with an expression in SQL of both databases that orders its rows and names them. */
const SHOWN = {
  executions: 'correlation_id',
  notifications: 'id',
  operator_activity: 'id',
  unknown_status_words: 'word',
  incidents: 'id',
  incident_events: 'id',
  incident_deliveries: 'event',
  sending_pauses: 'id',
  endpoint_pauses: "app || ' ' || origin",
  audit_checkpoint: 'id',
} as const;

/** What has no common key: its number of rows is compared. */
const COUNTED = {
  open: 'SELECT open AS rows FROM conservation',
  ended: 'SELECT terminal AS rows FROM conservation',
  audit_repeats: 'SELECT count(*) AS rows FROM audit_repeats',
  idempotency_keys: 'SELECT count(*) AS rows FROM idempotency_keys',
  incident_executions: 'SELECT count(*) AS rows FROM incident_executions',
} as const;

const PAGE = 1_000;

export interface Copied {
  /** The names of the source and of its trail in messages. */
  readonly names: { readonly source: string; readonly trail: string };
  readonly source: Shown;
  readonly target: Shown;
  /** The end of the trail in the source, and in the copy. */
  readonly head: AuditHead;
  readonly moved: AuditHead;
  readonly verify: (progress: (done: number, total: number) => void) => Verification | Promise<Verification>;
}

/** @throws {MoveFailed} unless the copy shows all of the source, and its trail holds. */
export async function refuseDifference(copied: Copied, { progress }: MoveOptions): Promise<void> {
  const { names, source, target, head, moved } = copied;
  if (moved.id !== head.id || moved.hash !== head.hash) {
    throw new MoveFailed(`nothing was moved: the trail would end with entry ${moved.id} instead of ${head.id}`);
  }
  const { findings } = await copied.verify((done, total) => progress('verifying', done, total));
  if (findings[0] !== undefined) {
    const remedy = `see what "audit verify" reports of ${names.source}`;
    throw new MoveFailed(`nothing was moved, because ${names.trail} does not hold: ${findings[0].message}; ${remedy}`);
  }
  const total =
    (await source.count('SELECT count(*) AS rows FROM executions')) +
    (await source.count('SELECT count(*) AS rows FROM notifications'));
  const difference = await firstDifference(source, target, (done) =>
    progress('comparing', done, Math.max(done, total)),
  );
  if (difference !== null) throw new MoveFailed(`nothing was moved: the copy differs, ${difference}`);
}

/** Returns the first difference in words, or null. */
async function firstDifference(source: Shown, target: Shown, progress: (done: number) => void): Promise<string | null> {
  let done = 0;
  const count = (rows: number) => {
    done += rows;
    progress(done);
  };
  for (const [view, key] of Object.entries(SHOWN)) {
    const difference = await differenceIn({ view, key }, { source, target, count });
    if (difference !== null) return difference;
  }
  for (const [what, statement] of Object.entries(COUNTED)) {
    const [given, stored] = [await source.count(statement), await target.count(statement)];
    if (given !== stored) return `${what}: ${stored} rows instead of ${given}`;
  }
  return null;
}

interface Compared {
  readonly source: Shown;
  readonly target: Shown;
  readonly count: (rows: number) => void;
}

async function differenceIn(
  { view, key }: Pick<ShownQuery, 'view' | 'key'>,
  { source, target, count }: Compared,
): Promise<string | null> {
  const columns = await source.columns(view);
  for (let after: string | number | null = null; ; ) {
    const query: ShownQuery = { view, key, columns, after, limit: PAGE };
    const [given, stored] = [await source.rows(query), await target.rows(query)];
    const wrong = given.findIndex((row, i) => row.key !== stored[i]?.key || row.digest !== stored[i]?.digest);
    // promise: moved-content-is-compared
    if (wrong !== -1) return `${view} shows another row for ${given[wrong]?.key}`;
    if (stored.length > given.length) return `${view} shows ${stored.at(-1)?.key}, which the source does not have`;
    count(given.length);
    if (given.length < PAGE) return null;
    after = given.at(-1)?.key ?? null;
  }
}
