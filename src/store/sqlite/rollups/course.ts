// Reads the course of one action: steps of whole hours from the roll-ups, shorter steps from the executions.

import type { Database, Statement } from 'better-sqlite3';
import { HOUR_MS } from '../../../lib/time.ts';
import { type Course, type CourseGroup, type CourseQuery, MAX_COURSE_EXECUTIONS } from '../../rollups-port.ts';
import { createStepCounts, type StepRow, type Steps } from '../../shared/course-steps.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { hourOf } from '../../shared/rollup-keys.ts';
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

type Timing = NonNullable<Course['timing']>;

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
    const counts = createStepCounts(stepMs);
    for (const window of windowsOf(client, { from, to }, 'oldest-first')) {
      for (const row of sql.executions.iterate(window.low, window.high, actionId)) counts.add(row);
    }
    return counts.read();
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

/** Yields each hour and app that a roll-up has rows of, and reads one row of each. Other actions may have many rows. */
function* placesIn({ nextHour, nextApp }: PlaceStatements, low: string, high: string): Generator<Place> {
  for (let hour = nextHour.get(low, high); hour !== undefined; hour = nextHour.get(`${hour}~`, high)) {
    for (let app = nextApp.get(hour, ''); app !== undefined; app = nextApp.get(hour, app)) yield { hour, app };
  }
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
    executions: client.prepare<unknown[], StepRow>(
      `SELECT 1 AS count, submitted_at AS at, status, resolved_by AS resolvedBy, sent_at IS NOT NULL AS sent,
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
