// What apps are told when an execution ends: looking at it and sending it again.

import type { Notification } from '../../../notification/notification.ts';
import { representNotification } from '../../../notification/representation.ts';
import { NOTIFICATION_QUERY } from '../../notifications/query.ts';
import type { NotificationBody } from '../../schemas/notification.ts';
import { queryParameters } from '../json-schema.ts';
import type { Operation } from '../model.ts';
import { jsonContent, operation, parameter } from '../operation.ts';

const AT = Date.UTC(2026, 0, 31, 12, 0, 4, 200);
const HOUR = 3_600_000;

const dead: Notification = {
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
  giveUpAt: AT + 24 * HOUR,
  attempts: 14,
  lastAttemptAt: AT + 23 * HOUR,
  lastHttpStatus: 503,
  lastError: 'answered 503',
  deliveredAt: null,
};

// The compiler holds what is answered to the schema.
const EXAMPLE: NotificationBody = representNotification(dead);
const AGAIN: NotificationBody = representNotification({
  ...dead,
  status: 'PENDING',
  dueAt: AT + 44 * HOUR,
  giveUpAt: AT + 68 * HOUR,
  attempts: 0,
});

export const list: Operation = operation({
  operationId: 'listNotifications',
  tag: 'Notifications',
  access: 'anyone',
  stored: true,
  summary: 'List notifications, newest first',
  description: 'Those of your app; with the key of an operator those of all apps.',
  parameters: queryParameters(NOTIFICATION_QUERY),
  responses: {
    '200': {
      description: 'One page.',
      content: jsonContent('NotificationPage', { page: { items: [EXAMPLE], nextCursor: null } }),
    },
  },
  problems: ['invalid-input'],
});

export const get: Operation = operation({
  operationId: 'getNotification',
  tag: 'Notifications',
  access: 'anyone',
  stored: true,
  summary: 'Look at a notification',
  parameters: [parameter('NotificationId')],
  responses: {
    '200': { description: 'How far it has come.', content: jsonContent('Notification', { dead: EXAMPLE }) },
  },
  problems: ['not-found'],
});

export const replayOne: Operation = operation({
  operationId: 'replayNotification',
  tag: 'Notifications',
  access: 'owner',
  stored: true,
  summary: 'Send a notification again',
  parameters: [parameter('NotificationId')],
  responses: {
    '202': {
      description: 'It is due again.',
      content: jsonContent('Notification', { pending: AGAIN }),
    },
  },
  problems: ['not-found', 'notification-pending', 'payload-pruned'],
});

export const replayMany: Operation = operation({
  operationId: 'replayNotifications',
  tag: 'Notifications',
  access: 'owner',
  stored: true,
  summary: 'Send many notifications again',
  description:
    'Those that are DEAD unless `status` says otherwise, oldest first; narrowed down by what is named. Those whose result is no longer kept (`PAYLOAD_RETENTION_DAYS`) are left out.',
  requestBody: {
    required: true,
    content: jsonContent('Replay', {
      dead: { from: '2026-01-31T12:00:00Z', to: '2026-01-31T14:00:00Z' },
      delivered: { status: 'DELIVERED', correlationId: 'order-4711' },
    }),
  },
  responses: {
    '202': { description: 'They are due again.', content: jsonContent('Replayed', { some: { replayed: 3 } }) },
  },
  problems: ['malformed-json', 'body-too-large', 'unsupported-media-type', 'invalid-input'],
});

export const secrets: Operation = operation({
  operationId: 'getNotificationSecrets',
  tag: 'Notifications',
  access: 'app',
  summary: 'Read what notifications to your app are signed with',
  responses: {
    '200': {
      description: 'One secret, or several while one is replaced by the next.',
      content: jsonContent('Secrets', { one: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] } }),
    },
  },
});
