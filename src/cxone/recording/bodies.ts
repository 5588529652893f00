// Recorded bodies: parsed in any format, written in the same format with stripped values. Pure.

import { type Json, type JsonObject, parseJson } from '../../execution/json.ts';
import { decodeText } from '../../lib/http/decode-text.ts';
import { fieldValue, formFields } from '../parse-form.ts';
import { type StripRules, stripValues } from './strip-values.ts';

/** Null: empty or unreadable. */
export type RecordedBody = { readonly kind: 'json' | 'form' | 'plain' | 'page'; readonly value: Json } | null;

export function parseBody(bytes: Uint8Array, contentType: string | null): RecordedBody {
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
