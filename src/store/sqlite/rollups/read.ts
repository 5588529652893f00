// Reads the roll-ups, also of a file that a receiver writes.

import type { Database } from 'better-sqlite3';
import type { ArrivalChannel } from '../../../execution/arrival-channel.ts';
import type { Observation } from '../../observations-port.ts';
import {
  type ArrivalGroup,
  type HourRange,
  type MissingGroup,
  type Rollups,
  SAMPLE_SIZE,
  type SampleQuery,
  type SubmittedAction,
  type TimingSample,
} from '../../rollups-port.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { HOUR_MS, hourOf } from '../../shared/rollup-keys.ts';
import { MAX_LEVEL, rankOf, sufficientLevel } from '../../shared/sample-ranks.ts';
import type { OutcomeGroup } from '../../statistics-port.ts';
import { referenceBound } from '../executions/uuid-range.ts';
import { OBSERVED, type ObservedRow, toObservation } from '../queries/observations.ts';
import { uuidText } from '../rows.ts';
import { createCourseReader } from './course.ts';
import { dayOf } from './sampling.ts';
import { createCoverage } from './state.ts';

/** Sorts after every hour. */
const NO_END = '~';

interface ArrivalRow extends Omit<ArrivalGroup, 'hour' | 'missed' | 'calledBackLater'> {
  readonly hour: string;
  readonly channel: ArrivalChannel;
  readonly missed: 0 | 1;
  readonly calledBackLater: 0 | 1;
}

const OF_ACTION = '(@actionId IS NULL OR action_id = @actionId)';
const IN_RANGE = `hour >= @low AND hour < @high AND ${OF_ACTION} AND (@app IS NULL OR app = @app)`;

export function createRollupReader(client: Database): Rollups {
  const sql = prepare(client);
  const coverage = createCoverage(client);
  const course = createCourseReader(client);

  function sampleReferences({ actionId, from, to }: SampleQuery, level: number): string[] {
    const [low, high] = [firstReferenceAt(from), firstReferenceAt(to)].map(referenceBound);
    const references: unknown[] = [];
    for (let at = level; at <= MAX_LEVEL; at += 1) references.push(...sql.sampled.all(actionId, at, low, high));
    return references.map(uuidText);
  }

  function sample(query: SampleQuery): TimingSample {
    const { actionId, from, to } = query;
    const sent = sql.sent.get(rangeOf({ from, to, actionId })) ?? 0;
    // The sample lacks the lower levels of busy days.
    const kept = sql.highestLevel.get(actionId, dayOf(from), dayOf(to)) ?? 0;
    // promise: sample-leaves-out-what-is-not-kept
    const level = Math.max(kept, sufficientLevel(sent));
    const drawn = byRank(sampleReferences(query, level));
    // All that were sent are wanted where the sample holds all; else a part of it suffices, in the order of the rows.
    const wanted = level === 0 ? drawn : drawn.slice(0, SAMPLE_SIZE).sort();
    const rows = wanted.flatMap((reference) => sql.observed.get(referenceBound(reference)) ?? []);
    const used = rows.slice(0, SAMPLE_SIZE).sort(newestFirst);
    return {
      executions: level === 0 ? rows.length : sent,
      observations: used.map((row): Observation => toObservation(row)),
    };
  }

  return {
    coverage: async () => coverage(),
    arrivals: async (range) => sql.arrivals.all(rangeOf(range)).map(toArrivalGroup),
    missing: async (range) =>
      sql.missing.all(rangeOf(range)).map((row): MissingGroup => ({ ...row, hour: Date.parse(row.hour) })),
    submitted: async (range) => sql.submitted.all(rangeOf(range)),
    outcomes: async (range) => sql.outcomes.all(rangeOf(range)),
    sample: async (query) => sample(query),
    course: async (query) => course(query),
  };
}

/** The rank is as good as random, so that the first ones are a sample of all. */
function byRank(references: readonly string[]): string[] {
  const ranked = references.map((reference) => ({ reference, rank: rankOf(reference) }));
  return ranked.sort((one, other) => one.rank - other.rank).map(({ reference }) => reference);
}

function newestFirst(one: ObservedRow, other: ObservedRow): number {
  return uuidText(one.reference) < uuidText(other.reference) ? 1 : -1;
}

function rangeOf({ from, to, app, actionId }: HourRange) {
  return {
    low: from === undefined ? '' : hourOf(from),
    high: to === undefined ? NO_END : hourOf(to + HOUR_MS - 1),
    app: app ?? null,
    actionId: actionId ?? null,
  };
}

function toArrivalGroup(row: ArrivalRow): ArrivalGroup {
  const { hour, missed, calledBackLater } = row;
  return { ...row, hour: Date.parse(hour), missed: missed === 1, calledBackLater: calledBackLater === 1 };
}

function prepare(client: Database) {
  return {
    arrivals: client.prepare<[object], ArrivalRow>(
      `SELECT hour, action_id AS actionId, channel, missed, called_back_later AS calledBackLater,
        iif(has_skew, skew_ms, NULL) AS skewMs, count
      FROM rollup_ended WHERE hour >= @low AND hour < @high AND ${OF_ACTION} AND @app IS NULL ORDER BY hour`,
    ),
    // In the order of the primary key: one pass, and a row for each hour and action.
    missing: client.prepare<[object], Omit<MissingGroup, 'hour'> & { readonly hour: string }>(
      `SELECT hour, action_id AS actionId, sum(iif(missed, count, 0)) AS missed, sum(count) AS outcomes
      FROM rollup_ended WHERE hour >= @low AND hour < @high AND ${OF_ACTION} AND @app IS NULL AND channel <> 'submit'
      GROUP BY hour, action_id ORDER BY hour, action_id`,
    ),
    submitted: client.prepare<[object], SubmittedAction>(
      `SELECT action_id AS actionId, sum(count) AS accepted FROM rollup_submitted WHERE ${IN_RANGE} AND kind = 'accepted'
      GROUP BY action_id ORDER BY accepted DESC, action_id`,
    ),
    outcomes: client.prepare<[object], OutcomeGroup>(
      `SELECT action_id AS actionId, status, nullif(resolved_by, '') AS resolvedBy, sent, late, ms, sum(count) AS count
      FROM rollup_outcomes WHERE ${IN_RANGE} GROUP BY action_id, status, resolved_by, sent, late, ms`,
    ),
    sent: client
      .prepare<[object], number | null>(
        `SELECT sum(iif(kind = 'accepted', count, -count)) FROM rollup_submitted WHERE ${IN_RANGE}`,
      )
      .pluck(),
    highestLevel: client
      .prepare<[string, string, string], number | null>(
        'SELECT max(level) FROM rollup_sample_levels WHERE action_id = ? AND day BETWEEN ? AND ?',
      )
      .pluck(),
    sampled: client
      .prepare<[string, number, unknown, unknown], unknown>(
        'SELECT reference FROM rollup_sample WHERE action_id = ? AND level = ? AND reference >= ? AND reference < ?',
      )
      .pluck(),
    observed: client.prepare<[Buffer | string], ObservedRow>(`${OBSERVED} WHERE reference = ? AND sent_at IS NOT NULL`),
  };
}
