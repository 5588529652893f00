// Extracts the message of an error response in any of its formats: OAuth's, an API's, or the HTML page of a proxy.

import type { RawBody } from '../execution/event.ts';
import { isJsonObject, type Json, parseJson, scalarText } from '../execution/json.ts';
import { decodeText } from '../lib/http/decode-text.ts';
import { excerpt } from '../lib/http/excerpt.ts';

/** Members with a message, the most specific first: OAuth 2.0 (RFC 6749, section 5.2) and those that CXone's own APIs use. */
const MEMBERS = ['error_description', 'errorDescription', 'message', 'error', 'details', 'errors'];

/** Returns a short line without secrets; empty if the response has no message. A body in another charset than it names says so. */
export function errorMessageIn({ bytes, contentType }: RawBody, secrets: readonly string[]): string {
  const decoded = decodeText(bytes, contentType);
  const text = decoded.type === 'text' ? decoded.text : new TextDecoder().decode(bytes);
  const words = wordsOfJson(text) ?? wordsOfHtml(text) ?? text;
  const line = excerpt(new TextEncoder().encode(words), secrets);
  return decoded.type === 'text' ? line : `${line} (${decoded.reason})`.trim();
}

/** Returns what the messages of a document say, without secrets and without other members; empty if it has none. */
export function messageIn(document: Json, secrets: readonly string[]): string {
  if (!isJsonObject(document)) return '';
  const { error = null } = document;
  const words = wordsIn(document) ?? (error === null ? '' : JSON.stringify(error));
  return excerpt(new TextEncoder().encode(words), secrets);
}

/** Returns the title of an HTML page without secrets, empty if it has none; null for another format. */
export function titleOfPage({ bytes, contentType }: RawBody, secrets: readonly string[]): string | null {
  const decoded = decodeText(bytes, contentType);
  const text = decoded.type === 'text' ? decoded.text : new TextDecoder().decode(bytes);
  if (!isPage(text)) return null;
  return excerpt(new TextEncoder().encode(withoutEntities(titleIn(text))), secrets);
}

function wordsOfJson(text: string): string | null {
  try {
    return wordsIn(parseJson(text));
  } catch {
    return null;
  }
}

function wordsIn(value: Json | undefined): string | null {
  if (Array.isArray(value)) return firstOf(value);
  if (!isJsonObject(value)) return scalarText(value)?.trim() || null;
  return firstOf(MEMBERS.filter((member) => Object.hasOwn(value, member)).map((member) => value[member]));
}

function firstOf(values: readonly (Json | undefined)[]): string | null {
  for (const value of values) {
    const words = wordsIn(value);
    if (words !== null) return words;
  }
  return null;
}

/** Returns the title of an HTML page, else its text; null for an empty page or another format. */
function wordsOfHtml(text: string): string | null {
  if (!isPage(text)) return null;
  return (
    [titleIn(text), visibleText(text)].map((part) => withoutEntities(part).trim()).find((part) => part !== '') ?? null
  );
}

function isPage(text: string): boolean {
  return /^\s*<(?:!doctype html|html|head|body|\?xml)/i.test(text);
}

function titleIn(text: string): string {
  return /<title[^<>]*>([^<]*)<\/title/i.exec(text)?.[1] ?? '';
}

/** Returns the text outside tags, heads, scripts and styles. One pass, since a page may be large and hostile. */
function visibleText(html: string): string {
  let hidden: string | null = null;
  const texts: string[] = [];
  for (const part of html.split('<').slice(1)) {
    const tag = /^\/?[a-z]+/i.exec(part)?.[0].toLowerCase() ?? '';
    if (hidden === null && /^(?:script|style|head)$/.test(tag)) hidden = tag;
    else if (tag === `/${hidden}`) hidden = null;
    const end = part.indexOf('>');
    if (hidden === null && end >= 0) texts.push(part.slice(end + 1));
  }
  return texts.join(' ');
}

const ENTITIES: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** Decodes entities, so that a secret that a page repeats is found. */
function withoutEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,5}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Returns what a response without success means, before its own words. */
export function statusMessage(what: string, httpStatus: number): string {
  if (httpStatus !== 407) return `CXone answered ${what}${httpStatus}`;
  return `a proxy answered ${what}407: it requires credentials; set them in CXONE_PROXY, as http://user:password@host:port`;
}
