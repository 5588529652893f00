// Parses a callback body into a JSON document, regardless of its content type: JSON, XML, a form, or a form with JSON in a field.

import { type Json, JsonTooDeep } from '../execution/json.ts';
import { decodeText } from '../lib/http/decode-text.ts';
import { segmentsOf } from './json-pointer.ts';
import { parseDocument, unwrapDocument } from './parse-document.ts';
import { type ParsedForm, parseForm, TooManyFields } from './parse-form.ts';
import type { Profile } from './profile/profile.ts';
import { DocumentError, type TolerantJson } from './tolerant-json.ts';

export type ParsedBody =
  | {
      readonly type: 'read';
      readonly document: Json;
      readonly nonFinite: readonly string[];
      /** The document comes from the names of form fields, where a repeated name makes a list. */
      readonly isForm: boolean;
    }
  /** JSON that is nested too deeply to be parsed. */
  | { readonly type: 'too-deep'; readonly json: string }
  /** The reason quotes nothing: a body may contain personal data. */
  | { readonly type: 'unreadable'; readonly reason: string };

type Rules = Profile['callback'];

export function parseCallbackBody(bytes: Uint8Array, contentType: string | null, rules: Rules): ParsedBody {
  try {
    return parseBody(bytes, contentType, rules);
  } catch (error) {
    if (error instanceof DeepText) return { type: 'too-deep', json: error.json };
    throw error;
  }
}

/** Ends the parsing of a body with JSON that is nested too deeply. */
class DeepText extends Error {
  readonly json: string;

  constructor(json: string) {
    super('JSON is nested too deeply');
    this.json = json;
  }
}

/** @throws {DeepText} */
function parseBody(bytes: Uint8Array, contentType: string | null, rules: Rules): ParsedBody {
  if (bytes.length === 0) return unreadable('the body is empty');
  // The parts of a multipart form have charsets of their own.
  const multipart = isMultipart(contentType) ? parseFormBody(bytes, contentType, rules) : null;
  if (multipart !== null) return multipart;
  const decoded = decodeText(bytes, contentType);
  if (decoded.type === 'unreadable') return unreadable(decoded.reason);
  return parseCallbackText(bytes, decoded, contentType, rules);
}

function parseCallbackText(
  bytes: Uint8Array,
  { text, encoding }: { readonly text: string; readonly encoding: string },
  contentType: string | null,
  rules: Rules,
): ParsedBody {
  if (text.trim() === '') return unreadable('the body is empty');
  try {
    return read(parseDocument(text, rules));
  } catch (error) {
    if (error instanceof DocumentError) return unreadable(error.message);
    if (error instanceof JsonTooDeep) throw new DeepText(text);
  }
  const unencoded = rules.formField === null ? null : unencodedJson(text, rules.formField, rules);
  // promise: unencoded-form-json
  if (unencoded !== null) return read(unencoded);
  const raw = encoding.startsWith('utf-16') ? new TextEncoder().encode(text) : bytes;
  const form = looksLikeForm(text, contentType) ? parseFormBody(raw, contentType, rules) : null;
  return form ?? unreadable(`the body is not JSON and not a form${xmlHint(text, rules)}`);
}

function xmlHint(text: string, { xml }: Rules): string {
  return /^\s*<[?\w]/.test(text) && !xml ? '; XML needs "xml": true in "callback" of the profile' : '';
}

/** Returns null if the bytes are not a form. */
function parseFormBody(bytes: Uint8Array, contentType: string | null, rules: Rules): ParsedBody | null {
  let form: ParsedForm | null;
  try {
    form = parseForm(bytes, contentType, (name) => literalNames(rules).has(name));
  } catch (error) {
    if (error instanceof TooManyFields) return unreadable(error.message);
    throw error;
  }
  if (form === null) return null;
  const { document, nonFinite } = form;
  const { formField } = rules;
  if (formField === null) return formDocument(form, rules);
  const field = Object.hasOwn(document, formField) ? first(document[formField]) : null;
  const inner = asDocument(field, rules);
  return inner === null
    ? unreadable(`the body is a form, and its field "${formField}" holds no JSON`)
    : read({ value: inner.value, nonFinite: [...nonFinite, ...inner.nonFinite] });
}

function formDocument({ document, nonFinite }: ParsedForm, rules: Rules): ParsedBody {
  try {
    const whole = unwrapDocument({ value: document, nonFinite }, rules);
    return read(whole, whole.value === document);
  } catch {
    return read({ value: document, nonFinite }, true);
  }
}

/** The names of fields that pointers of the profile spell as they are, for example "/result.amount". */
const LITERAL_NAMES = new WeakMap<Rules, ReadonlySet<string>>();

function literalNames(rules: Rules): ReadonlySet<string> {
  const known = LITERAL_NAMES.get(rules);
  if (known !== undefined) return known;
  const { executionId, status, result, error, document, formField } = rules;
  const pointers = [executionId, status, result, error, document].flat().filter((pointer) => pointer !== null);
  const names = new Set([...pointers.flatMap((pointer) => segmentsOf(pointer).slice(0, 1)), formField ?? '']);
  LITERAL_NAMES.set(rules, names);
  return names;
}

/** Scripts send `payload=` followed by unencoded JSON. Decoding it as a form would change each `&`, `+` and `%`. */
function unencodedJson(text: string, field: string, rules: Rules): TolerantJson | null {
  const rest = text.startsWith(`${field}=`) ? text.slice(field.length + 1) : '';
  return /^\s*[[{]/.test(rest) ? asDocument(rest, rules) : null;
}

/** The form parser returns text for everything but objects and lists. */
function asDocument(value: Json, rules: Rules): TolerantJson | null {
  try {
    if (typeof value === 'string') return parseDocument(value, rules);
    return value === null ? null : unwrapDocument({ value, nonFinite: [] }, rules);
  } catch (error) {
    if (error instanceof JsonTooDeep && typeof value === 'string') throw new DeepText(value);
    return null;
  }
}

function first(value: Json | undefined): Json {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function isMultipart(contentType: string | null): boolean {
  return /^multipart\/form-data\b/i.test(contentType ?? '');
}

function looksLikeForm(text: string, contentType: string | null): boolean {
  return (
    isMultipart(contentType) ||
    /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '') ||
    /^[^\s=&{[<"][^\s=&<"]*=/.test(text)
  );
}

function read({ value, nonFinite }: TolerantJson, isForm = false): ParsedBody {
  return { type: 'read', document: value, nonFinite, isForm };
}

function unreadable(reason: string): ParsedBody {
  return { type: 'unreadable', reason };
}
