// The building blocks of the schemas of bodies.

import * as v from 'valibot';
import { IDENTIFIER } from '../request/identifier.ts';

/** An id that an app chose. */
export const IDENTIFIER_TEXT = v.pipe(v.string(), v.regex(IDENTIFIER));

/** ISO 8601 in UTC, with milliseconds. */
export function time(description = 'A time.') {
  return v.pipe(v.string(), v.metadata({ format: 'date-time', description, examples: ['2026-01-31T12:00:00.000Z'] }));
}

export function count(description: string) {
  return v.pipe(v.number(), v.metadata({ type: 'integer', minimum: 0, description }));
}

export function milliseconds() {
  return v.pipe(v.number(), v.metadata({ type: 'integer', minimum: 0 }));
}

export function described<const S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

export function text(description: string) {
  return described(v.string(), description);
}

/** Any JSON. */
export function anything(description: string) {
  return described(v.unknown(), description);
}

export function nullable<const S extends v.GenericSchema>(schema: S, description: string) {
  return described(v.nullable(schema), description);
}
