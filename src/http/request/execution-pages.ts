// Reads all executions that a filter selects, page by page, newest first, so that new executions are not included.

import type { Execution } from '../../execution/execution.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { ExecutionFilter, ExecutionReader } from '../../store/port.ts';

/** The batch size of bulk actions. Other requests wait a few milliseconds at most. */
const PAGE_SIZE = 100;

/** Ends early if the client disconnects. */
export async function* executionPages(
  store: Pick<ExecutionReader, 'list'>,
  filter: ExecutionFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly Execution[], void, undefined> {
  let before: string | null = null;
  do {
    const page = await store.list({ ...filter, limit: PAGE_SIZE, ...(before === null ? {} : { before }) }, signal);
    yield page.items;
    before = page.next;
    await yieldToEventLoop();
  } while (before !== null && !signal.aborted);
}
