// Parses HTML forms into a JSON document: urlencoded (WHATWG URL) and multipart/form-data (RFC 7578).

import { type Json, type JsonObject, parseJson } from '../execution/json.ts';

/** Returns the first field of each name; null if the text is not such a form. */
export function parseForm(text: string, contentType: string | null): JsonObject | null {
  const boundary = contentType === null ? null : boundaryOf(contentType);
  const fields = boundary === null ? urlencodedFields(text) : multipartFields(text, boundary);
  if (fields === null) return null;
  const document = new Map<string, Json>();
  for (const [name, value] of fields) if (!document.has(name)) document.set(name, fieldValue(value));
  // fromEntries defines own properties, so a field named __proto__ is harmless.
  return Object.fromEntries(document);
}

function urlencodedFields(text: string): [string, string][] | null {
  const fields = [...new URLSearchParams(text)];
  // Bytes outside UTF-8 become replacement characters: their values are lost.
  const damaged = fields.some((field) => field.join().includes('\uFFFD')) && !/%EF%BF%BD|\uFFFD/i.test(text);
  return damaged ? null : fields;
}

/** Parses objects and arrays in JSON; any other text stays text. */
function fieldValue(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function boundaryOf(contentType: string): string | null {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

function multipartFields(text: string, boundary: string): [string, string][] | null {
  // The first delimiter has a line break before it only after a preamble; the last is followed by two hyphens.
  const parts = `\r\n${text}`.split(`\r\n--${boundary}`);
  if (parts.length < 3 || !parts.at(-1)?.startsWith('--')) return null;
  return parts.slice(1, -1).flatMap((part) => {
    const headEnd = part.indexOf('\r\n\r\n');
    const name = /^content-disposition:.*?[;\s]name="([^"]*)"/im.exec(part.slice(0, Math.max(0, headEnd)))?.[1];
    return name === undefined ? [] : [[name, part.slice(headEnd + 4)] satisfies [string, string]];
  });
}
