// Polling and cancelling: one execution, or all that a filter selects.

import type { Context } from 'hono';
import * as v from 'valibot';
import type { ExecutionEvent } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { type NotPollable, whyNotPollable } from '../../execution/polling-request.ts';
import { representExecution } from '../../execution/representation.ts';
import { type ExecutionFilter, StoreUnavailable } from '../../store/port.ts';
import type { HttpDependencies, HttpParts } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { respondInTurn } from '../middleware/reader-turns.ts';
import { component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import {
  ADMINISTRATOR_ORDER,
  type ApiOperation,
  BODY_PROBLEMS,
  type Handler,
  parameter,
} from '../openapi/operation.ts';
import { count } from '../openapi/schema-parts.ts';
import { REASON_BODY, readReason } from '../operators/reason.ts';
import { recordAction } from '../operators/record-activity.ts';
import { createExecutionFinder, executionPages, unknownExecution } from '../request/find-execution.ts';
import { onBody } from '../request/read-json.ts';
import { json } from '../response/json.ts';
import { problem, storeUnavailable } from '../response/problem.ts';
import { EXECUTION } from './execution-schema.ts';
import { parseSelection, SELECTION } from './query.ts';

type Action = 'poll' | 'cancel';
type Dependencies = Pick<HttpDependencies, 'store' | 'runtime'>;
type BulkDependencies = Dependencies & Pick<HttpParts, 'searches'>;

const ACTED = component(
  'Acted',
  v.object({
    matched: count('The number of open executions that match.'),
    done: count('The number of executions that were changed.'),
  }),
);

export const pollExecution = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'pollExecution',
  path: '/v1/executions/{correlationId}/poll',
  summary: 'Poll CXone now for an execution',
  description:
    'The next poll is due now, even before `pollAfter`; a poll that is under way counts. The report of CXone appears in the execution and in its audit trail, as with any other poll.',
  parameters: [parameter('CorrelationId')],
  requestBody: REASON_BODY,
  responses: {
    '202': jsonResponse('It is polled as soon as the limits of CXone allow.', EXECUTION, {
      sent: executionExample('sent'),
    }),
  },
  problems: ['not-found', 'cannot-be-polled', ...BODY_PROBLEMS],
  create: (deps: Dependencies): Handler => withReason(createActionOnOne(deps, 'poll')),
} satisfies ApiOperation;

export const cancelExecution = {
  operationId: 'cancelExecution',
  method: 'post',
  path: '/v1/executions/{correlationId}/cancel',
  tag: 'Executions',
  access: 'owner',
  stored: true,
  summary: 'Cancel an execution',
  description:
    'An execution that has not been sent is never sent. One that has been sent is only marked in the receiver: CXone may still run it, and a result that arrives is kept as `lateResult`. One that has ended is unchanged.',
  parameters: [parameter('CorrelationId')],
  requestBody: REASON_BODY,
  responses: {
    '200': jsonResponse('The execution after the request.', EXECUTION, { completed: executionExample('completed') }),
  },
  problems: ['not-found', ...BODY_PROBLEMS],
  create: (deps: Dependencies): Handler => withReason(createActionOnOne(deps, 'cancel')),
} satisfies ApiOperation;

/** Acts on the execution that the path names. */
export type ActionOnOne = (c: Context, caller: Identity, reason: string | null) => Promise<Response>;

/** Returns the handler of an action whose optional body has the reason. */
export function withReason(act: ActionOnOne): Handler {
  return async (c, caller) => {
    const reason = await readReason(c.req.raw, caller);
    return reason instanceof Response ? reason : act(c, caller, reason);
  };
}

/** Returns a function that polls or cancels one execution. */
export function createActionOnOne(deps: Dependencies, action: Action): ActionOnOne {
  const find = createExecutionFinder(deps.store);
  const act = action === 'poll' ? pollOne : cancelOne;
  return async (c, caller, reason) => {
    const execution = await find(c, caller);
    if (execution === undefined) return unknownExecution();
    const target = execution.correlationId;
    return recordAction(deps, { action, by: callerName(caller), reason, target }, () => act(deps, execution, caller));
  };
}

async function pollOne({ store, runtime }: Dependencies, execution: Execution, caller: Identity): Promise<Response> {
  const why = whyNotPollable(execution);
  if (why !== null) return notPollable(execution, why);
  const recorded = await store.record(execution.reference, requestBy(caller), runtime.world.now());
  if (recorded === undefined) return unknownExecution();
  // Another event may have been recorded in between.
  const late = recorded.outcome === 'ignored' ? whyNotPollable(recorded.execution) : null;
  return late === null ? json(202, representExecution(recorded.execution)) : notPollable(recorded.execution, late);
}

async function cancelOne({ store, runtime }: Dependencies, execution: Execution, caller: Identity): Promise<Response> {
  const recorded = await store.record(execution.reference, cancellationBy(caller), runtime.world.now());
  return recorded === undefined ? unknownExecution() : json(200, representExecution(recorded.execution));
}

