// The query of GET /v1/executions: filters, page size and cursor.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../execution/execution.ts';
import type { ListQuery } from '../store/port.ts';
import { NAME, NAME_RULE } from './names.ts';
import { cursor, LIMIT, readQuery, time } from './query.ts';
import type { Validated } from './validation.ts';

const STATUSES = [...OPEN_STATUSES, ...TERMINAL_STATUSES] as const;

const REFERENCE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Also what the OpenAPI document is made of: what JSON Schema cannot read off a parameter's rule stands in its metadata. */
export const QUERY = v.object({
  status: v.exactOptional(
    v.pipe(
      v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`),
      v.description('Only those with this status.'),
    ),
  ),
  actionId: v.exactOptional(
    v.pipe(v.string(), v.regex(NAME, NAME_RULE), v.description('Only those of this Data Action.')),
  ),
  from: v.exactOptional(time('Only those submitted then or later.')),
  to: v.exactOptional(time('Only those submitted earlier than that.')),
  limit: LIMIT,
  cursor: v.exactOptional(cursor(REFERENCE)),
});

export function parseListQuery(parameters: URLSearchParams): Validated<Omit<ListQuery, 'app'>> {
  const query = readQuery(QUERY, parameters);
  if (!query.valid) return query;
  const { cursor: before, ...filters } = query.value;
  return { valid: true, value: { ...filters, ...(before === undefined ? {} : { before }) } };
}
