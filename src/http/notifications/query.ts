// The filters that select notifications: the query of GET /v1/notifications, and the body of POST /v1/notifications/replay.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { NOTIFICATION_STATUSES, NOTIFICATION_TYPES } from '../../notification/notification.ts';
import type { NotificationFilter, NotificationQuery } from '../../store/outbox-port.ts';
import type { Identity } from '../middleware/identity.ts';
import { closed, component } from '../openapi/components.ts';
import { OPTIONAL_REASON } from '../operators/reason.ts';
import { APP, withVisibleApp } from '../request/app-filter.ts';
import {
  identifierFilter,
  inTwoOrders,
  origin,
  readQuery,
  time,
  withOrder,
  wordFilter,
} from '../request/list-parameters.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';

const REPLAYABLE = ['DEAD', 'DELIVERED'] as const;
const SEQUENCE = /^[1-9]\d{0,15}$/;

const FILTER = {
  type: v.exactOptional(wordFilter(NOTIFICATION_TYPES, 'Only those of this type.')),
  correlationId: identifierFilter('Only those about this execution.'),
  app: APP,
  endpoint: v.exactOptional(
    origin('Only those to this endpoint: scheme, host and port of the URL, for example `https://hooks.example`.'),
  ),
  from: v.exactOptional(time('Only those created then or later.')),
  to: v.exactOptional(time('Only those created before then.')),
};

/** The OpenAPI document is made from it. */
export const NOTIFICATION_QUERY = v.object({
  status: v.exactOptional(wordFilter(NOTIFICATION_STATUSES, 'Only those with this status.')),
  ...FILTER,
  ...inTwoOrders('creation', SEQUENCE),
});

export const REPLAY = component(
  'Replay',
  v.object({
    status: v.exactOptional(
      v.pipe(
        v.picklist(REPLAYABLE, `must be one of ${REPLAYABLE.join(', ')}: what is PENDING is sent anyway`),
        v.metadata({ default: 'DEAD', description: 'Only those with this status.' }),
      ),
      'DEAD',
    ),
    ...FILTER,
    reason: OPTIONAL_REASON,
  }),
  closed,
);

export function parseNotificationQuery(parameters: URLSearchParams, caller: Identity): Validated<NotificationQuery> {
  const query = withOrder(withVisibleApp(readQuery(NOTIFICATION_QUERY, parameters), caller, parameters.has('app')));
  if (!query.valid) return query;
  const { before, ...filter } = query.value;
  return { valid: true, value: { ...filter, ...(before === undefined ? {} : { before: Number(before) }) } };
}

export function parseReplay(
  body: Json,
  caller: Identity,
): Validated<NotificationFilter & { readonly reason?: string }> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  return withVisibleApp(validate(REPLAY, body), caller, Object.hasOwn(body, 'app'));
}
