// Times by which a step of the clock is noticed, and the due times that move with it.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import { NEWEST, STEP_FROM, STEP_TO } from '../../shared/clock-rows.ts';
import type { ClockStep } from '../../upkeep-port.ts';

/** The columns that decide when something is due. */
const TIME_LIMITS = ['dispatch_at', 'poll_at', 'expire_at', 'poll_after', 'deadline', 'not_found_at', 'found_at'];
const MOVE_EXECUTIONS = `UPDATE execution_rows SET ${TIME_LIMITS.map((column) => `${column} = ${column} + ?`).join(', ')}
  WHERE resolved_at IS NULL AND status <> 0`;
/** Of what has ended, only the poll that a callback caused is due. */
const MOVE_POLLS_AFTER_END =
  'UPDATE execution_rows SET poll_at = poll_at + ? WHERE poll_at IS NOT NULL AND resolved_at IS NOT NULL';
const MOVE_DELIVERIES = ['notifications', 'incident_deliveries'].map(
  (table) => `UPDATE ${table} SET ${['due_at', 'give_up_at'].map(moved).join(', ')} WHERE due_at IS NOT NULL`,
);

/** A later time stays: only a move of the due times sets it back. */
const BEAT = `UPDATE heartbeat SET at = max(at, ?) WHERE id = ${NEWEST}`;

export type ClockTimes = ReturnType<typeof createClockTimes>;

export function createClockTimes(client: Database) {
  const beat = client.prepare<[string]>(BEAT);
  const moveExecutions = client.prepare<number[]>(MOVE_EXECUTIONS);
  const movePollsAfterEnd = client.prepare<[number]>(MOVE_POLLS_AFTER_END);
  const moveDeliveries = MOVE_DELIVERIES.map((statement) => client.prepare<[{ by: string }]>(statement));
  const note = client.prepare<[number, string]>('INSERT OR REPLACE INTO heartbeat (id, at) VALUES (?, ?)');
  return {
    /** Notes the time as the newest one. Runs inside a transaction. */
    beat: (now: number): void => void beat.run(isoTime(now)),
    /** Moves due times and time limits by the step, and notes the step. Runs inside a transaction. */
    move: ({ from, to }: ClockStep): void => {
      // The difference of two clocks has fractions.
      const ms = Math.round(to - from);
      moveExecutions.run(...TIME_LIMITS.map(() => ms));
      // promise: clock-step-moves-polls-after-the-end
      movePollsAfterEnd.run(ms);
      // promise: clock-step-moves-deliveries
      for (const move of moveDeliveries) move.run({ by: `${ms / 1000} seconds` });
      note.run(STEP_FROM, isoTime(from));
      note.run(STEP_TO, isoTime(to));
      // promise: clock-step-moves-due-times-once
      note.run(NEWEST, isoTime(to));
    },
  };
}

/** Returns a function that returns the last step that moved due times; null without one. */
export function createClockStepReader(client: Database): () => ClockStep | null {
  const timeIn = createTimeReader(client);
  return () => {
    const [from, to] = [timeIn(STEP_FROM), timeIn(STEP_TO)];
    return from === null || to === null ? null : { from, to };
  };
}

/**
 * Returns the newest time that a receiver wrote, milliseconds; null if none ever ran. A receiver of an earlier version may have
 * written entries only.
 */
export function newestTime(client: Database): number | null {
  const beaten = createTimeReader(client)(NEWEST) ?? 0;
  if (beaten > 0) return beaten;
  const entry = client.prepare<[], string>('SELECT timestamp FROM audit_events ORDER BY id DESC LIMIT 1').pluck().get();
  return entry === undefined ? null : Date.parse(entry);
}

function createTimeReader(client: Database): (row: number) => number | null {
  const time = client.prepare<[number], string>('SELECT at FROM heartbeat WHERE id = ?').pluck();
  return (row) => {
    const at = time.get(row);
    return at === undefined ? null : Date.parse(at);
  };
}

function moved(column: string): string {
  return `${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, :by)`;
}
