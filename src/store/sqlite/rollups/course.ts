// Reads the course of one action: steps of whole hours from the roll-ups, shorter steps from the executions.

import type { Database, Statement } from 'better-sqlite3';
import { roundDuration } from '../../../lib/round-duration.ts';
import { type Course, type CourseGroup, type CourseQuery, MAX_COURSE_EXECUTIONS } from '../../rollups-port.ts';
import { firstReferenceAt, referenceBound } from '../executions/uuid-range.ts';
import { windowsOf } from '../queries/id-windows.ts';
import { resolverOf, statusOf } from '../rows.ts';
import { HOUR_MS, hourOf, isFromCxone } from './keys.ts';
import { MAX_LEVEL } from './sampling.ts';

/** Executions whose settings are compared. */
const TIMED_EXECUTIONS = 200;

interface Place {
  readonly hour: string;
  readonly app: string;
}

type Outcome = Omit<CourseGroup, 'at'>;
type Timing = NonNullable<Course['timing']>;
type Steps = Pick<Course, 'accepted' | 'outcomes'>;

interface ExecutionRow {
  readonly submittedAt: number;
  readonly status: unknown;
  readonly resolvedBy: unknown;
  readonly sent: 0 | 1;
  /** Null while the execution is open. */
  readonly ms: number | null;
}

export function createCourseReader(client: Database): (query: CourseQuery) => Course | null {
  const sql = prepare(client);

  function byHours({ actionId, from, to, stepMs }: CourseQuery): Steps {
    const tally = createTally(stepMs);
    const [low, high] = [hourOf(from), hourOf(to)];
    for (const { hour, app } of placesIn(sql.nextSubmitted, low, high)) {
      tally.accept(Date.parse(hour), sql.accepted.get(hour, app, actionId) ?? 0);
    }
    for (const { hour, app } of placesIn(sql.nextOutcome, low, high)) {
      for (const outcome of sql.outcomes.iterate(hour, app, actionId)) tally.end(Date.parse(hour), outcome);
    }
    return tally.read();
  }

  function byExecutions({ actionId, from, to, stepMs }: CourseQuery): Steps | null {
    const [low, high] = [from, to].map((time) => referenceBound(firstReferenceAt(time)));
    // promise: short-steps-are-bounded
    if (sql.beyond.get(low, high) !== undefined) return null;
    const tally = createTally(stepMs);
    for (const window of windowsOf(client, { from, to }, 'oldest-first')) {
      for (const row of sql.executions.iterate(window.low, window.high, actionId)) {
        tally.accept(row.submittedAt, 1);
        if (row.ms !== null) tally.end(row.submittedAt, outcomeOf(row, row.ms));
      }
    }
    return tally.read();
  }

  function timing({ actionId, to }: CourseQuery): Timing | null {
    const latest: Timing[] = [];
    for (let level = 0; level <= MAX_LEVEL && latest.length < TIMED_EXECUTIONS; level += 1) {
      latest.push(...sql.timings.all(actionId, level, referenceBound(firstReferenceAt(to))));
    }
    const groups = Map.groupBy(latest, ({ graceSeconds, timeoutSeconds }) => `${graceSeconds} ${timeoutSeconds}`);
    const [most] = [...groups.values()].sort((one, other) => other.length - one.length);
    return most?.[0] ?? null;
  }

  return (query) => {
    const steps = query.stepMs < HOUR_MS ? byExecutions(query) : byHours(query);
    return steps && { ...steps, timing: timing(query) };
  };
}

function outcomeOf({ status, resolvedBy: by, sent }: ExecutionRow, ms: number): Outcome {
  const resolvedBy = resolverOf(by);
  const rounded = isFromCxone(resolvedBy) ? roundDuration(ms) : 0;
  return { status: statusOf(status), resolvedBy, sent, ms: rounded, count: 1 };
}

/** Yields each hour and app that a roll-up has rows of, and reads one row of each. Other actions may have many rows. */
function* placesIn(next: Statement<string[], Place>, low: string, high: string): Generator<Place, void, undefined> {
  for (let place: Place | undefined = { hour: low, app: '' }; ; ) {
    place = next.get(place.hour, place.app, high);
    if (place === undefined) return;
    yield place;
  }
}

function createTally(stepMs: number) {
  const accepted = new Map<number, number>();
  const outcomes = new Map<string, CourseGroup & { count: number }>();
  const stepOf = (time: number) => Math.floor(time / stepMs) * stepMs;
  return {
    accept: (time: number, count: number): void => {
      const at = stepOf(time);
      if (count > 0) accepted.set(at, (accepted.get(at) ?? 0) + count);
    },
    end: (time: number, outcome: Outcome): void => {
      const at = stepOf(time);
      const { status, resolvedBy, sent, ms, count } = outcome;
      const key = `${at} ${status} ${resolvedBy} ${sent} ${ms}`;
      const group = outcomes.get(key);
      if (group === undefined) outcomes.set(key, { at, status, resolvedBy, sent, ms, count });
      else group.count += count;
    },
    read: (): Steps => ({
      accepted: [...accepted].map(([at, count]) => ({ at, count })),
      outcomes: [...outcomes.values()],
    }),
  };
}

function prepare(client: Database) {
  const next = (table: string) =>
    client.prepare<string[], Place>(
      `SELECT hour, app FROM ${table} WHERE (hour, app) > (?, ?) AND hour < ? ORDER BY hour, app LIMIT 1`,
    );
  return {
    nextSubmitted: next('rollup_submitted'),
    nextOutcome: next('rollup_outcomes'),
    accepted: client
      .prepare<string[], number>(
        `SELECT count FROM rollup_submitted WHERE hour = ? AND app = ? AND action_id = ? AND kind = 'accepted'`,
      )
      .pluck(),
    outcomes: client.prepare<string[], Outcome>(
      `SELECT status, nullif(resolved_by, '') AS resolvedBy, sent, ms, count FROM rollup_outcomes
      WHERE hour = ? AND app = ? AND action_id = ?`,
    ),
    beyond: client
      .prepare<unknown[], unknown>(
        `SELECT 1 FROM execution_rows WHERE reference >= ? AND reference < ? ORDER BY reference
        LIMIT 1 OFFSET ${MAX_COURSE_EXECUTIONS}`,
      )
      .pluck(),
    executions: client.prepare<unknown[], ExecutionRow>(
      `SELECT submitted_at AS submittedAt, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
        max(0, resolved_at - submitted_at) AS ms
      FROM execution_rows WHERE reference >= ? AND reference < ? AND action_id = ?`,
    ),
    timings: client.prepare<unknown[], Timing>(
      `SELECT grace_seconds AS graceSeconds, timeout_seconds AS timeoutSeconds FROM
        (SELECT reference FROM rollup_sample WHERE action_id = ? AND level = ? AND reference < ?
          ORDER BY reference DESC LIMIT ${TIMED_EXECUTIONS / 2})
      JOIN execution_rows USING (reference)`,
    ),
  };
}
