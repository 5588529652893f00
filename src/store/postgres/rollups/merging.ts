// Merges the rows of the roll-ups from time to time: each commit adds rows, and an hour ends with one for each key.

import type { World } from '../../../lib/world.ts';
import type { Session } from '../connection/session.ts';
import { ARRIVALS, OUTCOMES, SUBMITTED } from './tally.ts';

const MERGE_EVERY_MS = 60_000;

/** Rows of past hours that one merge looks at. A database may have millions, of which few change. */
// promise: postgres/few-rollups-are-merged-at-once
const PAST_ROWS = 20_000;

/** The last past hour that was looked at. */
interface Place {
  readonly kind: number;
  readonly hour: string;
}

const START: Place = { kind: 0, hour: '' };

/**
 * The hours of now, and the next past ones. One row for each key, in one statement, so that each read sees the counts once. An hour in
 * which each key has one row already is not written.
 */
const MERGE = `WITH past AS MATERIALIZED (
    SELECT kind, hour FROM rollup_rows WHERE (kind, hour) > ($1::smallint, $2) ORDER BY kind, hour LIMIT ${PAST_ROWS}
  ), looked_at AS (
    SELECT kind, hour FROM past UNION
    SELECT k.kind, r.hour FROM (VALUES (${SUBMITTED}), (${OUTCOMES}), (${ARRIVALS})) AS k(kind) CROSS JOIN LATERAL (
      SELECT hour FROM rollup_rows WHERE kind = k.kind AND hour >= to_char(clock_timestamp() - interval '1 hour', 'YYYY-MM-DD"T"HH24')
    ) AS r
  ), hours AS MATERIALIZED (
    SELECT l.kind, l.hour FROM looked_at AS l WHERE EXISTS (
      SELECT 1 FROM rollup_rows AS r WHERE r.kind = l.kind AND r.hour = l.hour
      GROUP BY app, action_id, a, b, c, d, e HAVING count(*) > 1
    )
  ), merged AS (
    DELETE FROM rollup_rows AS r USING hours AS h WHERE r.kind = h.kind AND r.hour = h.hour RETURNING r.*
  ), inserted AS (
    INSERT INTO rollup_rows SELECT kind, hour, app, action_id, a, b, c, d, e, sum(count) FROM merged
    GROUP BY kind, hour, app, action_id, a, b, c, d, e HAVING sum(count) <> 0
  ) SELECT kind, hour FROM past OFFSET ${PAST_ROWS - 1}`;

/** Returns a function that merges the rows of the roll-ups from time to time. */
export function createMerging(session: Pick<Session, 'all'>, world: Pick<World, 'elapsed'>): () => Promise<void> {
  let mergedAt = world.elapsed();
  let place = START;
  return async () => {
    if (world.elapsed() - mergedAt < MERGE_EVERY_MS) return;
    mergedAt = world.elapsed();
    const [last] = await session.all<Place>(MERGE, [place.kind, place.hour]);
    place = last ?? START;
  };
}
