// Recorded bodies: parsed in any format, written in the same format with stripped values. Pure.

import { type Json, type JsonObject, parseJson, scalarText } from '../../execution/json.ts';
import { decodeText } from '../../lib/http/decode-text.ts';
import { change, segmentsOf } from '../json-pointer.ts';
import { isLargeBody } from '../large-bodies/is-large-body.ts';
import { fieldValue, formFields } from '../parse-form.ts';
import { createJsonScanner } from '../scan-json.ts';
import { type StripRules, stripValues } from './strip-values.ts';

/** Null: empty or unreadable. */
export type RecordedBody = { readonly kind: 'json' | 'form' | 'plain' | 'page'; readonly value: Json } | null;

/** Bytes of a word or an id at most. */
const MAX_TELLING_BYTES = 1024;

/** Of a large body, only the values at the `telling` pointers are read: callbacks would wait for the rest. */
export function parseBody(bytes: Uint8Array, contentType: string | null, telling: readonly string[]): RecordedBody {
  // promise: large-body-is-recorded-in-part
  if (isLargeBody(bytes)) return tellingParts(bytes, telling);
  const decoded = decodeText(bytes, contentType);
  if (decoded.type === 'unreadable' || decoded.text.trim() === '') return null;
  const { text } = decoded;
  try {
    return { kind: 'json', value: parseJson(text) };
  } catch {
    if (/^application\/x-www-form-urlencoded|^multipart\/form-data/i.test(contentType ?? '')) {
      const form = parseFlatForm(bytes, contentType);
      if (form !== null) return { kind: 'form', value: form };
    }
    return /[\s<>{}"]/.test(text.trim()) ? { kind: 'page', value: null } : { kind: 'plain', value: text.trim() };
  }
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
  switch (body.kind) {
    case 'page':
      return /html/i.test(mimeType) ? '<!doctype html><title>text</title>' : 'some text';
    case 'plain':
      return String(stripValues(body.value, rules));
    case 'json':
      return JSON.stringify(stripValues(body.value, rules));
    case 'form':
      return formText(stripValues(body.value, rules));
    default:
      return body.kind satisfies never;
  }
}

function formText(document: Json): string {
  const fields = Object.entries(document as JsonObject);
  return encodeForm(fields.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
}

export function encodeForm(fields: [string, string][]): string {
  return new URLSearchParams(fields).toString();
}
