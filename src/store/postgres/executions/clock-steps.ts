// Moves the due times with a step of the clock, in slices: any number of executions may be open, and no statement holds their rows for long.

import { type Log, reasonOf } from '../../../lib/log.ts';
import { isoTime } from '../../../lib/time.ts';
import type { World } from '../../../lib/world.ts';
import { type DueWork, StoreUnavailable } from '../../port.ts';
import { NEWEST, STEP_FROM, STEP_TO } from '../../shared/clock-rows.ts';
import { OPEN_CODES } from '../../shared/codes.ts';
import type { ClockStep } from '../../upkeep-port.ts';
import { NotLeading } from '../connection/errors.ts';
import type { Session } from '../connection/session.ts';
import type { Terms } from '../connection/terms.ts';
import { REST } from './clock-times.ts';

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
const IS_REST = `id IN (${Object.values(REST).join(', ')})`;
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
    SELECT w.id, n.sequence FROM notification_work AS w JOIN notification_rows AS n ON n.id = w.id
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
  ), ends AS (
    SELECT (SELECT count(*) FROM slice) < ${SLICE} AND (SELECT count(*) FROM letters) < ${SLICE} AS is_last
  ), rest AS (
    INSERT INTO heartbeat (id, at) SELECT n.id, n.at FROM before CROSS JOIN ends CROSS JOIN LATERAL (VALUES
        (${REST.executions}, executions), (${REST.sequence}, sequence),
        (${REST.execution}, coalesce((SELECT execution FROM slice ORDER BY reference DESC LIMIT 1), CASE WHEN ${IS_FIRST} THEN 0 END)),
        (${REST.letter}, coalesce((SELECT sequence FROM letters ORDER BY id DESC LIMIT 1), CASE WHEN ${IS_FIRST} THEN 0 END)),
        (${REST.to}, ($1 ->> 'to')::bigint)) AS n(id, at)
    WHERE NOT is_last AND n.at IS NOT NULL ON CONFLICT (id) DO UPDATE SET at = excluded.at
  ), over AS (
    DELETE FROM heartbeat WHERE ${IS_REST} AND (SELECT is_last FROM ends)
  ) SELECT json_build_object('executions', executions, 'sequence', sequence,
      'reference', coalesce((SELECT reference::text FROM slice ORDER BY reference DESC LIMIT 1), $1 ->> 'reference'),
      'notification', coalesce((SELECT id FROM letters ORDER BY id DESC LIMIT 1), $1 ->> 'notification'),
      'isLast', (SELECT is_last FROM ends)) FROM before`;

/** The step of which a leader has not moved all, and how far it came; no row without one. `isKnown`: what it moved last is still there. */
const INTERRUPTED = `SELECT f.at AS "from", t.at AS "to", e.at AS executions, s.at AS sequence, r.reference::text AS reference,
    n.id AS notification, (p.at = 0 OR r.id IS NOT NULL) AND (l.at = 0 OR n.id IS NOT NULL) AS "isKnown"
  FROM heartbeat AS e JOIN heartbeat AS s ON s.id = ${REST.sequence}
    JOIN heartbeat AS f ON f.id = ${STEP_FROM} JOIN heartbeat AS t ON t.id = ${STEP_TO}
    JOIN heartbeat AS o ON o.id = ${REST.to} AND o.at = t.at
    JOIN heartbeat AS p ON p.id = ${REST.execution} LEFT JOIN execution_rows AS r ON r.id = p.at
    JOIN heartbeat AS l ON l.id = ${REST.letter} LEFT JOIN notification_rows AS n ON n.sequence = l.at
  WHERE e.id = ${REST.executions}`;
const REMOVE_REST = `WITH removed AS (DELETE FROM heartbeat WHERE ${IS_REST} RETURNING id) SELECT to_json(count(*)) FROM removed`;

const PASSED_ON = 'the clock was set: the receiver that leads next moves the rest of the times of waiting work with it';

interface ClockStepTools {
  readonly session: Pick<Session, 'state' | 'all' | 'writeAsLeader'>;
  readonly terms: Pick<Terms, 'current' | 'watch'>;
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
  const { session, terms, world, log, alone, between } = tools;
  const term = terms.current;

  const moveNext = (step: Step, slice: Slice) =>
    untilDone(step, () => session.writeAsLeader<Slice>(MOVE_SLICE, { ...step, ...slice }));

  /** @throws {NotLeading} when another receiver leads, or may have led since the first slice */
  async function untilDone<T>(step: Pick<Step, 'term'>, work: () => Promise<T>): Promise<T> {
    for (;;) {
      if (term() !== step.term) throw new NotLeading();
      try {
        return await work();
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
      log.warn({ reason: reasonOf(error) }, PASSED_ON);
    }
  }

  /** Moves what a leader that ended in the middle of a step has left. Its slices and their places were committed together. */
  async function moveInterrupted(): Promise<void> {
    const own = { term: term() };
    const [found] = await untilDone(own, () => session.all<Slice & ClockStep & { isKnown: boolean }>(INTERRUPTED, []));
    if (found === undefined) return;
    const { from, to, isKnown, ...slice } = found;
    const facts = { movedMs: to - from, from: isoTime(from), to: isoTime(to) };
    // promise: postgres/interrupted-move-is-not-repeated
    if (!isKnown) {
      await untilDone(own, () => session.writeAsLeader(REMOVE_REST, {}));
      return log.warn(facts, 'a leader ended while it moved times with the clock: the rest of them stays as it was');
    }
    log.warn(facts, 'a leader ended while it moved times with the clock: the rest of them is moved now');
    await moveRest({ ...own, by: to - from, from, to }, { ...slice, isLast: false });
  }

  function follow(led: number | null): void {
    if (led === null) return;
    // It comes before all that this leader claims.
    // promise: postgres/interrupted-move-is-completed
    alone(moveInterrupted).catch((error: unknown) => {
      const facts = { reason: reasonOf(error) };
      if (error instanceof StoreUnavailable) log.debug(() => facts, 'this receiver leads no more');
      else log.error(facts, 'times that a leader before may not have moved with the clock could not be moved');
    });
  }

  terms.watch(follow);
  follow(term());

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
