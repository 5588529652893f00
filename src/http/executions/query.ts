// The filters that select executions: the query of GET /v1/executions, and the body of a bulk action.

import * as v from 'valibot';
import { OPEN_STATUSES, RESOLVED_BY, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { isJsonObject, type Json } from '../../execution/json.ts';
import type { ExecutionFilter, ListQuery } from '../../store/port.ts';
import type { Identity } from '../middleware/identity.ts';
import { closed, component } from '../openapi/components.ts';
import { APP, withVisibleApp } from '../request/app-filter.ts';
import {
  identifierFilter,
  inTwoOrders,
  readQuery,
  secondsFilter,
  textFilter,
  time,
  withOrder,
  wordFilter,
} from '../request/list-parameters.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { REASON } from './order.ts';

const BULK_STATUSES = ['OPEN', 'AT_CXONE', ...OPEN_STATUSES] as const;
const STATUSES = [...BULK_STATUSES, ...TERMINAL_STATUSES] as const;
const AT_CXONE = '`AT_CXONE`: those that CXone has, `PENDING` or `UNCONFIRMED`';

const REFERENCE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const MAX_CHARS = 256;
const MAX_EXECUTION_ID_CHARS = 1_024;
const EXECUTION_ID_RULE = `must be the executionId that CXone gave, of 1 to ${MAX_EXECUTION_ID_CHARS} characters`;
const INCIDENT_RULE = 'must be the id of an incident';
const TEXT_RULE = `must be a text of 1 to ${MAX_CHARS} characters`;

export const FILTER = {
  actionId: identifierFilter('Only those of this Data Action.'),
  app: APP,
  id: identifierFilter('Only those whose `correlationId` starts with this text.'),
  executionId: textFilter(
    MAX_EXECUTION_ID_CHARS,
    EXECUTION_ID_RULE,
    'Only the one with this id at CXone; a UUID in any case.',
  ),
  incident: v.exactOptional(
    v.pipe(
      v.string(INCIDENT_RULE),
      v.regex(REFERENCE, INCIDENT_RULE),
      v.description('Only those that this incident affects.'),
    ),
  ),
  text: textFilter(
    MAX_CHARS,
    TEXT_RULE,
    'Only those with this text in their inputs, context, result, error or late result, ignoring case.',
  ),
  from: v.exactOptional(time('Only those submitted then or later.')),
  to: v.exactOptional(time('Only those submitted before then.')),
};

/** Filters that only executions with an outcome match. */
export const ENDED_FILTER = {
  error: textFilter(MAX_CHARS, TEXT_RULE, 'Only those with this text in their error, ignoring case.'),
  resolvedBy: v.exactOptional(wordFilter(RESOLVED_BY, 'Only those whose outcome became known in this way.')),
  minDurationSeconds: secondsFilter('Only those that ended this long after their submission, or later.'),
  maxDurationSeconds: secondsFilter('Only those that ended this long after their submission, or earlier.'),
};

/** The OpenAPI document is made from it: metadata repeats the rules that JSON Schema cannot derive. */
export const QUERY = v.object({
  status: v.exactOptional(
    wordFilter(STATUSES, `Only those with this status; \`OPEN\`: all that have not ended; ${AT_CXONE}.`),
  ),
  ...FILTER,
  ...ENDED_FILTER,
  ...inTwoOrders('submission', REFERENCE),
});

export const SELECTION = component(
  'Selection',
  v.object({
    status: v.exactOptional(
      wordFilter(
        BULK_STATUSES,
        `Only those with this status; \`OPEN\`, the default: all that have not ended; ${AT_CXONE}.`,
        ': what has ended stays as it is',
      ),
    ),
    ...FILTER,
    reason: v.exactOptional(REASON),
  }),
  (selection) => ({ ...closed(selection), minProperties: 1 }),
);

export function parseListQuery(parameters: URLSearchParams, caller: Identity): Validated<ListQuery> {
  return withOrder(withVisibleApp(readQuery(QUERY, parameters), caller, parameters.has('app')));
}

/** An empty selection is invalid, so that no one selects all executions by mistake. */
export function parseSelection(body: Json): Validated<ExecutionFilter & { readonly reason?: string }> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  const selection = validate(SELECTION, body);
  if (!selection.valid) return selection;
  if (Object.keys(body).every((name) => name === 'reason')) {
    const detail = 'must name at least one filter; {"status":"OPEN"} means all that have not ended';
    return { valid: false, errors: [{ pointer: '#', detail }] };
  }
  return { valid: true, value: { status: 'OPEN', ...selection.value, app: selection.value.app ?? null } };
}
