// Parses the text of a body into the document that the pointers of a profile refer to: JSON, XML, or JSON in a JSON string.

import type { RawBody } from '../execution/event.ts';
import { type Json, JsonTooDeep, parseJson } from '../execution/json.ts';
import { findFirst, pointerTo } from './json-pointer.ts';
import { parseXml } from './parse-xml.ts';
import type { DocumentRules } from './profile/schema-parts.ts';
import { DocumentError, parseTolerantJson, type TolerantJson } from './tolerant-json.ts';

/** JSON in a string in a string: some gateways encode twice. */
export const MAX_WRAPPINGS = 3;

/** @throws {SyntaxError} if the text is neither JSON nor, where the rules allow it, XML */
export function parseDocument(text: string, rules: DocumentRules): TolerantJson {
  return unwrapDocument(parseText(text, rules), rules);
}

/** Returns the document in the text at the first `document` pointer that leads to a value; without one, the whole document. */
export function unwrapDocument(whole: TolerantJson, rules: DocumentRules): TolerantJson {
  let { value, nonFinite } = whole;
  const found = findFirst(value, rules.document);
  // promise: json-in-json
  if (found === null) return whole;
  value = found;
  for (let count = 0; typeof value === 'string' && count < MAX_WRAPPINGS; count += 1) {
    const inner: TolerantJson = parseInner(value, rules);
    value = inner.value;
    nonFinite = [...nonFinite, ...inner.nonFinite];
  }
  return { value, nonFinite };
}

function parseInner(text: string, rules: DocumentRules): TolerantJson {
  try {
    return parseText(text, rules);
  } catch (error) {
    if (error instanceof DocumentError || error instanceof JsonTooDeep) throw error;
    throw new DocumentError('the body has a text that is not JSON where "document" of the profile points');
  }
}

function parseText(text: string, { xml }: DocumentRules): TolerantJson {
  if (xml && /^\s*</.test(text)) return { value: parseXml(text), nonFinite: [] };
  return parseTolerantJson(text);
}

/** Returns the pointer to the first member whose text looks like JSON, which `document` could name; null without one. */
export function wrappedDocumentAt(document: Json): string | null {
  if (typeof document === 'string') return looksLikeJson(document) ? '' : null;
  if (typeof document !== 'object' || document === null) return null;
  const [name] = Object.entries(document).find(([, value]) => typeof value === 'string' && looksLikeJson(value)) ?? [];
  return name === undefined ? null : pointerTo([name]);
}

function looksLikeJson(text: string): boolean {
  return /^\s*\{\s*"/.test(text);
}

/** A JSON object or list that parses is complete, although the end of its response was lost. Nothing else shows its own end. */
export function isCompleteDocument({ bytes }: RawBody): boolean {
  try {
    const value = parseJson(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
