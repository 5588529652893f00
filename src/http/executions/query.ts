// Which executions somebody names: the query of GET /v1/executions, and the body of an action on many.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { isJsonObject, type Json } from '../../execution/json.ts';
import type { ExecutionFilter, ListQuery } from '../../store/port.ts';
import type { Identity } from '../middleware/identity.ts';
import { APP, appFilterErrors, visibleApp } from '../request/app-filter.ts';
import { IDENTIFIER, IDENTIFIER_RULE } from '../request/identifier.ts';
import { cursor, LIMIT, readQuery, time } from '../request/list-parameters.ts';
import { type Validated, validate } from '../request/validate.ts';

const STATUSES = ['OPEN', ...OPEN_STATUSES, ...TERMINAL_STATUSES] as const;
const STATUSES_TO_ACT_ON = ['OPEN', ...OPEN_STATUSES] as const;

const REFERENCE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const MAX_EXECUTION_ID_CHARS = 256;
const EXECUTION_ID_RULE = `must be the executionId that CXone gave, of 1 to ${MAX_EXECUTION_ID_CHARS} characters`;
const MAX_TEXT_CHARS = 256;
const TEXT_RULE = `must be a text of 1 to ${MAX_TEXT_CHARS} characters`;

const FILTER = {
  actionId: v.exactOptional(
    v.pipe(
      v.string(IDENTIFIER_RULE),
      v.regex(IDENTIFIER, IDENTIFIER_RULE),
      v.description('Only those of this Data Action.'),
    ),
  ),
  app: APP,
  id: v.exactOptional(
    v.pipe(
      v.string(IDENTIFIER_RULE),
      v.regex(IDENTIFIER, IDENTIFIER_RULE),
      v.description('Only those whose `correlationId` begins so.'),
    ),
  ),
  executionId: v.exactOptional(
    v.pipe(
      v.string(EXECUTION_ID_RULE),
      v.minLength(1, EXECUTION_ID_RULE),
      v.maxLength(MAX_EXECUTION_ID_CHARS, EXECUTION_ID_RULE),
      v.description('Only those that CXone calls by this name.'),
    ),
  ),
  text: v.exactOptional(
    v.pipe(
      v.string(TEXT_RULE),
      v.minLength(1, TEXT_RULE),
      v.maxLength(MAX_TEXT_CHARS, TEXT_RULE),
      v.description(
        'Only those with this text somewhere in their inputs, context, result, error or late result, in upper or lower case.',
      ),
    ),
  ),
  from: v.exactOptional(time('Only those submitted then or later.')),
  to: v.exactOptional(time('Only those submitted earlier than that.')),
};

/** Also what the OpenAPI document is made of: what JSON Schema cannot read off a parameter's rule stands in its metadata. */
export const QUERY = v.object({
  status: v.exactOptional(
    v.pipe(
      v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`),
      v.description('Only those with this status; `OPEN`: those that have not ended.'),
    ),
  ),
  ...FILTER,
  limit: LIMIT,
  cursor: v.exactOptional(cursor(REFERENCE)),
});

/** Also what the OpenAPI document is made of. */
export const SELECTION = v.object({
  status: v.exactOptional(
    v.pipe(
      v.picklist(STATUSES_TO_ACT_ON, `must be one of ${STATUSES_TO_ACT_ON.join(', ')}: what has ended stays as it is`),
      v.description('Only those with this status; `OPEN`: all that have not ended, as if nothing were said.'),
    ),
  ),
  ...FILTER,
});

export function parseListQuery(parameters: URLSearchParams, caller: Identity): Validated<ListQuery> {
  const query = readQuery(QUERY, parameters);
  const errors = [...(query.valid ? [] : query.errors), ...appFilterErrors(caller, parameters.has('app'))];
  if (!query.valid || errors.length > 0) return { valid: false, errors };
  const { cursor: before, app, ...filters } = query.value;
  return {
    valid: true,
    value: { ...filters, app: visibleApp(caller, app), ...(before === undefined ? {} : { before }) },
  };
}

/** Never all by mistake: whoever means all says so. */
export function parseSelection(body: Json): Validated<ExecutionFilter> {
  if (!isJsonObject(body)) return { valid: false, errors: [{ pointer: '#', detail: 'must be a JSON object' }] };
  const selection = validate(SELECTION, body);
  if (!selection.valid) return selection;
  if (Object.keys(body).length === 0) {
    const detail = 'must name at least one filter; {"status":"OPEN"} means all that have not ended';
    return { valid: false, errors: [{ pointer: '#', detail }] };
  }
  return { valid: true, value: { status: 'OPEN', ...selection.value, app: selection.value.app ?? null } };
}
