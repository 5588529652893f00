// Which notifications somebody names: the query of GET /v1/notifications, and the body of POST /v1/notifications/replay.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES } from '../../notification/notification.ts';
import type { NotificationFilter, NotificationQuery } from '../../store/outbox-port.ts';
import type { Identity } from '../middleware/identity.ts';
import { APP, appFilterErrors, visibleApp } from '../request/app-filter.ts';
import { IDENTIFIER, IDENTIFIER_RULE } from '../request/identifier.ts';
import { cursor, LIMIT, readQuery, time } from '../request/list-parameters.ts';
import { type Validated, validate } from '../request/validate.ts';

const REPLAYABLE = ['DEAD', 'DELIVERED'] as const;
const SEQUENCE = /^[1-9]\d{0,14}$/;

const FILTER = {
  type: v.exactOptional(
    v.pipe(
      v.picklist(NOTIFICATION_TYPES, `must be one of ${NOTIFICATION_TYPES.join(', ')}`),
      v.description('Only those of this type.'),
    ),
  ),
  correlationId: v.exactOptional(
    v.pipe(
      v.string(IDENTIFIER_RULE),
      v.regex(IDENTIFIER, IDENTIFIER_RULE),
      v.description('Only those about this execution.'),
    ),
  ),
  app: APP,
  from: v.exactOptional(time('Only those that came up then or later.')),
  to: v.exactOptional(time('Only those that came up earlier than that.')),
};

/** Also what the OpenAPI document is made of. */
export const NOTIFICATION_QUERY = v.object({
  status: v.exactOptional(
    v.pipe(
      v.picklist(NOTIFICATION_STATUSES, `must be one of ${NOTIFICATION_STATUSES.join(', ')}`),
      v.description('Only those with this status.'),
    ),
  ),
  ...FILTER,
  limit: LIMIT,
  cursor: v.exactOptional(cursor(SEQUENCE)),
});

/** Also what the OpenAPI document is made of. */
export const REPLAY = v.object({
  status: v.exactOptional(
    v.pipe(
      v.picklist(REPLAYABLE, `must be one of ${REPLAYABLE.join(', ')}: what is PENDING is sent anyway`),
      v.metadata({ default: 'DEAD', description: 'Only those with this status.' }),
    ),
    'DEAD',
  ),
  ...FILTER,
});

export function parseNotificationQuery(parameters: URLSearchParams, caller: Identity): Validated<NotificationQuery> {
  const query = readQuery(NOTIFICATION_QUERY, parameters);
  const errors = [...(query.valid ? [] : query.errors), ...appFilterErrors(caller, parameters.has('app'))];
  if (!query.valid || errors.length > 0) return { valid: false, errors };
  const { cursor: place, ...filters } = query.value;
  const before = place === undefined ? {} : { before: Number(place) };
  return { valid: true, value: { ...filters, ...before, app: visibleApp(caller, filters.app) } };
}

export function parseReplay(body: Json, caller: Identity): Validated<NotificationFilter> {
  if (!isJsonObject(body)) return { valid: false, errors: [{ pointer: '#', detail: 'must be a JSON object' }] };
  const replay = validate(REPLAY, body);
  const errors = [...(replay.valid ? [] : replay.errors), ...appFilterErrors(caller, Object.hasOwn(body, 'app'))];
  if (!replay.valid || errors.length > 0) return { valid: false, errors };
  return { valid: true, value: { ...replay.value, app: visibleApp(caller, replay.value.app) } };
}
