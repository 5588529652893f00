// What is answered about notifications, and what apps are sent.

import * as v from 'valibot';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES, type NotificationType } from '../../notification/notification.ts';
import { EXECUTION } from './execution.ts';
import { count, NAME_TEXT, nullable, time } from './parts.ts';

export const NOTIFICATION = v.object({
  id: v.pipe(v.string(), v.description('The `webhook-id`: the same over all attempts and replays.')),
  correlationId: NAME_TEXT,
  app: v.string(),
  type: v.picklist(NOTIFICATION_TYPES),
  url: v.pipe(v.string(), v.metadata({ format: 'uri', description: 'Where it is sent.' })),
  status: v.pipe(
    v.picklist(NOTIFICATION_STATUSES),
    v.description('PENDING: it is (still) tried. DELIVERED: answered 2xx. DEAD: given up until somebody replays it.'),
  ),
  createdAt: time('When it came up.'),
  nextAttemptAt: nullable(time(), 'When it is tried next; null when it is not, or waits for an earlier one.'),
  giveUpAt: time('When trying ends.'),
  attempts: count('How often it was tried since it came up or was last replayed.'),
  lastAttemptAt: nullable(time(), 'When it was last tried.'),
  lastHttpStatus: nullable(v.pipe(v.number(), v.metadata({ type: 'integer' })), 'What that was answered; 0: nothing.'),
  lastError: nullable(v.string(), 'Why it did not arrive.'),
  deliveredAt: nullable(time(), 'When it arrived.'),
});

export type NotificationBody = v.InferOutput<typeof NOTIFICATION>;

export const NOTIFICATION_PAGE = v.object({
  items: v.pipe(v.array(NOTIFICATION), v.description('Newest first.')),
  nextCursor: nullable(v.string(), 'The `cursor` of the next page; null at the end.'),
});

export const REPLAYED = v.object({ replayed: count('How many are sent again.') });

export const SECRETS = v.object({
  secrets: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^whsec_[A-Za-z0-9+/=]+$/))),
    v.description('What notifications are signed with; several while one is replaced by the next.'),
  ),
});

/** What is posted to an app: the body of a Standard Webhooks message. */
export function message(type: NotificationType) {
  return v.object({
    type: v.literal(type),
    timestamp: time('When it happened: when the execution ended, or its late result came.'),
    data: EXECUTION,
  });
}
