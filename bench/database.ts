// Reads the database of a receiver in virtual time, as operators do while it runs.

import Sqlite from 'better-sqlite3';
import type { Clock } from '../test/simulation/clock.ts';

/** One execution, as operators see it. */
export interface Ended {
  readonly correlationId: string;
  readonly status: string;
  /** Milliseconds since the beginning of the run; null while it is open. */
  readonly resolvedAt: number | null;
}

export interface Database {
  executions(): readonly Ended[];
  /** Number of queued executions, and of sent executions without an outcome. */
  open(): { readonly queued: number; readonly sent: number };
  /** Wait of the longest overdue poll in milliseconds; 0 when none is due. */
  pollOverdueMs(): number;
}

/** Opens the database through a connection of its own, as operators do. */
export function looksInto(path: () => string, clock: Pick<Clock, 'now'>): Database {
  const begun = clock.now();
  function ask<T>(sql: string): T[] {
    const db = new Sqlite(path(), { readonly: true });
    try {
      return db.prepare(sql).all() as T[];
    } finally {
      db.close();
    }
  }
  return {
    executions: () =>
      ask<{ correlation_id: string; status: string; resolved_at: string | null }>(
        'SELECT correlation_id, status, resolved_at FROM executions',
      ).map((row) => ({
        correlationId: row.correlation_id,
        status: row.status,
        resolvedAt: row.resolved_at === null ? null : Date.parse(row.resolved_at) - begun,
      })),
    open: () => {
      const [counts] = ask<{ queued: number; sent: number }>(
        `SELECT count(*) FILTER (WHERE status = 'QUEUED') AS queued,
           count(*) FILTER (WHERE status IN ('PENDING', 'UNCONFIRMED')) AS sent FROM executions`,
      );
      return counts ?? { queued: 0, sent: 0 };
    },
    pollOverdueMs: () => {
      const [first] = ask<{ due: string | null }>(
        'SELECT min(poll_at) AS due FROM executions WHERE poll_at IS NOT NULL',
      );
      return first?.due ? Math.max(0, clock.now() - Date.parse(first.due)) : 0;
    },
  };
}

/** @throws Error when an accepted execution is neither terminal nor open. */
export function demandConservation(path: string): void {
  const db = new Sqlite(path, { readonly: true });
  try {
    const difference = db.prepare('SELECT difference FROM conservation').pluck().get();
    if (difference !== 0) throw new Error(`The receiver lost ${difference} executions.`);
  } finally {
    db.close();
  }
}
