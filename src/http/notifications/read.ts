// GET one notification, a list, and the secrets that sign an app's notifications.

import type { Context } from 'hono';
import * as v from 'valibot';
import { HOUR_MS } from '../../lib/time.ts';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES, type Notification } from '../../notification/notification.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { queryParameters } from '../openapi/json-schema.ts';
import { type ApiOperation, parameter } from '../openapi/operation.ts';
import { count, described, IDENTIFIER_TEXT, nullable, text, time } from '../openapi/schema-parts.ts';
import { createEndpointStates, MAX_WAITING, representShown, WAIT_REASONS } from '../operators/endpoint-state.ts';
import { cursorOf } from '../request/list-parameters.ts';
import { json } from '../response/json.ts';
import { invalidInput, lostCursor, problem } from '../response/problem.ts';
import { NOTIFICATION_QUERY, parseNotificationQuery } from './query.ts';

/** Only of a pending notification. */
const WAIT = component(
  'NotificationWait',
  v.object({
    reason: described(
      v.picklist(WAIT_REASONS),
      [
        'earlier-notification: another one of the same execution comes first. endpoint-paused: an administrator has paused the endpoint.',
        'endpoint-fails: only probes are sent to the endpoint. retry: the last attempt failed. turn: it is sent in its turn.',
      ].join(' '),
    ),
    since: nullable(time(), 'Since when the endpoint is paused or fails; null otherwise.'),
    others: count(`Other notifications that wait for the same endpoint, counted up to ${MAX_WAITING}.`),
  }),
);

export const NOTIFICATION = component(
  'Notification',
  v.object({
    id: text('The `webhook-id`: the same for all attempts and replays.'),
    correlationId: IDENTIFIER_TEXT,
    app: v.string(),
    type: v.picklist(NOTIFICATION_TYPES),
    url: v.pipe(v.string(), v.metadata({ format: 'uri', description: 'The URL that it is sent to.' })),
    status: described(
      v.picklist(NOTIFICATION_STATUSES),
      'PENDING: delivery is being attempted. DELIVERED: the app responded 2xx. DEAD: given up unless it is replayed.',
    ),
    createdAt: time('When it was created.'),
    nextAttemptAt: nullable(
      time(),
      'The time of the next attempt, never in the past; null if there is none, while the endpoint is paused, or if an earlier notification comes first.',
    ),
    wait: v.exactOptional(WAIT),
    giveUpAt: time('When attempts end.'),
    attempts: count('The number of attempts since it was created or last replayed.'),
    lastAttemptAt: nullable(time(), 'The time of the last attempt.'),
    lastHttpStatus: nullable(
      v.pipe(v.number(), v.metadata({ type: 'integer' })),
      'The status of the last response; 0: none was received.',
    ),
    lastError: nullable(v.string(), 'The reason why the last attempt failed.'),
    deliveredAt: nullable(time(), 'When it was delivered.'),
  }),
);

const NOTIFICATION_PAGE = component(
  'NotificationPage',
  v.object({
    items: described(v.array(NOTIFICATION), 'In the order of `sort`.'),
    nextCursor: nullable(v.string(), 'The `cursor` of the next page; null at the end.'),
  }),
);

const SECRETS = component(
  'Secrets',
  v.object({
    secrets: described(
      v.array(v.pipe(v.string(), v.regex(/^whsec_[A-Za-z0-9+/=]+$/))),
      'The secrets that sign notifications; several during a rotation.',
    ),
  }),
);

const AT = Date.UTC(2026, 0, 31, 12, 0, 4, 200);

/** An example. */
const DEAD: Notification = {
  id: 'msg_019c14057a0070008000000000000001_ended',
  reference: '019c1405-7a00-7000-8000-000000000001',
  correlationId: 'order-4711',
  app: 'orders',
  type: 'execution.completed',
  url: 'https://hooks.example/executions',
  origin: 'https://hooks.example',
  status: 'DEAD',
  createdAt: AT,
  dueAt: null,
  giveUpAt: AT + 24 * HOUR_MS,
  attempts: 14,
  lastAttemptAt: AT + 23 * HOUR_MS,
  lastHttpStatus: 503,
  lastError: 'answered 503',
  deliveredAt: null,
};

