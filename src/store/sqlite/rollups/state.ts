// Which executions the roll-ups count: those from one reference on. It moves back to the beginning, while history is counted.

import type { Database } from 'better-sqlite3';
import type { Coverage } from '../../rollups-port.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import { referenceBound } from '../executions/uuid-range.ts';

/** Sorts after every reference: nothing is counted yet. */
const NOTHING = '~';
/** Sorts before every reference: everything is counted. */
const EVERYTHING = '';

const BOUNDARY = 'SELECT counted_from FROM rollup_state WHERE id = 1';

/** Prepares the roll-ups of a file at its first start, and reads the state. */
export function createRollupState(client: Database) {
  const read = client.prepare<[], string>(BOUNDARY).pluck();
  const move = client.prepare<[string]>('UPDATE rollup_state SET counted_from = ? WHERE id = 1');
  if (read.get() === undefined) {
    const hasExecutions = client.prepare('SELECT 1 FROM execution_rows WHERE status <> 0 LIMIT 1').get() !== undefined;
    client
      .prepare('INSERT INTO rollup_state (id, counted_from) VALUES (1, ?)')
      .run(hasExecutions ? NOTHING : EVERYTHING);
  }
  let boundary = read.get() ?? NOTHING;
  return {
    /** Returns whether the roll-ups count this execution. */
    counts: (reference: string): boolean => reference >= boundary,
    boundary: () => boundary,
    moveBoundary: (to: string): void => {
      move.run(to);
      boundary = to;
    },
    reload: (): void => {
      boundary = read.get() ?? NOTHING;
    },
  };
}

/** Returns a function that reads what is counted. An import has no roll-ups. */
export function createCoverage(client: Database): () => Coverage {
  const read = client.prepare<[], string>(BOUNDARY).pluck();
  return () => coverageOf(read.get() ?? NOTHING);
}

/** Returns the boundary as a bound of stored references. */
export function upperBound(boundary: string): Buffer | string {
  return boundary === NOTHING ? Buffer.alloc(17, 0xff) : referenceBound(boundary);
}

export function coverageOf(boundary: string): Coverage {
  if (boundary === NOTHING) return { countedFrom: null };
  // Further executions of the same millisecond may not be counted.
  return { countedFrom: boundary === EVERYTHING ? 0 : timeOfReference(boundary) + 1 };
}
