// GET /v1/activity: the actions of operators, newest first.

import * as v from 'valibot';
import {
  ACTIVITY_ACTIONS,
  ACTIVITY_OUTCOMES,
  type Activity,
  type ActivityQuery,
  operatorNamed,
  representActivity,
} from '../../store/activity-port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { queryParameters } from '../openapi/json-schema.ts';
import { type ApiOperation, type Handler, OPERATOR_READ } from '../openapi/operation.ts';
import { count, described, nullable, text, time } from '../openapi/schema-parts.ts';
import {
  cursor,
  encodeCursor,
  LIMIT,
  readQuery,
  textFilter,
  time as timeFilter,
  wordFilter,
} from '../request/list-parameters.ts';
import type { Validated } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput } from '../response/problem.ts';

const MAX_NAME_CHARS = 128;

const QUERY = v.object({
  by: textFilter(
    MAX_NAME_CHARS,
    `must be the name of an operator, of 1 to ${MAX_NAME_CHARS} characters`,
    'Only those of this operator: `alice`, or `operator:alice` as in the audit trail.',
  ),
  action: v.exactOptional(wordFilter(ACTIVITY_ACTIONS, 'Only this action.')),
  from: v.exactOptional(timeFilter('Only those started then or later.')),
  to: v.exactOptional(timeFilter('Only those started before then.')),
  limit: LIMIT,
  cursor: v.exactOptional(cursor(/^[1-9]\d{0,14}$/)),
});

const ACTIVITY = component(
  'Activity',
  v.object({
    id: count('In the order of the starts.'),
    by: text('The operator.'),
    action: v.picklist(ACTIVITY_ACTIONS),
    target: nullable(
      v.string(),
      'The execution, notification, incident or endpoint that it is about; null for any other action.',
    ),
    filter: nullable(
      v.record(v.string(), v.unknown()),
      'The filter of a bulk action; null for any other action. A searched text is not kept.',
    ),
    reason: nullable(v.string(), 'The reason that the operator gave.'),
    outcome: described(
      v.picklist(ACTIVITY_OUTCOMES),
      '`running` stays where the receiver stopped before the end: the audit trail has what was done.',
    ),
    matched: nullable(count('An integer.'), 'The number of items that a bulk action matched.'),
    changed: nullable(count('An integer.'), 'The number of items that a bulk action changed.'),
    startedAt: time('When it started.'),
    endedAt: nullable(time(), 'When it ended.'),
  }),
);

const ACTIVITIES = component(
  'Activities',
  v.object({
    items: v.array(ACTIVITY),
    nextCursor: nullable(v.string(), 'The `cursor` of the next page; null at the end.'),
  }),
);

const EXAMPLE: Activity = {
  id: 12,
  by: 'operator:alice',
  action: 'cancel',
  target: null,
  filter: '{"status":"QUEUED","actionId":"charge-card"}',
  reason: 'Double submission by the shop, ticket 4711',
  outcome: 'done',
  matched: 87,
  changed: 87,
  startedAt: Date.UTC(2026, 0, 31, 12),
  endedAt: Date.UTC(2026, 0, 31, 12, 0, 1),
};

export const listActivity = {
  ...OPERATOR_READ,
  operationId: 'listActivity',
  path: '/v1/activity',
  summary: 'List the activity of operators, newest first',
  description:
    'One line for each action or bulk action of an operator, and for each reveal of hidden values on a page. A line is written before the action has any effect. It is kept as long as the audit trail of its time (AUDIT_RETENTION_DAYS).',
  parameters: queryParameters(QUERY),
  responses: {
    '200': jsonResponse('One page.', ACTIVITIES, { page: { items: [representActivity(EXAMPLE)], nextCursor: null } }),
  },
  problems: ['invalid-input'],
  create:
    ({ store }: Pick<HttpDependencies, 'store'>): Handler =>
    async (c) => {
      const query = parseActivityQuery(new URL(c.req.url).searchParams);
      if (!query.valid) return invalidInput(query.errors, 'query parameter');
      const { items, next } = await store.listActivity(query.value);
      return json(200, {
        items: items.map(representActivity),
        nextCursor: next === null ? null : encodeCursor(String(next)),
      });
    },
} satisfies ApiOperation;

export function parseActivityQuery(parameters: URLSearchParams): Validated<ActivityQuery> {
  const query = readQuery(QUERY, parameters);
  if (!query.valid) return query;
  const { cursor: before, by, ...filter } = query.value;
  return {
    valid: true,
    value: {
      ...filter,
      ...(by === undefined ? {} : { by: operatorNamed(by) }),
      ...(before === undefined ? {} : { before: Number(before) }),
    },
  };
}
