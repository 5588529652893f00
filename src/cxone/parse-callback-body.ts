// Parses a callback body into a JSON document, regardless of its content type: JSON, a form, or a form with JSON in a field.

import { type Json, parseJson } from '../execution/json.ts';
import { reasonOf } from '../lib/log.ts';
import { parseForm } from './parse-form.ts';

export type ParsedBody =
  | { readonly type: 'read'; readonly document: Json }
  /** The reason quotes nothing: a body may contain personal data. */
  | { readonly type: 'unreadable'; readonly reason: string };

/** @param formField the field of a form that contains the document; null: the form itself is the document */
export function parseCallbackBody(text: string, contentType: string | null, formField: string | null): ParsedBody {
  if (text.trim() === '') return unreadable('the body is empty');
  let trouble: string;
  try {
    return read(parseJson(text));
  } catch (error) {
    trouble = reasonOf(error).includes('deeper') ? 'JSON nested too deeply' : 'not JSON';
  }
  const unencoded = formField === null ? null : unencodedJson(text, formField);
  // promise: unencoded-form-json
  if (unencoded !== null) return read(unencoded);
  const form = looksLikeForm(text, contentType) ? parseForm(text, contentType) : null;
  if (form === null) return unreadable(`the body is ${trouble} and not a form`);
  if (formField === null) return read(form);
  const field = asDocument(Object.hasOwn(form, formField) ? form[formField] : null);
  return field === null ? unreadable(`the body is a form, and its field "${formField}" holds no JSON`) : read(field);
}

/** Scripts send `payload=` followed by unencoded JSON. Decoding it as a form would change each `&`, `+` and `%`. */
function unencodedJson(text: string, field: string): Json {
  const rest = text.startsWith(`${field}=`) ? text.slice(field.length + 1) : '';
  return /^\s*[[{]/.test(rest) ? asDocument(rest) : null;
}

/** The form parser returns text for everything but objects and lists. */
function asDocument(value: Json | undefined): Json {
  if (typeof value !== 'string') return value ?? null;
  try {
    return parseJson(value);
  } catch {
    return null;
  }
}

function looksLikeForm(text: string, contentType: string | null): boolean {
  return (
    /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(contentType ?? '') ||
    /^[^\s=&{[<"][^\s=&<"]*=/.test(text)
  );
}

function read(document: Json): ParsedBody {
  return { type: 'read', document };
}

function unreadable(reason: string): ParsedBody {
  return { type: 'unreadable', reason };
}
