// What the queries of all lists have in common: times, page size, cursor, and how each wrong parameter is named.

import * as v from 'valibot';
import { type FieldError, pointerTo } from '../response/problem.ts';
import { type Validated, validate } from './validate.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const LIMIT_RULE = `must be an integer from 1 to ${MAX_LIMIT}`;
const TIME_RULE =
  'must be an ISO 8601 date or time with its offset, such as 2026-01-31 or 2026-01-31T12:00:00Z (write + as %2B in a URL)';
const CURSOR_RULE = 'must be the nextCursor of an earlier page';

// Without a flag, so that JSON Schema can say it.
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

export const LIMIT = v.exactOptional(
  v.pipe(
    v.string(),
    v.metadata({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, description: 'How many make a page.' }),
    v.check(isLimit, LIMIT_RULE),
    v.transform(Number),
  ),
  String(DEFAULT_LIMIT),
);

export function time(description: string) {
  return v.pipe(
    v.string(TIME_RULE),
    v.metadata({ pattern: TIME.source, description, examples: ['2026-01-31', '2026-01-31T12:00:00Z'] }),
    v.check(isTime, TIME_RULE),
    v.transform(Date.parse),
  );
}

/** @param place what a list goes on from, written as text. */
export function cursor(place: RegExp) {
  return v.pipe(
    v.string(),
    v.description('The `nextCursor` of the page before.'),
    v.check((text) => place.test(decoded(text)) && encodeCursor(decoded(text)) === text, CURSOR_RULE),
    v.transform(decoded),
  );
}

/** Opaque to apps, so that what pages are ordered by may change. */
export function encodeCursor(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/** A parameter without a value counts as not given. */
export function readQuery<E extends v.ObjectEntries>(
  schema: v.ObjectSchema<E, undefined>,
  parameters: URLSearchParams,
): Validated<v.InferOutput<v.ObjectSchema<E, undefined>>> {
  const given = [...parameters].filter(([, value]) => value !== '');
  const validated = validate(schema, Object.fromEntries(given));
  const errors = [...repeated(given.map(([name]) => name)), ...(validated.valid ? [] : validated.errors)];
  return validated.valid && errors.length === 0 ? validated : { valid: false, errors };
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
