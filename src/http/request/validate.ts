// Validates an object against its schema, or a query, and names every invalid field, including unknown ones.

import type { Context } from 'hono';
import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { isoTime } from '../../lib/time.ts';
import { type FieldError, invalidInput, pointerTo } from '../response/problem.ts';

export type Validated<T> =
  | { readonly valid: true; readonly value: T }
  | { readonly valid: false; readonly errors: readonly FieldError[] };

/** The result for a body that is not a JSON object. */
export const NOT_AN_OBJECT = { valid: false, errors: [{ pointer: '#', detail: 'must be a JSON object' }] } as const;

/** Why an unknown field or parameter is wrong. */
const UNKNOWN_FIELD = 'is unknown here; leave it out';

/** A flat schema; the messages of its fields must be constants, because Valibot's own messages repeat the value. */
type Schema<E extends v.ObjectEntries> = v.ObjectSchema<E, undefined>;

export function validate<E extends v.ObjectEntries>(
  schema: Schema<E>,
  input: { readonly [name: string]: unknown },
): Validated<v.InferOutput<Schema<E>>> {
  const result = v.safeParse(schema, input);
  const errors = [
    ...(result.issues ?? []).map(fieldError),
    ...unknownFields(schema, input),
    ...(result.success ? [...periodErrors(result.output), ...durationErrors(result.output)] : []),
  ];
  return result.success && errors.length === 0
    ? { valid: true, value: result.output }
    : { valid: false, errors: errors.filter(isFirstForItsField) };
}

/** Validates a JSON document that must be an object. */
export function validateObject<E extends v.ObjectEntries>(schema: Schema<E>, document: Json) {
  return isJsonObject(document) ? validate(schema, document) : NOT_AN_OBJECT;
}

/** The beginning of the detail of a period that ends before it begins. */
export const REVERSED = 'must not be after to';

/** A period that ends before it begins matches nothing, which its sender hardly wants. */
function periodErrors({ from, to }: { readonly from?: unknown; readonly to?: unknown }): FieldError[] {
  // promise: period-is-not-reversed
  if (typeof from !== 'number' || typeof to !== 'number' || from <= to) return [];
  const detail = `${REVERSED}: from is ${isoTime(from)}, and to is ${isoTime(to)}`;
  return [{ pointer: pointerTo('from'), detail }];
}

interface Durations {
  readonly minDurationSeconds?: unknown;
  readonly maxDurationSeconds?: unknown;
}

/** The same is true of durations. */
function durationErrors({ minDurationSeconds: min, maxDurationSeconds: max }: Durations): FieldError[] {
  // promise: duration-is-not-reversed
  if (typeof min !== 'number' || typeof max !== 'number' || min <= max) return [];
  const detail = `must not be above maxDurationSeconds: it is ${min}, and maxDurationSeconds is ${max}`;
  return [{ pointer: pointerTo('minDurationSeconds'), detail }];
}

function fieldError(issue: v.BaseIssue<unknown>): FieldError {
  const [step] = issue.path ?? [];
  const pointer = step === undefined ? '#' : pointerTo(String(step.key));
  // Only an absent field is reported by the object itself.
  return { pointer, detail: issue.type === 'object' ? 'is required' : issue.message };
}

// strictObject reports one unknown key only.
function unknownFields(schema: Schema<v.ObjectEntries>, input: object): FieldError[] {
  return Object.keys(input)
    .filter((name) => !Object.hasOwn(schema.entries, name))
    .map((name) => ({ pointer: pointerTo(name), detail: UNKNOWN_FIELD }));
}

function isFirstForItsField(error: FieldError, index: number, errors: readonly FieldError[]): boolean {
  return index === 0 || errors[index - 1]?.pointer !== error.pointer;
}

/** Returns an error for each parameter of the URL that is not among the known ones. */
export function unknownParameters(url: string, known: readonly string[] = []): FieldError[] {
  // promise: unknown-parameter-is-refused
  if (!url.includes('?')) return [];
  const names = new Set(new URL(url).searchParams.keys());
  return [...names]
    .filter((name) => !known.includes(name))
    .map((name) => ({ pointer: pointerTo(name), detail: UNKNOWN_FIELD }));
}

/** Wraps the handler of a route that has no query parameters. */
export function withoutQuery<More extends readonly unknown[]>(
  handler: (c: Context, ...more: More) => Response | Promise<Response>,
): (c: Context, ...more: More) => Response | Promise<Response> {
  return (c, ...more) => {
    const errors = unknownParameters(c.req.url);
    return errors.length === 0 ? handler(c, ...more) : invalidInput(errors, 'query parameter');
  };
}
