// JSON Pointers (RFC 6901) as profiles use them: to find a value in an answer and to place one in a request.

import jsonpointer from 'jsonpointer';
import { isJsonObject, type Json, type JsonObject } from '../execution/json.ts';

const SYNTAX = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** Whether it is a pointer that reads the same everywhere: names that every JavaScript object inherits are not allowed in it. */
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

/** What a valid pointer of a profile leads to; null when it leads nowhere. "" is the whole document. */
export function find(document: Json, pointer: string): Json {
  if (pointer === '') return document;
  // The package throws on anything that has no members.
  if (typeof document !== 'object' || document === null) return null;
  return (compiled(pointer).get(document) as Json | undefined) ?? null;
}

/** Compiled once: profiles have a few, and every answer and every callback is read by them. */
const COMPILED = new Map<string, Compiled>();
type Compiled = ReturnType<typeof jsonpointer.compile>;

function compiled(pointer: string): Compiled {
  const known = COMPILED.get(pointer) ?? jsonpointer.compile(pointer);
  COMPILED.set(pointer, known);
  return known;
}

/**
 * A document in which `change` was applied to what the pointer leads to, made of objects all the way: whatever else stood in
 * the way is replaced. Only the objects along the way are copied, the given ones stay as they are. (The package's `set` would
 * write into them.)
 */
export function change(
  document: Json | undefined,
  [segment, ...rest]: readonly string[],
  update: (existing: Json | undefined) => Json,
): Json {
  if (segment === undefined) return update(document);
  const object: JsonObject = isJsonObject(document) ? document : {};
  const existing = Object.hasOwn(object, segment) ? object[segment] : undefined;
  return { ...object, [segment]: change(existing, rest, update) };
}
