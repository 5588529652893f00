// The query of GET /v1/executions: filters, page size and cursor.

import * as v from 'valibot';
import { OPEN_STATUSES, TERMINAL_STATUSES } from '../execution/execution.ts';
import type { ListQuery } from '../store/port.ts';
import { NAME, NAME_RULE } from './names.ts';
import { type FieldError, pointerTo } from './problems.ts';
import { type Validated, validate } from './validation.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const STATUSES = [...OPEN_STATUSES, ...TERMINAL_STATUSES] as const;
const LIMIT_RULE = `must be an integer from 1 to ${MAX_LIMIT}`;
const TIME_RULE =
  'must be an ISO 8601 date or time with its offset, such as 2026-01-31 or 2026-01-31T12:00:00Z (write + as %2B in a URL)';
const CURSOR_RULE = 'must be the nextCursor of an earlier page';

const REFERENCE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

const time = v.pipe(v.string(), v.check(isTime, TIME_RULE), v.transform(Date.parse));

const QUERY = v.object({
  status: v.exactOptional(v.picklist(STATUSES, `must be one of ${STATUSES.join(', ')}`)),
  actionId: v.exactOptional(v.pipe(v.string(), v.regex(NAME, NAME_RULE))),
  from: v.exactOptional(time),
  to: v.exactOptional(time),
  limit: v.exactOptional(v.pipe(v.string(), v.check(isLimit, LIMIT_RULE), v.transform(Number)), String(DEFAULT_LIMIT)),
  cursor: v.exactOptional(
    v.pipe(
      v.string(),
      v.check((text) => REFERENCE.test(decoded(text)) && encodeCursor(decoded(text)) === text, CURSOR_RULE),
      v.transform(decoded),
    ),
  ),
});

/** A parameter without a value counts as not given. */
export function parseListQuery(parameters: URLSearchParams): Validated<Omit<ListQuery, 'app'>> {
  const given = [...parameters].filter(([, value]) => value !== '');
  const validated = validate(QUERY, Object.fromEntries(given));
  const errors = [...repeated(given.map(([name]) => name)), ...(validated.valid ? [] : validated.errors)];
  if (!validated.valid || errors.length > 0) return { valid: false, errors };
  const { cursor, ...filters } = validated.value;
  return { valid: true, value: { ...filters, ...(cursor === undefined ? {} : { before: cursor }) } };
}

/** Opaque to apps, so that what pages are ordered by may change. */
export function encodeCursor(reference: string): string {
  return Buffer.from(reference).toString('base64url');
}

function decoded(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

function repeated(names: readonly string[]): FieldError[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => ({
    pointer: pointerTo(name),
    detail: 'is given more than once; give it once',
  }));
}

function isLimit(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT;
}

function isTime(text: string): boolean {
  const [, date] = TIME.exec(text) ?? [];
  if (date === undefined || Number.isNaN(Date.parse(text))) return false;
  // Date.parse takes the 30th of February for the 2nd of March.
  return new Date(date).toISOString().startsWith(date);
}
