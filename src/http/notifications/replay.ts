// POST replays: sends a notification again, or all that a filter selects.

import * as v from 'valibot';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { Notification } from '../../notification/notification.ts';
import type { NotificationFilter } from '../../store/outbox-port.ts';
import { StoreUnavailable } from '../../store/port.ts';
import type { HttpParts } from '../dependencies.ts';
import { type ActionOnOne, type BulkCaller, withReason } from '../executions/actions.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { type ApiOperation, BODY_PROBLEMS, type Handler, parameter } from '../openapi/operation.ts';
import { count } from '../openapi/schema-parts.ts';
import { createEndpointStates, type ShownJson } from '../operators/endpoint-state.ts';
import { REASON_BODY } from '../operators/reason.ts';
import { recordAction } from '../operators/record-activity.ts';
import { onBody } from '../request/read-json.ts';
import { json } from '../response/json.ts';
import { problem, storeUnavailable } from '../response/problem.ts';
import { parseReplay, REPLAY } from './query.ts';
import { findNotification, NOTIFICATION, REPLAYED_EXAMPLE, unknownNotification } from './read.ts';

/** The notifications that one transaction makes due again: a few milliseconds of the one writer. */
const BATCH_SIZE = 100;

const PRUNED =
  'The result has been deleted (PAYLOAD_RETENTION_DAYS, or an erasure), so the notification cannot be replayed. GET /v1/executions/{correlationId} still shows how the execution ended.';

type Dependencies = Pick<HttpParts, 'store' | 'runtime' | 'replays' | 'controls'>;

const REPLAY_RESULT = component('Replayed', v.object({ replayed: count('The number of replayed notifications.') }));

export const replayNotification = {
  operationId: 'replayNotification',
  method: 'post',
  path: '/v1/notifications/{id}/replay',
  tag: 'Notifications',
  access: 'owner',
  stored: true,
  summary: 'Replay a notification',
  parameters: [parameter('NotificationId')],
  requestBody: REASON_BODY,
  responses: { '202': jsonResponse('It is due again.', NOTIFICATION, { pending: REPLAYED_EXAMPLE }) },
  problems: ['not-found', 'notification-pending', 'payload-pruned', ...BODY_PROBLEMS, 'too-many-replays'],
  create: (deps: Dependencies): Handler => withReason(createReplayOfOne(deps)),
} satisfies ApiOperation;

/** Returns a function that replays the notification that the path names. */
export function createReplayOfOne(deps: Dependencies): ActionOnOne {
  return async (c, caller, reason) => {
    const found = await findNotification(deps.store, c, caller);
    if (found === undefined) return unknownNotification();
    const refusal = deps.replays.begin(caller);
    if (refusal !== null) return refusal;
    const by = callerName(caller);
    return recordAction(deps, { action: 'replay', by, reason, target: found.id }, () => replay(deps, found, by));
  };
}

async function replay(deps: Dependencies, found: Notification, by: string): Promise<Response> {
  const { represent } = createEndpointStates(deps);
  if (found.status === 'PENDING') return pending(await represent(found));
  const delivery = await deps.store.recordDelivery(found.id, { type: 'replayed', by }, deps.runtime.world.now());
  if (delivery === undefined) return unknownNotification();
  if (delivery.outcome === 'pruned') return problem('payload-pruned', PRUNED);
  // Another request replayed it in between.
  if (delivery.outcome === 'ignored') return pending(await represent(delivery.notification));
  return json(202, await represent(delivery.notification));
}

export const replayNotifications: ApiOperation = {
  operationId: 'replayNotifications',
  method: 'post',
  path: '/v1/notifications/replay',
  tag: 'Notifications',
  access: 'owner',
  stored: true,
  summary: 'Replay many notifications',
  description:
    'The notifications that match, oldest first; those that are DEAD unless `status` states otherwise. Those whose result has been deleted (`PAYLOAD_RETENTION_DAYS`) are left out.',
  requestBody: jsonRequest(REPLAY, {
    dead: { from: '2026-01-31T12:00:00Z', to: '2026-01-31T14:00:00Z' },
    delivered: { status: 'DELIVERED', correlationId: 'order-4711' },
  }),
  responses: { '202': jsonResponse('They are due again.', REPLAY_RESULT, { some: { replayed: 3 } }) },
  problems: [...BODY_PROBLEMS, 'too-many-replays'],
  create: (deps) => {
    const replaySelection = createBulkReplay(deps);
    return onBody(parseReplay, ({ reason = null, ...selection }, c, caller) =>
      replaySelection(selection, { caller, reason, signal: c.req.raw.signal }),
    );
  },
};

export type BulkReplay = (wanted: NotificationFilter, by: BulkCaller) => Promise<Response>;

/** Returns a function that replays all notifications that a filter selects. It stops if the client disconnects. */
export function createBulkReplay(deps: Dependencies): BulkReplay {
  const {
    store,
    replays,
    runtime: { world },
  } = deps;
  return (wanted, { caller, reason, signal }) => {
    const refusal = replays.begin(caller);
    if (refusal !== null) return Promise.resolve(refusal);
    const by = callerName(caller);
    const work = () => replayAll(wanted, caller, signal);
    return recordAction(deps, { action: 'replay', by, reason, filter: wanted }, work);
  };

  async function replayAll(wanted: NotificationFilter, caller: Identity, signal: AbortSignal): Promise<Response> {
    const by = callerName(caller);
    // Notifications that are created while it runs are not included.
    const filter = { ...wanted, to: Math.min(wanted.to ?? Number.POSITIVE_INFINITY, world.now() + 1) };
    let replayed = 0;
    try {
      for (let after: number | null = 0; after !== null && !signal.aborted; ) {
        const batch = await store.replayNotifications(filter, {
          after,
          limit: BATCH_SIZE,
          by,
          now: world.now(),
        });
        replayed += batch.replayed;
        after = batch.next;
        await yieldToEventLoop();
      }
      return json(202, { replayed });
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || replayed === 0) throw error;
      return storeUnavailable(`${replayed} were replayed. Send it again later for the others.`, { replayed });
    } finally {
      replays.count(caller, replayed);
    }
  }
}

function pending(found: ShownJson): Response {
  const next = nextAttempt(found);
  return problem('notification-pending', `It is still to be sent, ${next}. What is DELIVERED or DEAD can be replayed.`);
}

function nextAttempt({ nextAttemptAt, wait }: ShownJson): string {
  switch (wait?.reason) {
    case 'earlier-notification':
      return 'after the one before it';
    case 'endpoint-paused':
      return 'when its endpoint is resumed';
    default:
      return `next at ${nextAttemptAt}`;
  }
}
