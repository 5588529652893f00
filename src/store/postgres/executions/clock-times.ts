// Times by which a step of the clock is noticed, and the due times that move with it.

import type { CommitProbe, DueWork } from '../../port.ts';
import { OPEN_CODES } from '../../shared/codes.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

/** Rows of the table `heartbeat`: the newest time of a receiver, and the last step of the clock that moved due times. */
const NEWEST = 1;
const STEP_FROM = 2;
const STEP_TO = 3;

/** A later time stays: only a move of the due times sets it back. */
const BEAT = `INSERT INTO heartbeat AS h (id, at) VALUES (${NEWEST}, $1)
  ON CONFLICT (id) DO UPDATE SET at = greatest(h.at, excluded.at)`;

/** Incidents have their times as text. */
const movedText = (columns: readonly string[]) =>
  columns
    .map(
      (column) =>
        `${column} = iso_time((extract(epoch FROM ${column}::timestamptz) * 1000)::bigint + ($1 ->> 'by')::bigint)`,
    )
    .join(', ');

const moved = (columns: readonly string[]) =>
  columns.map((column) => `${column} = ${column} + ($1 ->> 'by')::bigint`).join(', ');

/** Of what has ended, only the poll that a callback caused is due. It is applied once, also when its response is lost: twice would move the times too far. */
// promise: postgres/rate-moves-with-the-clock
// promise: postgres/announcements-move-with-the-clock
const MOVE = `WITH open AS (SELECT execution FROM work WHERE status IN (${OPEN_CODES.join(', ')})), executions AS (
    UPDATE execution_rows SET version = version + 1,
      ${moved(['dispatch_at', 'poll_at', 'expire_at', 'poll_after', 'deadline', 'not_found_at', 'found_at'])}
    WHERE id IN (SELECT execution FROM open)
  ), polls AS (
    UPDATE execution_rows SET version = version + 1, ${moved(['poll_at'])}
    WHERE id IN (SELECT execution FROM work WHERE status NOT IN (${OPEN_CODES.join(', ')}))
  ), works AS (
    UPDATE work SET ${moved(['dispatch_at', 'poll_at', 'expire_at'])}
  ), notifications AS (
    UPDATE notification_rows SET ${moved(['due_at', 'give_up_at'])} WHERE id IN (SELECT id FROM notification_work)
  ), lanes AS (
    UPDATE notification_work SET ${moved(['due_at'])}
  ), announcements AS (
    UPDATE incident_deliveries SET ${movedText(['due_at', 'give_up_at'])} WHERE due_at IS NOT NULL
  ), rates AS (
    UPDATE submission_rates SET at = at + make_interval(secs => ($1 ->> 'by')::bigint / 1000.0)
  ), noted AS (
    INSERT INTO heartbeat (id, at)
    VALUES (${STEP_FROM}, ($1 ->> 'from')::bigint), (${STEP_TO}, ($1 ->> 'to')::bigint), (${NEWEST}, ($1 ->> 'to')::bigint)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at
  ) SELECT 'true'::json`;

interface Heartbeats {
  /** Runs before each heartbeat, which takes little room. @throws {StoreUnavailable} while a larger commit may find none */
  readonly verifyRoom: () => Promise<void>;
  /** Runs with each heartbeat of the leader. */
  readonly upkeep: () => Promise<void>;
}

export function createClockTimes(
  reads: Reads,
  session: Pick<Session, 'all' | 'beat' | 'leads' | 'writeAsLeader'>,
  { verifyRoom, upkeep }: Heartbeats,
): Pick<DueWork, 'moveDueTimes' | 'lastClockStep'> & CommitProbe {
  return {
    moveDueTimes: async ({ from, to }) => {
      // The difference of two clocks has fractions.
      await session.writeAsLeader(MOVE, { by: Math.round(to - from), from: Math.trunc(from), to: Math.trunc(to) });
    },
    lastClockStep: async () => {
      const rows = await reads.all<{ id: number; at: number }>('SELECT id, at FROM heartbeat WHERE id IN (2, 3)');
      const timeIn = (row: number) => rows.find(({ id }) => id === row)?.at ?? null;
      const [from, to] = [timeIn(STEP_FROM), timeIn(STEP_TO)];
      return from === null || to === null ? null : { from, to };
    },
    ping: async (now) => {
      // promise: postgres/full-disk-is-not-ready
      await verifyRoom();
      await session.all(BEAT, [Math.trunc(now)]);
      await session.beat();
      if (session.leads()) await upkeep();
    },
  };
}
