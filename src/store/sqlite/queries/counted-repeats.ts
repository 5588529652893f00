// Reads counted repeats of events: those that entries state, and those that are not in the trail yet.

import type { Database } from 'better-sqlite3';
import { isoTime } from '../../../lib/time.ts';
import { eventOf } from '../../shared/codes.ts';
import type { CountedRepeats } from '../../statistics-port.ts';
import { firstEntrySince, newestEntryId } from './audit.ts';
import { CLOCK_SLACK_MS } from './first-since.ts';

/** Entries that one statement reads, as a long read would prevent the WAL of a running receiver from being reset. */
const WINDOW_ENTRIES = 20_000;

const STATED = `SELECT event, coalesce(a.action_id, e.action_id) AS actionId, correlation_id AS correlationId, detail ->> 'repeats' AS repeats,
  detail ->> 'since' AS since, detail ->> 'until' AS until
  FROM audit_rows AS a JOIN execution_rows AS e ON e.id = a.execution WHERE a.id >= @low AND a.id < @high AND detail ->> 'repeats' > 0`;

const WAITING = `SELECT r.event, e.action_id AS actionId, r.correlation_id AS correlationId, r.count AS repeats, r.since, r.until
  FROM audit_repeats AS r JOIN executions AS e USING (correlation_id)`;

interface RepeatsRow {
  readonly event: unknown;
  readonly actionId: string;
  readonly correlationId: string;
  readonly repeats: number;
  readonly since: string;
  readonly until: string;
}

/** Yields the repeats that ended at or after `from` (milliseconds), in batches. */
export function* countedRepeats(client: Database, from: number): Generator<CountedRepeats[], void, undefined> {
  const within = (rows: RepeatsRow[]) => rows.filter(({ until }) => until >= isoTime(from)).map(toRepeats);
  yield within(client.prepare<[], RepeatsRow>(WAITING).all());
  const stated = client.prepare<[{ low: number; high: number }], RepeatsRow>(STATED);
  const next = client.prepare<[number], number | null>('SELECT min(id) FROM audit_events WHERE id >= ?').pluck();
  const first = firstEntrySince(client, { low: 1, high: newestEntryId(client) + 1 }, from - CLOCK_SLACK_MS);
  // Ids that a restore skipped are not read one window after another.
  for (let low = next.get(first) ?? null; low !== null; low = next.get(low + WINDOW_ENTRIES) ?? null) {
    yield within(stated.all({ low, high: low + WINDOW_ENTRIES }));
  }
}

function toRepeats({ since, until, ...row }: RepeatsRow): CountedRepeats {
  return { ...row, event: eventOf(row.event), since: Date.parse(since), until: Date.parse(until) };
}
