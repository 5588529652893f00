// Keeps a random sample of the executions of each action and day. Each execution has a level: half have level 0, a quarter level 1,
// and so on. Of a busy day only the higher levels are kept, so that the sample of any period is read without its other executions.

import type { Database } from 'better-sqlite3';
import { DAY_MS, isoTime } from '../../../lib/time.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import { levelOf, sufficientLevel } from '../../shared/sample-ranks.ts';
import { referenceBound } from '../executions/uuid-range.ts';

/** Days of actions whose counts are cached. */
const MAX_CACHED = 10_000;

/** The day that was named last: most calls are about the same one. */
let last = { start: Number.NaN, name: '' };

export function dayOf(time: number): string {
  const start = Math.floor(time / DAY_MS) * DAY_MS;
  if (last.start !== start) last = { start, name: isoTime(start).slice(0, 10) };
  return last.name;
}

export function createSampling(client: Database) {
  const sql = prepare(client);
  const days = new Map<string, { seen: number; level: number }>();

  function dayCounts(actionId: string, day: string) {
    const name = `${day} ${actionId}`;
    const known = days.get(name);
    if (known !== undefined) return known;
    if (days.size >= MAX_CACHED) days.clear();
    const counts = { seen: sql.seen.get(actionId, day, `${day}~`) ?? 0, level: sql.level.get(actionId, day) ?? 0 };
    days.set(name, counts);
    return counts;
  }

  return {
    /** Takes an accepted execution into the sample, if its level is high enough. Runs inside a transaction. */
    add: (actionId: string, reference: string): void => {
      const day = dayOf(timeOfReference(reference));
      const counts = dayCounts(actionId, day);
      counts.seen += 1;
      const sufficient = sufficientLevel(counts.seen);
      if (sufficient > counts.level) {
        sql.raise.run(actionId, day, sufficient);
        counts.level = sufficient;
      }
      const level = levelOf(reference);
      if (level >= counts.level) sql.insert.run(actionId, level, referenceBound(reference));
    },
    /** Runs inside a transaction. */
    remove: (actionId: string, reference: string): void =>
      void sql.remove.run(actionId, levelOf(reference), referenceBound(reference)),
    /** Reads the counts again: the transaction was rolled back. */
    reload: (): void => days.clear(),
  };
}

function prepare(client: Database) {
  return {
    seen: client
      .prepare<[string, string, string], number | null>(
        `SELECT sum(count) FROM rollup_submitted WHERE action_id = ? AND hour >= ? AND hour < ? AND kind = 'accepted'`,
      )
      .pluck(),
    level: client
      .prepare<[string, string], number>('SELECT level FROM rollup_sample_levels WHERE action_id = ? AND day = ?')
      .pluck(),
    raise: client.prepare<[string, string, number]>(
      `INSERT INTO rollup_sample_levels (action_id, day, level) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET level = max(level, excluded.level)`,
    ),
    insert: client.prepare<[string, number, Buffer | string]>(
      'INSERT OR IGNORE INTO rollup_sample (action_id, level, reference) VALUES (?, ?, ?)',
    ),
    remove: client.prepare<[string, number, Buffer | string]>(
      'DELETE FROM rollup_sample WHERE action_id = ? AND level = ? AND reference = ?',
    ),
  };
}