const BULK = {
  ...ADMINISTRATOR_ORDER,
  requestBody: jsonRequest(SELECTION, {
    some: { actionId: 'charge-card', status: 'PENDING', to: '2026-01-31T12:00:00Z' },
    all: { status: 'OPEN' },
  }),
  problems: [...BODY_PROBLEMS, 'too-many-searches'],
} as const;

export const pollExecutions: ApiOperation = {
  ...BULK,
  operationId: 'pollExecutions',
  path: '/v1/executions/poll',
  summary: 'Poll CXone now for many executions',
  description:
    'The open executions that match. Those that are queued, or that have no `executionId`, match and are unchanged. If the client disconnects, the action stops and keeps its changes.',
  responses: {
    '202': jsonResponse('They are polled as fast as the limits of CXone allow.', ACTED, {
      some: { matched: 12, done: 10 },
    }),
  },
  create: (deps) => bulkHandler(deps, 'poll'),
};

export const cancelExecutions: ApiOperation = {
  ...BULK,
  operationId: 'cancelExecutions',
  path: '/v1/executions/cancel',
  summary: 'Cancel many executions',
  description:
    'The open executions that match, each as if it were cancelled alone. If the client disconnects, the action stops and keeps its changes.',
  responses: { '202': jsonResponse('They are cancelled.', ACTED, { some: { matched: 12, done: 12 } }) },
  create: (deps) => bulkHandler(deps, 'cancel'),
};

function bulkHandler(deps: BulkDependencies, action: Action): Handler {
  const actOnSelection = createBulkAction(deps);
  return onBody(parseSelection, ({ reason = null, ...selection }, c, caller) =>
    actOnSelection(action, selection, { caller, reason, signal: c.req.raw.signal }),
  );
}

export type BulkAction = (action: Action, filter: ExecutionFilter, by: BulkCaller) => Promise<Response>;

export interface BulkCaller {
  readonly caller: Identity;
  readonly reason: string | null;
  /** Aborts when the caller disconnects: the action then stops and keeps its changes. */
  readonly signal: AbortSignal;
}

/** Returns the event for one of many executions, or null if the action does not apply to it. */
type EventFor = (execution: Execution) => ExecutionEvent | null;

interface Tally {
  matched: number;
  done: number;
}

/** Returns a function that polls or cancels all executions that a filter selects. */
export function createBulkAction(deps: BulkDependencies): BulkAction {
  const { store, runtime, searches } = deps;
  return (action, filter, { caller, reason, signal }) => {
    const by = callerName(caller);
    return respondInTurn(searches, { text: filter.text, reader: by, signal }, () =>
      recordAction(deps, { action, by, reason, filter }, () => actAndCount(filter, EVENTS[action](caller), signal)),
    );
  };

  async function actAndCount(filter: ExecutionFilter, eventFor: EventFor, signal: AbortSignal): Promise<Response> {
    const tally: Tally = { matched: 0, done: 0 };
    try {
      await actOnAll(filter, eventFor, tally, signal);
      return json(202, tally);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || tally.done === 0) throw error;
      return storeUnavailable(`${tally.done} were done. Send it again later for the others.`, { ...tally });
    }
  }

  async function actOnAll(filter: ExecutionFilter, eventFor: EventFor, tally: Tally, signal: AbortSignal) {
    for await (const page of executionPages(store, filter, signal)) await actOnBatch(page, eventFor, tally);
  }

  async function actOnBatch(executions: readonly Execution[], eventFor: EventFor, tally: Tally): Promise<void> {
    const open = executions.filter(({ resolvedAt }) => resolvedAt === null);
    tally.matched += open.length;
    const recordings = open.map(async (execution) => {
      const event = eventFor(execution);
      if (event === null) return;
      const recorded = await store.record(execution.reference, event, runtime.world.now());
      if (recorded !== undefined && recorded.outcome !== 'ignored') tally.done += 1;
    });
    const failed = (await Promise.allSettled(recordings)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }
}

const EVENTS: { readonly [A in Action]: (caller: Identity) => EventFor } = {
  poll: (caller) => (execution) => (whyNotPollable(execution) === null ? requestBy(caller) : null),
  cancel: (caller) => () => cancellationBy(caller),
};

function requestBy(caller: Identity): ExecutionEvent {
  return { type: 'poll-requested', by: callerName(caller) };
}

function cancellationBy(caller: Identity): ExecutionEvent {
  return { type: 'cancelled', by: callerName(caller) };
}

function notPollable(execution: Execution, why: NotPollable): Response {
  return problem('cannot-be-polled', REASONS[why](execution));
}

const REASONS: { readonly [W in NotPollable]: (execution: Execution) => string } = {
  ended: ({ status }) => `It has ended: it is ${status}, and CXone is not polled again.`,
  queued: () => 'It is QUEUED: it has not been sent to CXone, so there is nothing to poll.',
  nameless: ({ status, deadline }) => {
    const until = deadline === null ? '' : `, until ${new Date(deadline).toISOString()}`;
    return `It is ${status} and CXone has given no executionId to poll: only the callback can report how it ended${until}.`;
  },
};
