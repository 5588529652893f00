// Moves the due times with a step of the clock, in slices: any number of executions may be open, and no statement holds their rows for long.

import { type Log, reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { type DueWork, StoreUnavailable } from '../../port.ts';
import { OPEN_CODES } from '../../shared/codes.ts';
import type { ClockStep } from '../../upkeep-port.ts';
import { NotLeading } from '../connection/errors.ts';
import type { Session } from '../connection/session.ts';
import type { Terms } from '../connection/terms.ts';
import { NEWEST, STEP_FROM, STEP_TO } from './clock-times.ts';

/** Executions, and notifications, of one slice, which take a tenth of a second or two. */
const SLICE = 2_000;
const RETRY_MS = 1_000;

/** What was there before the step, and how far it has moved: null at first. */
export interface Slice {
  readonly executions: number | null;
  readonly sequence: number | null;
  readonly reference: string | null;
  readonly notification: string | null;
  readonly isLast: boolean;
}

const NOTHING: Slice = { executions: null, sequence: null, reference: null, notification: null, isLast: false };

interface Step extends ClockStep {
  readonly by: number;
  /** That in which it began. */
  readonly term: number | null;
}

const moved = (table: string, columns: readonly string[]) =>
  columns.map((column) => `${column} = ${table}.${column} + ($1 ->> 'by')::bigint`).join(', ');

/** Incidents have their times as text. */
const movedText = (columns: readonly string[]) =>
  columns
    .map(
      (column) =>
        `${column} = iso_time((extract(epoch FROM ${column}::timestamptz) * 1000)::bigint + ($1 ->> 'by')::bigint)`,
    )
    .join(', ');

const IS_FIRST = "$1 ->> 'executions' IS NULL";
const IS_OPEN = `s.status IN (${OPEN_CODES.join(', ')})`;

/**
 * One slice. Executions and notifications that came after the first one have the times of the new clock. Of what has ended, only the poll
 * that a callback caused is due. It is applied once, also when its response is lost: twice would move the times too far.
 */
// promise: postgres/rate-moves-with-the-clock
// promise: postgres/announcements-move-with-the-clock
// promise: postgres/new-times-stay-with-the-clock
const MOVE_SLICE = `WITH before AS MATERIALIZED (
    SELECT coalesce(($1 ->> 'executions')::bigint, (SELECT max(id) FROM execution_rows), 0) AS executions,
      coalesce(($1 ->> 'sequence')::bigint, (SELECT max(sequence) FROM notification_rows), 0) AS sequence
  ), slice AS MATERIALIZED (
    SELECT w.reference, w.execution, w.status, r.version FROM work AS w JOIN execution_rows AS r ON r.id = w.execution
    WHERE ($1 ->> 'reference' IS NULL OR w.reference > ($1 ->> 'reference')::uuid)
      AND w.execution <= (SELECT executions FROM before)
    ORDER BY w.reference LIMIT ${SLICE}
  ), open AS (
    UPDATE execution_rows AS r SET version = r.version + 1,
      ${moved('r', ['dispatch_at', 'poll_at', 'expire_at', 'poll_after', 'deadline', 'not_found_at', 'found_at'])}
    FROM slice AS s WHERE r.id = s.execution AND r.version = s.version AND ${IS_OPEN} RETURNING s.reference
  ), polls AS (
    UPDATE execution_rows AS r SET version = r.version + 1, ${moved('r', ['poll_at'])}
    FROM slice AS s WHERE r.id = s.execution AND r.version = s.version AND NOT ${IS_OPEN} RETURNING s.reference
  ), works AS (
    UPDATE work AS w SET ${moved('w', ['dispatch_at', 'poll_at', 'expire_at'])}
    FROM (SELECT reference FROM open UNION ALL SELECT reference FROM polls) AS s WHERE w.reference = s.reference
  ), letters AS MATERIALIZED (
    SELECT w.id FROM notification_work AS w JOIN notification_rows AS n ON n.id = w.id
    WHERE ($1 ->> 'notification' IS NULL OR w.id > ($1 ->> 'notification') COLLATE "C")
      AND n.sequence <= (SELECT sequence FROM before)
    ORDER BY w.id LIMIT ${SLICE}
  ), notifications AS (
    UPDATE notification_rows AS n SET ${moved('n', ['due_at', 'give_up_at'])} FROM letters AS s WHERE n.id = s.id
  ), lanes AS (
    UPDATE notification_work AS w SET ${moved('w', ['due_at'])} FROM letters AS s WHERE w.id = s.id
  ), announcements AS (
    UPDATE incident_deliveries SET ${movedText(['due_at', 'give_up_at'])} WHERE due_at IS NOT NULL AND ${IS_FIRST}
  ), rates AS (
    UPDATE submission_rates SET at = at + make_interval(secs => ($1 ->> 'by')::bigint / 1000.0) WHERE ${IS_FIRST}
  ), noted AS (
    INSERT INTO heartbeat (id, at) SELECT n.id, n.at FROM (VALUES (${STEP_FROM}, ($1 ->> 'from')::bigint),
      (${STEP_TO}, ($1 ->> 'to')::bigint), (${NEWEST}, ($1 ->> 'to')::bigint)) AS n(id, at) WHERE ${IS_FIRST}
    ON CONFLICT (id) DO UPDATE SET at = excluded.at
  ) SELECT json_build_object('executions', executions, 'sequence', sequence,
      'reference', coalesce((SELECT reference::text FROM slice ORDER BY reference DESC LIMIT 1), $1 ->> 'reference'),
      'notification', coalesce((SELECT id FROM letters ORDER BY id DESC LIMIT 1), $1 ->> 'notification'),
      'isLast', (SELECT count(*) FROM slice) < ${SLICE} AND (SELECT count(*) FROM letters) < ${SLICE}) FROM before`;

interface ClockStepTools {
  readonly session: Pick<Session, 'state' | 'writeAsLeader'>;
  readonly term: Terms['current'];
  readonly world: Pick<World, 'sleep'>;
  readonly log: Log;
  /** Runs work while nothing that is due is claimed. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  /** Runs work while nothing is decided that is not committed. */
  readonly between: (work: () => Promise<Slice>) => Promise<Slice>;
  /** Called with the milliseconds of a step when times have begun to move with it, and with what has moved. */
  readonly begun: (ms: number, first: Slice) => void;
}

export function createClockSteps(tools: ClockStepTools): Pick<DueWork, 'moveDueTimes'> {
  const { session, term, world, log, alone, between } = tools;

  /** @throws {NotLeading} when another receiver leads, or may have led since the first slice */
  async function moveNext(step: Step, slice: Slice): Promise<Slice> {
    for (;;) {
      if (term() !== step.term) throw new NotLeading();
      try {
        return await session.writeAsLeader<Slice>(MOVE_SLICE, { ...step, ...slice });
      } catch (error) {
        const isOver = error instanceof NotLeading || session.state() === 'closed';
        if (!(error instanceof StoreUnavailable) || isOver) throw error;
        await world.sleep(RETRY_MS);
      }
    }
  }

  /** Moves what the first slice has left. */
  async function moveRest(step: Step, first: Slice): Promise<void> {
    try {
      for (let slice = first; !slice.isLast; ) slice = await moveNext(step, slice);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      log.warn({ reason: reasonOf(error) }, 'the clock was set: not all times of waiting work were moved with it');
    }
  }

  return {
    moveDueTimes: ({ from, to }, begun) =>
      // A claim would decide by the new clock about times of the old one.
      // promise: postgres/claims-wait-for-the-clock
      alone(async () => {
        // The difference of two clocks has fractions.
        const step = { by: Math.round(to - from), from: Math.trunc(from), to: Math.trunc(to), term: term() };
        const first = await between(async () => {
          const slice = await session.writeAsLeader<Slice>(MOVE_SLICE, { ...step, ...NOTHING });
          tools.begun(step.by, slice);
          begun?.();
          return slice;
        });
        // promise: postgres/all-times-move-with-the-clock
        await moveRest(step, first);
      }),
  };
}
