// Building blocks of the profile's schema: texts, pointers, headers and URL templates, each with its own message.

import * as v from 'valibot';
import { isPointer, type Pointers } from '../json-pointer.ts';
import { type Root, templateProblems } from '../url-template.ts';

export const text = v.pipe(
  v.string('must be a text'),
  v.check((value) => value.trim() !== '', 'must not be empty'),
);

const POINTER = 'a JSON Pointer (RFC 6901), for example "/status", or "" for the whole document';
export const pointer = v.pipe(v.string(`must be ${POINTER}`), v.check(isPointer, `must be ${POINTER}`));
export const maybePointer = v.nullable(
  v.pipe(v.string(`must be ${POINTER}, or null`), v.check(isPointer, `must be ${POINTER}, or null`)),
);

const PLACES =
  'must be a JSON Pointer (RFC 6901), for example "/status", or a list of them of which the first that leads somewhere counts';
const place = v.pipe(v.string(PLACES), v.check(isPointer, PLACES));
export const places = v.union([place, v.pipe(v.array(place), v.minLength(1, PLACES))], PLACES);
export const maybePlaces = v.nullable(places);

/** How the document is found in a body, besides plain JSON. */
export const documentRules = {
  /** Where a text in the body contains the document as JSON or XML; null: the body is the document. */
  document: v.optional(maybePlaces, null),
  /** Whether a body may be XML. */
  xml: v.optional(v.boolean('must be true or false'), false),
};

export interface DocumentRules {
  readonly document: Pointers;
  readonly xml: boolean;
}

/** Headers that the receiver or the connection sets. */
const TAKEN_HEADERS =
  /^(?:authorization|accept|content-.*|host|connection|transfer-encoding|cookie|expect|te|upgrade|traceparent|tracestate)$/i;
const HEADER = 'must be the name of an HTTP header that is free to use, or null for none';
export const maybeHeader = v.nullable(v.pipe(v.string(HEADER), v.check(isHeaderName, HEADER)));

/** Returns whether a name is that of an HTTP header that neither the receiver nor the connection sets. */
export function isHeaderName(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !TAKEN_HEADERS.test(name);
}

export function template(allowed: readonly string[], required: readonly string[], roots: readonly Root[] = ['base']) {
  return v.pipe(
    v.string(`must be a URL template, for example "{${roots[0]}}/path"`),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const message of templateProblems(dataset.value, allowed, required, roots)) addIssue({ message });
    }),
  );
}

export function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.object(entries, (issue) => (issue.expected === 'Object' ? 'must be an object' : 'is missing'));
}

/** Returns the schema of an object with any names. Valibot's record() alone makes an object with the keys 0, 1, … of a list. */
export function record<const Value extends v.GenericSchema>(value: Value, message: string) {
  const noList = v.custom<Readonly<Record<string, unknown>>>((input) => !Array.isArray(input), message);
  return v.pipe(noList, v.record(v.string(), value, message));
}

export function oneOf<const Options extends readonly [string, string, ...string[]]>(options: Options) {
  return v.picklist(options, `must be one of ${options.map((option) => `"${option}"`).join(', ')}`);
}

/** Pointers to the outcome in a response. */
export const outcomePointers = { result: maybePointer, error: maybePointer };
