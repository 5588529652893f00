// Parses the bytes of a JSON body, whole or with the items of a list by themselves, and states where they are not JSON.

import { isJsonObject, type Json, type JsonObject, parseJson } from '../../execution/json.ts';
import type { Span } from './json-meter.ts';

export type ParsedBody =
  | { readonly type: 'parsed'; readonly value: Json }
  /** The detail of the problem. */
  | { readonly type: 'malformed'; readonly detail: string };

export type ParsedItems =
  /** `itemBytes`: the sizes of the items as they were sent. */
  | { readonly type: 'parsed'; readonly value: Json; readonly itemBytes: readonly number[] }
  | Extract<ParsedBody, { type: 'malformed' }>;

export function parseBody(bytes: Uint8Array, levels: number): ParsedBody {
  try {
    return { type: 'parsed', value: parseJson(utf8.decode(bytes), levels) };
  } catch (error) {
    return malformed(error, levels, { bytes, span: { start: 0, end: 0 } });
  }
}

/** Parses a document whose list `name` has its items at the measured places: an error in one names its place in the body. */
export function parseItems(bytes: Uint8Array, items: readonly Span[], name: string, levels: number): ParsedItems {
  const spans = items.filter((span) => !isBlank(bytes, span));
  let span: Span | null = null;
  try {
    const document = parseJson(utf8.decode(skeletonOf(bytes, spans)), levels);
    const values = spans.map((each) => {
      span = each;
      return parseJson(utf8.decode(bytes.subarray(each.start, each.end)), levels - 2);
    });
    if (!isJsonObject(document) || !Array.isArray(document[name]))
      return { type: 'parsed', value: document, itemBytes: [] };
    const places = document[name] as number[];
    const found = places.map((place) => values[place] as Json);
    const itemBytes = places.map((place) => sizeOf(spans[place]));
    return { type: 'parsed', value: { ...document, [name]: found } satisfies JsonObject, itemBytes };
  } catch (error) {
    return malformed(error, levels, { bytes, span });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The document in which the position of each item replaces the item. */
function skeletonOf(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const [position, { start, end }] of spans.entries()) {
    parts.push(bytes.subarray(copied, start), Buffer.from(String(position)));
    copied = end;
  }
  parts.push(bytes.subarray(copied));
  return Buffer.concat(parts);
}

function sizeOf(span: Span | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}

/** Returns whether there is nothing but white space (RFC 8259, section 2), as in an empty list. */
function isBlank(bytes: Uint8Array, { start, end }: Span): boolean {
  for (let at = start; at < end; at += 1) if (![0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] as number)) return false;
  return true;
}

/** Where a text that was parsed by itself begins in its body. */
interface Place {
  readonly bytes: Uint8Array;
  /** Null: in the text around the items, whose places are not those of the body. */
  readonly span: Span | null;
}

function malformed(error: unknown, levels: number, place: Place): Extract<ParsedBody, { type: 'malformed' }> {
  return { type: 'malformed', detail: detailOf(error, levels, place) };
}

function detailOf(error: unknown, levels: number, { bytes, span }: Place): string {
  if (!(error instanceof SyntaxError)) return 'The body is not UTF-8 text.';
  if (error.message.includes('nested')) return tooDeep(levels);
  // The parser's message may quote the body.
  const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [];
  if (line === undefined || span === null) return 'The body is not valid JSON.';
  return `The body is not valid JSON: look at ${inBody(bytes.subarray(0, span.start), Number(line), Number(column))}.`;
}

export function tooDeep(levels: number): string {
  return `The JSON is nested too deeply; ${levels} levels are allowed.`;
}

/** Returns a place in an item as a place in the body. */
function inBody(precedingBytes: Uint8Array, line: number, column: number): string {
  const before = Buffer.from(precedingBytes).toString('latin1').split('\n');
  const columns = line === 1 ? (before.at(-1)?.length ?? 0) : 0;
  return `line ${before.length - 1 + line} column ${columns + column}`;
}
