// Counts the executions that match a filter, up to a number and within a time, so that a page can state how many there are.

import type { Database } from 'better-sqlite3';
import { longWorkSlice } from '../../../lib/event-loop.ts';
import type { ListQuery } from '../../port.ts';
import type { MatchCount } from '../../search-port.ts';
import { listQueries } from './list.ts';

/** Executions that one step scans, which takes a few milliseconds. */
const STEP = 2_000;
const MAX_MS = 500;

/** Returns a function that counts up to `limit` executions of a query from its beginning. */
export function createMatchCount(client: Database) {
  const select = listQueries(client);
  const countStep = client.transaction((query: ListQuery, most: number) => {
    const edge = select.edge(query, STEP);
    return { edge, count: select.matches(query, edge, most) };
  });

  return async (query: ListQuery, signal?: AbortSignal): Promise<MatchCount> => {
    const maxMs = Math.min(query.scanMs ?? MAX_MS, MAX_MS);
    let [count, scannedMs] = [0, 0];
    for (let rest = query; ; ) {
      await longWorkSlice(rest !== query);
      const began = performance.now();
      const step = countStep(rest, query.limit + 1 - count);
      count += step.count;
      scannedMs += performance.now() - began;
      if (count > query.limit) return { count: query.limit, isWhole: false };
      if (step.edge === undefined) return { count, isWhole: true };
      if (scannedMs >= maxMs || signal?.aborted) return { count, isWhole: false };
      rest = { ...query, before: step.edge };
    }
  };
}
