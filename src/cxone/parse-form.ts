// Parses HTML forms: urlencoded (WHATWG URL) and multipart/form-data (RFC 7578), in the charset that they name.

import type { Json, JsonObject } from '../execution/json.ts';
import { charsetOf, createDecoder, type TextBytesDecoder } from '../lib/http/decode-text.ts';
import { nestFields } from './nest-fields.ts';
import { parseTolerantJson } from './tolerant-json.ts';

/** Each further field costs time, and no callback needs more. */
const MAX_FIELDS = 10_000;

export class TooManyFields extends Error {
  override readonly name = 'TooManyFields';
  override readonly message = `the form has more than ${MAX_FIELDS} fields`;
}

export type FormField = readonly [name: string, value: string];

export interface ParsedForm {
  readonly document: JsonObject;
  readonly nonFinite: readonly string[];
}

/**
 * Parses a form whose names make nested members. Returns null if the bytes are not a form.
 * @param literal names that stay as they are, because a pointer spells them
 * @throws {TooManyFields}
 */
export function parseForm(
  bytes: Uint8Array,
  contentType: string | null,
  literal: (name: string) => boolean,
): ParsedForm | null {
  const fields = formFields(bytes, contentType);
  if (fields === null) return null;
  const nonFinite: string[] = [];
  const valued = fields.map(([name, text]) => {
    const { value, nonFinite: found } = fieldValue(text);
    nonFinite.push(...found.map((pointer) => `${name}: ${pointer}`));
    return [name, value] as const;
  });
  return { document: nestFields(valued, literal), nonFinite };
}

/** Parses objects and arrays in JSON; any other text stays text. */
export function fieldValue(text: string): { readonly value: Json; readonly nonFinite: readonly string[] } {
  if (!/^\s*[[{]/.test(text)) return { value: text, nonFinite: [] };
  try {
    return parseTolerantJson(text);
  } catch {
    return { value: text, nonFinite: [] };
  }
}

/** Returns the fields in their order; null if the bytes are not a form. @throws {TooManyFields} */
export function formFields(bytes: Uint8Array, contentType: string | null): readonly FormField[] | null {
  const boundary = contentType === null ? null : boundaryOf(contentType);
  return boundary === null ? urlencodedFields(bytes, contentType) : multipartFields(bytes, contentType, boundary);
}

function urlencodedFields(bytes: Uint8Array, contentType: string | null): FormField[] | null {
  const parts = latin1(bytes)
    .replace(/^\xef\xbb\xbf/, '')
    .split('&', MAX_FIELDS + 1);
  if (parts.length > MAX_FIELDS) throw new TooManyFields();
  const pairs = parts
    .filter((part) => part !== '')
    .map((part) => {
      const end = part.indexOf('=');
      return end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
    });
  const charset = charsetOf(contentType) ?? pairs.find(([name]) => name === '_charset_')?.[1] ?? 'utf-8';
  const decoder = decoderFor(charset);
  const fields = pairs.map(([name = '', value = '']) => [unescaped(name, decoder), unescaped(value, decoder)]);
  return fields.every((field): field is [string, string] => !field.includes(null)) ? fields : null;
}

/** Returns null for bytes that are not in the charset: their values are lost. */
function unescaped(raw: string, decoder: TextBytesDecoder): string | null {
  const plain = raw.replaceAll('+', ' ');
  if (!/[%\x80-\xff]/.test(plain)) return plain;
  return decoder.decode(
    Buffer.from(
      plain.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ),
  );
}

/** Forms in UTF-16 were transcoded to UTF-8 before. */
function decoderFor(charset: string): TextBytesDecoder {
  const decoder = createDecoder(/^utf-?16/i.test(charset) ? 'utf-8' : charset) ?? createDecoder('utf-8');
  if (decoder === null) throw new TypeError('UTF-8 is missing');
  return decoder;
}

function boundaryOf(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

function multipartFields(bytes: Uint8Array, contentType: string | null, boundary: string): FormField[] | null {
  // The first delimiter has a line break before it only after a preamble; the last is followed by two hyphens.
  const delimiter = `\r\n--${latin1(Buffer.from(boundary))}`;
  const parts = `\r\n${latin1(bytes)}`.split(delimiter, MAX_FIELDS + 3);
  if (parts.length > MAX_FIELDS + 2) throw new TooManyFields();
  if (parts.length < 3 || !parts.at(-1)?.startsWith('--')) return null;
  const raw = parts.slice(1, -1).flatMap((part) => {
    const headEnd = part.indexOf('\r\n\r\n');
    const head = part.slice(0, Math.max(0, headEnd));
    const name = /^content-disposition:.*?[;\s]name="([^"]*)"/im.exec(head)?.[1];
    const charset = charsetOf(/^content-type:(.*)$/im.exec(head)?.[1] ?? null);
    return name === undefined ? [] : [{ name, charset, value: part.slice(headEnd + 4) }];
  });
  // RFC 7578, section 4.6.
  const common = charsetOf(contentType) ?? raw.find(({ name }) => name === '_charset_')?.value ?? 'utf-8';
  const fields = raw.map(({ name, charset, value }) => [
    decoderFor(common).decode(Buffer.from(name, 'latin1')),
    decoderFor(charset ?? common).decode(Buffer.from(value, 'latin1')),
  ]);
  return fields.every((field): field is [string, string] => !field.includes(null)) ? fields : null;
}

/** Each character is one byte, so that delimiters are found in any charset that contains ASCII. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
