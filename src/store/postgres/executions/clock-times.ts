// Times by which a step of the clock is noticed.

import type { CommitProbe, DueWork } from '../../port.ts';
import { NEWEST, STEP_FROM, STEP_TO } from '../../shared/clock-rows.ts';
import type { Reads } from '../../shared/reads.ts';
import type { Session } from '../connection/session.ts';

/**
 * Further rows of the table `heartbeat`, of a step that is under way: the newest execution and notification from before it, the last ones
 * that it has moved (0 for none), and the time after it. No rows while none is.
 */
export const REST = { executions: 4, sequence: 5, execution: 6, letter: 7, to: 8 } as const;

/** How long receivers note times of the old clock at most after a step: they read the clock of the database from time to time. */
const UNNOTICED_MS = 15_000;

/**
 * A later time stays: only a move of the due times sets it back. A time of the old clock, noted after that move, would look like another step at
 * the next start.
 */
// promise: postgres/clock-step-moves-due-times-once
const BEAT = `INSERT INTO heartbeat AS h (id, at) VALUES (${NEWEST}, $1)
  ON CONFLICT (id) DO UPDATE SET at = CASE WHEN EXISTS (
    SELECT 1 FROM heartbeat AS f JOIN heartbeat AS t ON f.id = ${STEP_FROM} AND t.id = ${STEP_TO} AND t.at < f.at
    WHERE excluded.at BETWEEN f.at - ${UNNOTICED_MS} AND f.at + ${UNNOTICED_MS}
  ) THEN h.at ELSE greatest(h.at, excluded.at) END`;

const LAST_STEP = `SELECT id, at FROM heartbeat WHERE id IN (${STEP_FROM}, ${STEP_TO})`;

interface Heartbeats {
  /** Runs before each heartbeat, which takes little room. @throws {StoreUnavailable} while a larger commit may find none */
  readonly verifyRoom: () => Promise<void>;
  /** Runs with each heartbeat of the leader. */
  readonly upkeep: () => Promise<void>;
}

export function createClockTimes(
  reads: Reads,
  session: Pick<Session, 'all' | 'beat' | 'leads'>,
  { verifyRoom, upkeep }: Heartbeats,
): Pick<DueWork, 'lastClockStep'> & CommitProbe {
  return {
    lastClockStep: async () => {
      const rows = await reads.all<{ id: number; at: number }>(LAST_STEP);
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
