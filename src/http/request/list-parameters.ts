// The parameters that all lists share: filters, times, page size and cursor.

import * as v from 'valibot';
import { ISO_DATE_OR_TIME, readIsoTime } from '../../lib/time.ts';
import { type FieldError, pointerTo } from '../response/problem.ts';
import { IDENTIFIER, IDENTIFIER_RULE } from './identifier.ts';
import { type Validated, validate } from './validate.ts';

const SORTS = ['newest', 'oldest'] as const;
type Sort = (typeof SORTS)[number];

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const SECONDS = /^\d{1,8}(?:\.\d{1,3})?$/;
/** A year. */
const MAX_SECONDS = 31_536_000;

const SECONDS_RULE = `must be a number of seconds from 0 to ${MAX_SECONDS}, with at most three decimals`;
const LIMIT_RULE = `must be an integer from 1 to ${MAX_LIMIT}`;
export const TIME_RULE =
  'must be an ISO 8601 date or time with its offset, for example 2026-01-31 or 2026-01-31T12:00:00Z (write + as %2B in a URL)';
const CURSOR_RULE = 'must be the nextCursor of an earlier page';

export const LIMIT = limit(DEFAULT_LIMIT);

/** The entries of almost every execution fit on one page. */
export const LARGE_LIMIT = limit(MAX_LIMIT);

function limit(normal: number) {
  return v.exactOptional(
    v.pipe(
      v.string(),
      v.metadata({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, description: 'The page size.' }),
      v.check(isLimit, LIMIT_RULE),
      v.transform(Number),
    ),
    String(normal),
  );
}

/** An optional filter by an id that apps choose. */
export function identifierFilter(description: string) {
  return v.exactOptional(
    v.pipe(v.string(IDENTIFIER_RULE), v.regex(IDENTIFIER, IDENTIFIER_RULE), v.description(description)),
  );
}

/** An optional filter by a text of bounded length. */
export function textFilter(maxChars: number, rule: string, description: string) {
  return v.exactOptional(
    v.pipe(v.string(rule), v.minLength(1, rule), v.maxLength(maxChars, rule), v.description(description)),
  );
}

/** A filter by one of several words. */
export function wordFilter<const W extends readonly string[]>(words: W, description: string, hint = '') {
  return v.pipe(v.picklist(words, `must be one of ${words.join(', ')}${hint}`), v.description(description));
}

/** An optional filter by a duration in seconds, with up to three decimals. */
export function secondsFilter(description: string) {
  return v.exactOptional(
    v.pipe(
      v.string(),
      v.metadata({ type: 'number', minimum: 0, maximum: MAX_SECONDS, description, examples: [2.5] }),
      v.check((text) => SECONDS.test(text) && Number(text) <= MAX_SECONDS, SECONDS_RULE),
      v.transform(Number),
    ),
  );
}

export function time(description: string) {
  return v.pipe(
    v.string(TIME_RULE),
    v.metadata({ pattern: ISO_DATE_OR_TIME.source, description, examples: ['2026-01-31', '2026-01-31T12:00:00Z'] }),
    v.check((text) => readIsoTime(text) !== null, TIME_RULE),
    v.transform(Date.parse),
  );
}

/** @param place the pattern of the decoded cursor. */
export function cursor(place: RegExp) {
  return v.pipe(
    v.string(),
    v.description('The `nextCursor` of the page before.'),
    v.check((text) => place.test(decoded(text)) && encodeCursor(decoded(text)) === text, CURSOR_RULE),
    v.transform(decoded),
  );
}

/** Cursors are opaque to apps, so that the order of pages may change. */
export function encodeCursor(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/** The parameters of a list in two orders. @param order what it is sorted by. @param place the pattern of a place in it */
export function inTwoOrders(order: string, place: RegExp) {
  const rule = `The order of ${order}: \`newest\` first, the default, or \`oldest\` first.`;
  const placeInOrder = new RegExp(`^(?:(?:${SORTS.join('|')}):)?${place.source.replace('^', '')}`);
  return {
    sort: v.exactOptional(wordFilter(SORTS, rule)),
    limit: LIMIT,
    cursor: v.exactOptional(cursor(placeInOrder)),
  };
}

/** Returns the cursor of a place. That of a list in two orders, whose queries state one, is for this order only. */
export function cursorOf(place: string | number, { oldestFirst }: { readonly oldestFirst?: boolean }): string {
  return encodeCursor(oldestFirst === undefined ? String(place) : `${sortOf(oldestFirst)}:${place}`);
}

/** Replaces the order and the cursor of a query by what stores read. A cursor of the other order is invalid: its page would be another one. */
export function withOrder<T extends { readonly sort?: Sort; readonly cursor?: string }>(query: Validated<T>) {
  if (!query.valid) return query;
  const { sort = 'newest', cursor: given, ...filter } = query.value;
  const [before, of = sort] = given?.split(':').reverse() ?? [];
  // promise: cursor-is-for-one-order
  if (of !== sort) {
    const detail = `is of a list with sort=${of}, and not of this one with sort=${sort}: send sort=${of}, or begin without a cursor`;
    return { valid: false, errors: [{ pointer: pointerTo('cursor'), detail }] } as const;
  }
  const oldestFirst = sort === 'oldest';
  return { valid: true, value: { ...filter, oldestFirst, ...(before === undefined ? {} : { before }) } } as const;
}

const sortOf = (oldestFirst: boolean): Sort => (oldestFirst ? 'oldest' : 'newest');

/** Validates a query. A known parameter without a value counts as absent. */
export function readQuery<E extends v.ObjectEntries>(
  schema: v.ObjectSchema<E, undefined>,
  parameters: URLSearchParams,
): Validated<v.InferOutput<v.ObjectSchema<E, undefined>>> {
  const present = [...parameters].filter(([name, value]) => value !== '' || !Object.hasOwn(schema.entries, name));
  const validated = validate(schema, Object.fromEntries(present));
  const errors = [...repeated(present.map(([name]) => name)), ...(validated.valid ? [] : validated.errors)];
  return validated.valid && errors.length === 0 ? validated : { valid: false, errors };
}

function decoded(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

function repeated(names: readonly string[]): FieldError[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map((name) => ({
    pointer: pointerTo(name),
    detail: 'is repeated; send it once',
  }));
}

function isLimit(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT;
}

const MAX_ORIGIN_CHARS = 300;
/** What a schema can state of an origin. */
const ORIGIN = /^https?:\/\/[a-z0-9._~!$&'()*+,;=:[\]-]+$/;
const ORIGIN_RULE = 'must be an origin, as GET /v1/endpoints has it, for example https://hooks.example';

/** Accepts what `new URL(url).origin` returns for the URL of an endpoint. */
export function origin(description: string) {
  return v.pipe(
    v.string(ORIGIN_RULE),
    v.maxLength(MAX_ORIGIN_CHARS, ORIGIN_RULE),
    v.regex(ORIGIN, ORIGIN_RULE),
    v.check((text) => URL.parse(text)?.origin === text, ORIGIN_RULE),
    v.description(description),
  );
}
