// Reads the course of one action: steps of whole hours from the roll-ups, shorter steps from the executions.

import type { Database, Statement } from 'better-sqlite3';
import { roundDuration } from '../../../lib/round-duration.ts';
import { type Course, type CourseGroup, type CourseQuery, MAX_COURSE_EXECUTIONS } from '../../rollups-port.ts';
import { resolverOf, statusOf } from '../../shared/codes.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { HOUR_MS, hourOf, isFromCxone } from '../../shared/rollup-keys.ts';
import { MAX_LEVEL } from '../../shared/sample-ranks.ts';
import { referenceBound } from '../executions/uuid-range.ts';
import { windowsOf } from '../queries/id-windows.ts';

/** Executions whose settings are compared. */
const TIMED_EXECUTIONS = 200;

interface Place {
  readonly hour: string;
  readonly app: string;
}

interface PlaceStatements {
  /** The parameters are bounds; the first is inclusive. */
  readonly nextHour: Statement<string[], string>;
  readonly nextApp: Statement<string[], string>;
}

type Outcome = Omit<CourseGroup, 'at' | 'count'>;
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
    const query = { actionId, stepMs };
    const [low, high] = [hourOf(from), hourOf(to)];
    return {
      accepted: sql.accepted.all({ ...query, places: JSON.stringify([...placesIn(sql.submittedPlaces, low, high)]) }),
      outcomes: sql.outcomes.all({ ...query, places: JSON.stringify([...placesIn(sql.outcomePlaces, low, high)]) }),
    };
  }

  function byExecutions({ actionId, from, to, stepMs }: CourseQuery): Steps | null {
    const [low, high] = [from, to].map((time) => referenceBound(firstReferenceAt(time)));
    // promise: short-steps-are-bounded
    if (sql.beyond.get(low, high) !== undefined) return null;
    const tally = createTally(stepMs);
    for (const window of windowsOf(client, { from, to }, 'oldest-first')) {
      for (const row of sql.executions.iterate(window.low, window.high, actionId)) {
        tally.accept(row.submittedAt);
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
  return { status: statusOf(status), resolvedBy, sent, ms: rounded };
}

/** Yields each hour and app that a roll-up has rows of, and reads one row of each. Other actions may have many rows. */
function* placesIn({ nextHour, nextApp }: PlaceStatements, low: string, high: string): Generator<Place> {
  for (let hour = nextHour.get(low, high); hour !== undefined; hour = nextHour.get(`${hour}~`, high)) {
    for (let app = nextApp.get(hour, ''); app !== undefined; app = nextApp.get(hour, app)) yield { hour, app };
  }
}

function createTally(stepMs: number) {
  const accepted = new Map<number, number>();
  const outcomes = new Map<string, CourseGroup & { count: number }>();
  const stepOf = (time: number) => Math.floor(time / stepMs) * stepMs;
  return {
    accept: (time: number): void => {
      const at = stepOf(time);
      accepted.set(at, (accepted.get(at) ?? 0) + 1);
    },
    end: (time: number, outcome: Outcome): void => {
      const at = stepOf(time);
      const { status, resolvedBy, sent, ms } = outcome;
      const key = `${at} ${status} ${resolvedBy} ${sent} ${ms}`;
      const group = outcomes.get(key);
      if (group === undefined) outcomes.set(key, { at, ...outcome, count: 1 });
      else group.count += 1;
    },
    read: (): Steps => ({
      accepted: [...accepted].map(([at, count]) => ({ at, count })),
      outcomes: [...outcomes.values()],
    }),
  };
}

function prepare(client: Database) {
  // A comparison of (hour, app) would scan the rows of the hour.
  const placesOf = (table: string): PlaceStatements => ({
    nextHour: client
      .prepare<string[], string>(`SELECT hour FROM ${table} WHERE hour >= ? AND hour < ? ORDER BY hour LIMIT 1`)
      .pluck(),
    nextApp: client
      .prepare<string[], string>(`SELECT app FROM ${table} WHERE hour = ? AND app > ? ORDER BY app LIMIT 1`)
      .pluck(),
  });
  const atPlaces = (table: string) => `json_each(@places) AS place CROSS JOIN ${table} AS r
    ON r.hour = place.value ->> 'hour' AND r.app = place.value ->> 'app' AND r.action_id = @actionId`;
  const at = 'unixepoch(r.hour) * 1000 / CAST(@stepMs AS INTEGER) * CAST(@stepMs AS INTEGER) AS at';
  return {
    submittedPlaces: placesOf('rollup_submitted'),
    outcomePlaces: placesOf('rollup_outcomes'),
    accepted: client.prepare<[object], Steps['accepted'][number]>(
      `SELECT ${at}, sum(count) AS count FROM ${atPlaces('rollup_submitted')} WHERE kind = 'accepted' GROUP BY at`,
    ),
    outcomes: client.prepare<[object], CourseGroup>(
      `SELECT ${at}, status, nullif(resolved_by, '') AS resolvedBy, sent, ms, sum(count) AS count
      FROM ${atPlaces('rollup_outcomes')} GROUP BY at, status, resolved_by, sent, ms`,
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
