// Recorded bodies: parsed in any format, written in the same format with stripped values. Pure.

import { type Json, type JsonObject, parseJson, scalarText } from '../../execution/json.ts';
import { decodeText } from '../../lib/http/decode-text.ts';
import { change, find, pointerTo, segmentsOf } from '../json-pointer.ts';
import { isLargeBody } from '../large-bodies/is-large-body.ts';
import { MAX_WRAPPINGS } from '../parse-document.ts';
import { fieldValue, formFields } from '../parse-form.ts';
import { parseXml } from '../parse-xml.ts';
import type { DocumentRules } from '../profile/schema-parts.ts';
import { createJsonScanner } from '../scan-json.ts';
import { writeXml } from '../write-xml.ts';
import { type StripRules, stripValues } from './strip-values.ts';

/** Null: empty or unreadable. */
export type RecordedBody = Parsed | null;

interface Parsed {
  readonly kind: 'json' | 'form' | 'plain' | 'page' | 'xml';
  readonly value: Json;
  /** The document inside of this one, to which the pointers of the profile refer. */
  readonly inner?: { readonly at: string; readonly body: Parsed };
}

/** Where the document is inside of a body. */
export interface RecordedRules extends DocumentRules {
  readonly formField?: string | null;
}

/** The body is the document. */
export const WHOLE_BODY: RecordedRules = { document: null, xml: false };

/** Bytes of a word or an id at most. */
const MAX_TELLING_BYTES = 1024;

/**
 * Parses a body, and the document inside of it where the rules of the profile look for one. Of a large body, only the values at the
 * `telling` pointers are read: callbacks would wait for the rest.
 */
export function parseBody(
  bytes: Uint8Array,
  contentType: string | null,
  { telling, document }: { readonly telling: readonly string[]; readonly document: RecordedRules },
): RecordedBody {
  // promise: large-body-is-recorded-in-part
  if (isLargeBody(bytes)) return tellingParts(bytes, telling);
  const decoded = decodeText(bytes, contentType);
  if (decoded.type === 'unreadable' || decoded.text.trim() === '') return null;
  const { text } = decoded;
  const parsed = parseText(text, document);
  if (parsed !== null) return withInner(parsed, document);
  if (/^application\/x-www-form-urlencoded|^multipart\/form-data/i.test(contentType ?? '')) {
    const form = parseFlatForm(bytes, contentType);
    if (form !== null) return withInner({ kind: 'form', value: form }, document);
  }
  return /[\s<>{}"]/.test(text.trim()) ? { kind: 'page', value: null } : { kind: 'plain', value: text.trim() };
}

/** Returns null if the text is neither JSON nor XML that the profile reads. */
function parseText(text: string, { xml }: DocumentRules): Parsed | null {
  try {
    if (xml && /^\s*</.test(text)) return { kind: 'xml', value: parseXml(text) };
    return { kind: 'json', value: parseJson(text) };
  } catch {
    return null;
  }
}

/** Adds the document in the first text at a `document` pointer, and the one in that text, as they are read. */
function withInner(body: Parsed, rules: RecordedRules, left = MAX_WRAPPINGS): Parsed {
  const field = body.kind === 'form' && rules.formField ? [pointerTo([rules.formField])] : [];
  const at = [...field, ...[rules.document ?? []].flat()].find((pointer) => find(body.value, pointer) !== null);
  const inner = at === undefined || left === 0 ? null : innerAt(body.value, at, rules);
  if (at === undefined || inner === null) return body;
  // Inside of the text, only a text is a further wrapping.
  const further = { ...rules, formField: null, document: typeof inner.value === 'string' ? '' : null };
  return { ...body, inner: { at, body: withInner(inner, further, left - 1) } };
}

function innerAt(value: Json, at: string, rules: RecordedRules): Parsed | null {
  const found = find(value, at);
  if (typeof found === 'string') return parseText(found, rules);
  return at === '' ? null : { kind: 'json', value: found };
}

/** Returns the document that the pointers of the profile refer to. */
export function documentOf(body: RecordedBody): Json {
  if (body === null) return null;
  return body.inner === undefined ? body.value : documentOf(body.inner.body);
}

/** Returns null if the body is not one JSON document. */
function tellingParts(bytes: Uint8Array, telling: readonly string[]): RecordedBody {
  const scanner = createJsonScanner(telling, MAX_TELLING_BYTES);
  scanner.write(bytes);
  const values = scanner.end();
  if (values === null) return { kind: 'page', value: null };
  let value: Json = {};
  for (const [pointer, { text, bytes: size }] of values) {
    const isKept = pointer !== '' && size <= MAX_TELLING_BYTES;
    if (isKept) value = change(value, segmentsOf(pointer), () => scalarIn(text));
  }
  return { kind: 'json', value };
}

/** The scan does not check what is inside of values. */
function scalarIn(text: Buffer): Json {
  try {
    const value = parseJson(text.toString());
    return typeof value === 'object' && scalarText(value) === null ? null : value;
  } catch {
    return null;
  }
}

/** Keeps the names of fields as they are; of fields with the same name, the first is kept. */
function parseFlatForm(bytes: Uint8Array, contentType: string | null): JsonObject | null {
  const fields = formFields(bytes, contentType);
  return fields && Object.fromEntries(fields.toReversed().map(([name, text]) => [name, fieldValue(text).value]));
}

/** Returns the body in its own format with stripped values. */
export function writeBody(body: RecordedBody, mimeType: string, rules: StripRules): string {
  if (body === null) return '';
  const value = strippedValue(body, mimeType, rules);
  switch (body.kind) {
    case 'page':
      return /html/i.test(mimeType) ? '<!doctype html><title>text</title>' : 'some text';
    case 'plain':
      return String(value);
    case 'json':
      return JSON.stringify(value);
    case 'xml':
      return writeXml(value);
    case 'form':
      return formText(value);
    default:
      return body.kind satisfies never;
  }
}

/** The pointers of the rules refer to the inner document, where there is one. */
function strippedValue({ value, inner }: Parsed, mimeType: string, rules: StripRules): Json {
  if (inner === undefined) return stripValues(value, rules);
  // promise: wrapped-document-is-recorded
  const text = writeBody(inner.body, mimeType, rules);
  const outer = { ...rules, payload: [inner.at], telling: [] };
  return change(stripValues(value, outer), segmentsOf(inner.at), () =>
    typeof find(value, inner.at) === 'string' ? text : parseJson(text),
  );
}

function formText(document: Json): string {
  const fields = Object.entries(document as JsonObject);
  return encodeForm(fields.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
}

export function encodeForm(fields: [string, string][]): string {
  return new URLSearchParams(fields).toString();
}
