// JSON Pointers (RFC 6901) of profiles: find a value in a response, place a value in a request.

import jsonpointer from 'jsonpointer';
import { isJsonObject, type Json, type JsonObject, LargeJson } from '../execution/json.ts';

/** Pointers in the order in which they are tried; null: none. */
export type Pointers = string | readonly string[] | null;

const SYNTAX = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** Returns whether a text is a valid pointer. Names that every JavaScript object inherits are not allowed. */
export function isPointer(text: string): boolean {
  return SYNTAX.test(text) && segmentsOf(text).every((segment) => !(segment in Object.prototype));
}

export function segmentsOf(pointer: string): string[] {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerTo(segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Returns the value at a valid pointer; null if there is none. "" is the whole document. */
export function find(document: Json, pointer: string): Json {
  if (pointer === '') return document;
  // The package throws on values without members.
  if (typeof document !== 'object' || document === null) return null;
  const given = LargeJson.is(document) ? (document.parsed() as JsonObject) : document;
  return (compiled(pointer).get(given) as Json | undefined) ?? null;
}

/** Returns the value at the first of these pointers that leads to one; null without one. */
export function findFirst(document: Json, pointers: Pointers): Json {
  if (pointers === null) return null;
  if (typeof pointers === 'string') return find(document, pointers);
  for (const pointer of pointers) {
    const found = find(document, pointer);
    if (found !== null) return found;
  }
  return null;
}

/** Compiled once: profiles have a few, and every response and callback is read with them. */
const COMPILED = new Map<string, Compiled>();
type Compiled = ReturnType<typeof jsonpointer.compile>;

function compiled(pointer: string): Compiled {
  const known = COMPILED.get(pointer) ?? jsonpointer.compile(pointer);
  COMPILED.set(pointer, known);
  return known;
}

/**
 * Returns a document with `update` applied at the pointer. Anything but an object on the path is replaced by one. Objects on
 * the path are copied, the given ones stay unchanged. (The package's `set` would modify them.)
 */
export function change(
  document: Json | undefined,
  [segment, ...rest]: readonly string[],
  update: (existing: Json | undefined) => Json,
): Json {
  if (segment === undefined) return update(document);
  const given = LargeJson.is(document) ? document.parsed() : document;
  const object: JsonObject = isJsonObject(given) ? given : {};
  const existing = Object.hasOwn(object, segment) ? object[segment] : undefined;
  return { ...object, [segment]: change(existing, rest, update) };
}
