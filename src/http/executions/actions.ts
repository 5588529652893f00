// What operators do to executions: have CXone asked at once, about one or many, and give many up.

import type { Context } from 'hono';
import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { type NotPollable, whyNotPollable } from '../../execution/polling-request.ts';
import { representExecution } from '../../execution/representation.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { isoTime } from '../../lib/time.ts';
import { type ExecutionFilter, StoreUnavailable } from '../../store/port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { createExecutionFinder, unknownExecution } from '../request/find-execution.ts';
import { readJsonBody } from '../request/read-json.ts';
import { howMany } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, problem } from '../response/problem.ts';
import { parseSelection } from './query.ts';

/** So many are written at a time, beside whatever else is written then: nobody else waits for more than a few milliseconds. */
const AT_A_TIME = 100;

const STORE_RETRY_SECONDS = 5;

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

export interface Actions {
  readonly poll: Handler;
  readonly pollMany: Handler;
  readonly cancelMany: Handler;
  /** The same for whoever has read the filter already. */
  actOnSelection(
    what: 'poll' | 'cancel',
    filter: ExecutionFilter,
    caller: Identity,
    signal: AbortSignal,
  ): Promise<Response>;
}

/** One action on an execution of many: the event, or null where there is nothing to do. */
type Act = (execution: Execution) => ExecutionEvent | null;

interface Tally {
  matched: number;
  done: number;
}

export function createActions({ store, runtime }: Dependencies): Actions {
  const { world } = runtime;
  const find = createExecutionFinder(store);

  return {
    poll: async (c, caller) => {
      const execution = await find(c, caller);
      if (execution === undefined) return unknownExecution();
      const why = whyNotPollable(execution);
      if (why !== null) return notPolled(execution, why);
      const recorded = await store.record(execution.reference, requestBy(caller), world.now());
      if (recorded === undefined) return unknownExecution();
      // Something else was faster.
      const late = recorded.outcome === 'ignored' ? whyNotPollable(recorded.execution) : null;
      return late === null ? json(202, representExecution(recorded.execution)) : notPolled(recorded.execution, late);
    },

    pollMany: (c, caller) => actOnMany(c, 'poll', caller),
    cancelMany: (c, caller) => actOnMany(c, 'cancel', caller),
    actOnSelection,
  };

  async function actOnMany(c: Context, what: 'poll' | 'cancel', caller: Identity): Promise<Response> {
    const body = await readJsonBody(c.req.raw);
    if (body.type === 'refused') return body.answer;
    const filter = parseSelection(body.value);
    if (!filter.valid) {
      return invalidInput(`${howMany(filter.errors, 'field')}; errors names each.`, filter.errors);
    }
    return actOnSelection(what, filter.value, caller, c.req.raw.signal);
  }

  async function actOnSelection(
    what: 'poll' | 'cancel',
    filter: ExecutionFilter,
    caller: Identity,
    signal: AbortSignal,
  ): Promise<Response> {
    const tally: Tally = { matched: 0, done: 0 };
    try {
      await actOnAll(filter, ACTS[what](caller), tally, signal);
      return json(202, tally);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tally.done === 0) throw error;
      return problem('store-unavailable', `${tally.done} were done. Send it again later for the others.`, {
        headers: { 'retry-after': String(STORE_RETRY_SECONDS) },
        members: { ...tally },
      });
    }
  }

  /**
   * Newest first, so that what comes up while it runs is not part of it. Stops when nobody waits for the answer any more:
   * whoever asks again finds what is left.
   */
  async function actOnAll(filter: ExecutionFilter, act: Act, tally: Tally, signal: AbortSignal): Promise<void> {
    let before: string | null = null;
    do {
      const page = await store.list({ ...filter, limit: AT_A_TIME, ...(before === null ? {} : { before }) });
      await actOnSome(page.items, act, tally);
      before = page.next;
      await yieldToEventLoop();
    } while (before !== null && !signal.aborted);
  }

  async function actOnSome(executions: readonly Execution[], act: Act, tally: Tally): Promise<void> {
    const open = executions.filter(({ resolvedAt }) => resolvedAt === null);
    tally.matched += open.length;
    const acts = open.map(async (execution) => {
      const event = act(execution);
      if (event === null) return;
      const recorded = await store.record(execution.reference, event, world.now());
      if (recorded !== undefined && recorded.outcome !== 'ignored') tally.done += 1;
    });
    const failed = (await Promise.allSettled(acts)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}

const ACTS: { readonly [W in 'poll' | 'cancel']: (caller: Identity) => Act } = {
  poll: (caller) => {
    const requested = requestBy(caller);
    return (execution) => (whyNotPollable(execution) === null ? requested : null);
  },
  cancel: (caller) => () => ({ type: 'cancelled', by: callerName(caller) }),
};

function requestBy(caller: Identity): ExecutionEvent {
  return { type: 'poll-requested', by: callerName(caller) };
}

function notPolled(execution: Execution, why: NotPollable): Response {
  return problem('cannot-be-polled', REASONS[why](execution));
}

const REASONS: { readonly [W in NotPollable]: (execution: Execution) => string } = {
  ended: ({ status }) => `It has ended: it is ${status}, and CXone is not asked again.`,
  queued: () => 'It is QUEUED: CXone has not been sent it yet, so there is nothing to ask for.',
  nameless: ({ status, deadline }) => {
    const until = deadline === null ? '' : `, until ${isoTime(deadline)}`;
    return `It is ${status} and CXone has given no executionId, by which it would be asked for: only the callback can tell how it ended${until}.`;
  },
};
