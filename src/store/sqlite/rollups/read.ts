// Reads the roll-ups, also of a file that a receiver writes.

import type { Database } from 'better-sqlite3';
import { longWorkSlice } from '../../../lib/event-loop.ts';
import type { Observation } from '../../observations-port.ts';
import { type Rollups, SAMPLE_SIZE, type SampleQuery, type TimingSample } from '../../rollups-port.ts';
import { firstReferenceAt } from '../../shared/reference-times.ts';
import { createRollupReads } from '../../shared/rollup-reads.ts';
import { MAX_LEVEL, rankOf, sufficientLevel } from '../../shared/sample-ranks.ts';
import { referenceBound } from '../executions/uuid-range.ts';
import { OBSERVED, type ObservedRow, toObservation } from '../queries/observations.ts';
import { createReads } from '../queries/reads.ts';
import { uuidText } from '../rows.ts';
import { createCourseReader } from './course.ts';
import { dayOf } from './sampling.ts';
import { createCoverage } from './state.ts';

/** Executions of a sample that one slice reads, which takes a few milliseconds. */
const SLICE_ROWS = 50;

const RELATIONS = { submitted: 'rollup_submitted', outcomes: 'rollup_outcomes', ended: 'rollup_ended' };

export function createRollupReader(client: Database): Rollups {
  const sql = prepare(client);
  const coverage = createCoverage(client);
  const course = createCourseReader(client);
  const { sentIn, ...counts } = createRollupReads(createReads(client), RELATIONS);

  /** Reads in slices: other reads of the thread run in between. */
  async function observed(references: readonly string[]): Promise<ObservedRow[]> {
    const rows: ObservedRow[] = [];
    for (let first = 0; first < references.length; first += SLICE_ROWS) {
      // promise: sample-is-read-in-slices
      await longWorkSlice();
      const slice = references.slice(first, first + SLICE_ROWS);
      rows.push(...slice.flatMap((reference) => sql.observed.get(referenceBound(reference)) ?? []));
    }
    return rows;
  }

  function sampleReferences({ actionId, from, to }: SampleQuery, level: number): string[] {
    const [low, high] = [firstReferenceAt(from), firstReferenceAt(to)].map(referenceBound);
    const references: unknown[] = [];
    for (let at = level; at <= MAX_LEVEL; at += 1) references.push(...sql.sampled.all(actionId, at, low, high));
    return references.map(uuidText);
  }

  async function sample(query: SampleQuery): Promise<TimingSample> {
    const { actionId, from, to } = query;
    const sent = await sentIn({ from, to, actionId });
    // The sample lacks the lower levels of busy days.
    const kept = sql.highestLevel.get(actionId, dayOf(from), dayOf(to)) ?? 0;
    // promise: sample-leaves-out-what-is-not-kept
    const level = Math.max(kept, sufficientLevel(sent));
    const references = sampleReferences(query, level);
    await longWorkSlice();
    const drawn = byRank(references);
    // All that were sent are wanted where the sample holds all; else a part of it suffices, in the order of the rows.
    const wanted = level === 0 ? drawn : drawn.slice(0, SAMPLE_SIZE).sort();
    const rows = await observed(wanted);
    await longWorkSlice();
    return {
      executions: level === 0 ? rows.length : sent,
      observations: newestFirst(rows.slice(0, SAMPLE_SIZE)).map((row): Observation => toObservation(row)),
    };
  }

  return {
    coverage: async () => coverage(),
    ...counts,
    sample,
    course: async (query) => course(query),
  };
}

/** The rank is as good as random, so that the first ones are a sample of all. */
function byRank(references: readonly string[]): string[] {
  const ranked = references.map((reference) => ({ reference, rank: rankOf(reference) }));
  return ranked.sort((one, other) => one.rank - other.rank).map(({ reference }) => reference);
}

function newestFirst(rows: readonly ObservedRow[]): ObservedRow[] {
  const placed = rows.map((row) => ({ row, reference: uuidText(row.reference) }));
  return placed.sort((one, other) => (one.reference < other.reference ? 1 : -1)).map(({ row }) => row);
}

function prepare(client: Database) {
  return {
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
