// /v1/notifications: what apps were told and are still to be told, and telling it again.

import type { Context } from 'hono';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { isoTime } from '../../lib/time.ts';
import type { Notification } from '../../notification/notification.ts';
import { representNotification } from '../../notification/representation.ts';
import type { NotificationFilter } from '../../store/outbox-port.ts';
import { StoreUnavailable } from '../../store/port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { encodeCursor } from '../request/list-parameters.ts';
import { readJsonBody } from '../request/read-json.ts';
import { howMany } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, problem } from '../response/problem.ts';
import { parseNotificationQuery, parseReplay } from './query.ts';

/** What one transaction of a replay makes due again: a few milliseconds of the one writer. */
const REPLAY_STEP = 100;

const STORE_RETRY_SECONDS = 5;

const PRUNED =
  'The result that it told is no longer kept (PAYLOAD_RETENTION_DAYS), so it cannot be told again. GET /v1/executions/{correlationId} still says how the execution ended.';

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime'>;
type Handler = (c: Context, caller: Identity) => Promise<Response>;

export interface Notifications {
  readonly list: Handler;
  readonly one: Handler;
  readonly replay: Handler;
  readonly replayMany: Handler;
  /** The same for whoever has read the filter already. */
  replaySelection(wanted: NotificationFilter, caller: Identity, signal: AbortSignal): Promise<Response>;
}

export function createNotifications({ store, runtime }: Dependencies): Notifications {
  const { world } = runtime;
  /** Undefined for an id that nobody has and for one of another app alike. */
  const find = async (c: Context, caller: Identity): Promise<Notification | undefined> => {
    const found = await store.findNotification(c.req.param('id') ?? '');
    // promise: app-sees-own-notifications
    return found !== undefined && (caller.kind === 'operator' || caller.name === found.app) ? found : undefined;
  };

  return {
    list: async (c, caller) => {
      const query = parseNotificationQuery(new URL(c.req.url).searchParams, caller);
      if (!query.valid) {
        return invalidInput(`${howMany(query.errors, 'query parameter')}; errors names each.`, query.errors);
      }
      const { items, next } = await store.listNotifications(query.value);
      const nextCursor = next === null ? null : encodeCursor(String(next));
      return json(200, { items: items.map(representNotification), nextCursor });
    },

    one: async (c, caller) => {
      const found = await find(c, caller);
      return found === undefined ? unknown() : json(200, representNotification(found));
    },

    replay: async (c, caller) => {
      const found = await find(c, caller);
      if (found === undefined) return unknown();
      if (found.status === 'PENDING') return pending(found);
      const delivery = await store.recordDelivery(found.id, { type: 'replayed', by: callerName(caller) }, world.now());
      if (delivery === undefined) return unknown();
      if (delivery.outcome === 'pruned') return problem('payload-pruned', PRUNED);
      // Somebody else was faster.
      if (delivery.outcome === 'ignored') return pending(delivery.notification);
      return json(202, representNotification(delivery.notification));
    },

    replayMany: async (c, caller) => {
      const body = await readJsonBody(c.req.raw);
      if (body.type === 'refused') return body.answer;
      const filter = parseReplay(body.value, caller);
      if (!filter.valid) {
        return invalidInput(`${howMany(filter.errors, 'field')}; errors names each.`, filter.errors);
      }
      return replayAll(filter.value, caller, c.req.raw.signal);
    },

    replaySelection: replayAll,
  };

  /** Stops when nobody waits for the answer any more: whoever gave up and asks again goes on where this one stopped. */
  async function replayAll(wanted: NotificationFilter, caller: Identity, signal: AbortSignal): Promise<Response> {
    // What comes up while it runs is not part of it.
    const filter = { ...wanted, to: Math.min(wanted.to ?? Number.POSITIVE_INFINITY, world.now() + 1) };
    let replayed = 0;
    try {
      for (let after: number | null = 0; after !== null && !signal.aborted; ) {
        const step = await store.replayNotifications(filter, after, REPLAY_STEP, callerName(caller), world.now());
        replayed += step.replayed;
        after = step.next;
        await yieldToEventLoop();
      }
      return json(202, { replayed });
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || replayed === 0) throw error;
      return problem('store-unavailable', `${replayed} were replayed. Send it again later for the others.`, {
        headers: { 'retry-after': String(STORE_RETRY_SECONDS) },
        members: { replayed },
      });
    }
  }
}

function pending({ dueAt }: Notification): Response {
  const next = dueAt === null ? 'after the one before it' : `next at ${isoTime(dueAt)}`;
  return problem(
    'notification-pending',
    `It is still being tried, ${next}. What is DELIVERED or DEAD can be replayed.`,
  );
}

function unknown(): Response {
  return problem('not-found', 'You have no notification with this id.');
}
