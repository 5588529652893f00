// Counts how far a search has come, in bounded steps along the index of its scan.

import type { Database } from 'better-sqlite3';
import { longWorkSlice } from '../../../lib/event-loop.ts';
import type { ListQuery } from '../../port.ts';
import type { SearchProgress } from '../../search-port.ts';
import { timeOfReference } from '../../shared/reference-times.ts';
import { listQueries } from './list.ts';

/** Executions that one step counts, which takes about a millisecond. */
const STEP = 20_000;

/** Returns a function that counts the executions of a search, and those before the place where it continues. */
export function createSearchProgress(client: Database) {
  const select = listQueries(client);

  async function count(query: ListQuery, signal?: AbortSignal): Promise<number> {
    let counted = 0;
    for (let rest = query; ; ) {
      await longWorkSlice();
      const edge = select.edge(rest, STEP);
      if (edge === undefined || signal?.aborted) return counted + select.count(rest, null);
      counted += STEP;
      rest = { ...query, before: edge };
    }
  }

  return async (query: ListQuery, signal?: AbortSignal): Promise<SearchProgress> => {
    const { before = null, ...whole } = query;
    const total = await count(whole, signal);
    if (before === null) return { searched: 0, total, reachedAt: null };
    return { searched: total - (await count({ ...whole, before }, signal)), total, reachedAt: timeOfReference(before) };
  };
}