/** An example: the dead notification after its replay. */
const REPLAYED: Notification = {
  ...DEAD,
  status: 'PENDING',
  dueAt: AT + 44 * HOUR_MS,
  giveUpAt: AT + 68 * HOUR_MS,
  attempts: 0,
};

export const REPLAYED_EXAMPLE = representShown({ ...REPLAYED, endpoint: null, readAt: AT + 44 * HOUR_MS });
const DEAD_EXAMPLE = representShown({ ...DEAD, endpoint: null, readAt: AT });

const READ = { method: 'get', tag: 'Notifications', access: 'anyone', stored: true } as const;

export const listNotifications: ApiOperation = {
  ...READ,
  operationId: 'listNotifications',
  path: '/v1/notifications',
  summary: 'List notifications, newest first unless `sort` states otherwise',
  description: 'The notifications of your app; with an operator key, those of all apps.',
  parameters: queryParameters(NOTIFICATION_QUERY),
  responses: {
    '200': jsonResponse('One page.', NOTIFICATION_PAGE, { page: { items: [DEAD_EXAMPLE], nextCursor: null } }),
  },
  problems: ['invalid-input', 'position-lost'],
  create: (deps) => {
    const { store } = deps;
    const { withEndpoints } = createEndpointStates(deps);
    return async (c, caller) => {
      const query = parseNotificationQuery(new URL(c.req.url).searchParams, caller);
      if (!query.valid) return invalidInput(query.errors, 'query parameter');
      const { items, next, resumeBefore } = await store.listNotifications(query.value);
      if (resumeBefore !== undefined) return lostCursor(cursorOf(resumeBefore, query.value));
      const nextCursor = next === null ? null : cursorOf(next, query.value);
      return json(200, { items: (await withEndpoints(items)).map(representShown), nextCursor });
    };
  },
};

export const getNotification: ApiOperation = {
  ...READ,
  operationId: 'getNotification',
  path: '/v1/notifications/{id}',
  summary: 'Get a notification',
  parameters: [parameter('NotificationId')],
  responses: { '200': jsonResponse('The current state of its delivery.', NOTIFICATION, { dead: DEAD_EXAMPLE }) },
  problems: ['not-found'],
  create: (deps) => {
    const { represent } = createEndpointStates(deps);
    return async (c, caller) => {
      const found = await findNotification(deps.store, c, caller);
      return found === undefined ? unknownNotification() : json(200, await represent(found));
    };
  },
};

export const getNotificationSecrets: ApiOperation = {
  operationId: 'getNotificationSecrets',
  method: 'get',
  path: '/v1/notifications/secrets',
  tag: 'Notifications',
  access: 'app',
  summary: 'Get the secrets that sign your notifications',
  responses: {
    '200': jsonResponse('One secret, or several during a rotation.', SECRETS, {
      one: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
    }),
  },
  // Operators get 403: with an app's secrets they could forge its notifications.
  create:
    ({ notificationSecrets }) =>
    async (_c, caller) =>
      json(200, { secrets: notificationSecrets(caller.name) }),
};

/** Returns undefined for an unknown id and another app's id alike. */
export async function findNotification(
  store: Pick<HttpDependencies['store'], 'findNotification'>,
  c: Context,
  caller: Identity,
): Promise<Notification | undefined> {
  const found = await store.findNotification(c.req.param('id') ?? '');
  // promise: app-sees-own-notifications
  return found !== undefined && (caller.kind === 'operator' || caller.name === found.app) ? found : undefined;
}

export function unknownNotification(): Response {
  return problem('not-found', 'You have no notification with this id.');
}
