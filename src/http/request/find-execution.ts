// Finds the execution in the path of a request, if the caller may see it, or all that a filter selects.

import type { Context } from 'hono';
import type { Execution } from '../../execution/execution.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { setRequestCorrelationId } from '../../lib/request-context.ts';
import type { BriefExecution, ExecutionFilter, ExecutionReader } from '../../store/port.ts';
import type { Identity } from '../middleware/identity.ts';
import { problem } from '../response/problem.ts';
import { isIdentifier } from './identifier.ts';

/** Returns undefined for an unknown id, a malformed id and another app's id alike, so that callers cannot probe for ids. */
type BriefFinder = (c: Context, caller: Identity) => Promise<BriefExecution | undefined>;

/** The execution lacks its result, error and late result. */
export type ExecutionFinder = (c: Context, caller: Identity) => Promise<Execution | undefined>;

function createBriefFinder(store: Pick<ExecutionReader, 'findBrief'>): BriefFinder {
  return async (c, caller) => {
    const correlationId = c.req.param('correlationId') ?? '';
    if (!isIdentifier(correlationId)) return undefined;
    const found = await store.findBrief(correlationId);
    if (found === undefined || !maySee(caller, found.execution)) return undefined;
    setRequestCorrelationId(correlationId);
    return found;
  };
}

export function createExecutionFinder(store: Pick<ExecutionReader, 'findBrief'>): ExecutionFinder {
  const find = createBriefFinder(store);
  return async (c, caller) => (await find(c, caller))?.execution;
}

/** Returns a handler that acts on the execution in the path. It lacks its result, error and late result, of which `found` has the size. */
export function onExecution(
  store: Pick<ExecutionReader, 'findBrief'>,
  act: (execution: Execution, c: Context, caller: Identity, found: BriefExecution) => Promise<Response>,
): (c: Context, caller: Identity) => Promise<Response> {
  const find = createBriefFinder(store);
  return async (c, caller) => {
    const found = await find(c, caller);
    return found === undefined ? unknownExecution() : act(found.execution, c, caller, found);
  };
}

function maySee(caller: Identity, execution: Execution): boolean {
  // promise: app-sees-own-executions
  return caller.kind === 'operator' || caller.name === execution.app;
}

export function unknownExecution(): Response {
  return problem('not-found', 'You have no execution with this correlationId.');
}

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
