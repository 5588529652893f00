// Lossless JSON: a number that a double does not write as it was received keeps its source text.

// ES2026 (JSON.parse source text access), in Node since 21; TypeScript's library does not know it yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: Json, context: { source?: string }) => Json): Json;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A stored or received document with more values stays text; see {@link LargeJson}. */
export const MAX_PARSED_VALUES = 2_000;

/** A longer document stays text, however few values it has: to look for tokens in it, and to write it, takes as long. */
export const MAX_PARSED_LENGTH = 64 * 1024;

/** Maximum nesting accepted from apps; deeper documents could exhaust the stack of recursive functions. */
export const MAX_JSON_DEPTH = 64;

/**
 * Numbers that JavaScript writes in another way than they were received: 16 digits or more, an exponent, a trailing zero after
 * the point, less than a millionth, negative zero. Texts may look alike.
 */
const MAY_LOSE_DIGITS = /(?:^|[\s:,[])(?:-0(?![.\d])|-?(?:[\d.]{16}|\d[\d.]*[eE]|\d+\.(?:\d*0(?!\d)|0{6})))/;

/**
 * Parses JSON text (RFC 8259) and keeps every digit of its numbers.
 * @throws {SyntaxError} if the text is not JSON; {@link JsonTooDeep} if it is nested deeper than `levels`.
 */
export function parseJson(text: string, levels = MAX_JSON_DEPTH): Json {
  // Check the depth first: a reviver recurses, plain parsing does not. A short document cannot be too deep.
  const value: Json = JSON.parse(text);
  if (text.length > 2 * levels && isDeeperThan(value, levels)) {
    throw new JsonTooDeep(levels);
  }
  // promise: numbers-keep-digits
  return MAY_LOSE_DIGITS.test(text) ? readJson(text) : value;
}

/** The text is JSON, but nested too deeply. */
export class JsonTooDeep extends SyntaxError {
  constructor(levels: number) {
    super(`JSON is nested deeper than ${levels} levels`);
  }
}

/** Parses trusted JSON, for example from the store, without the depth check. Every digit is kept. */
export function readJson(text: string): Json {
  return MAY_LOSE_DIGITS.test(text) ? JSON.parse(text, keepNumberText) : JSON.parse(text);
}

/**
 * A document that stays text, because half a million values, or a text of ten megabytes, take up to a second to parse, walk and
 * write. It stands for its
 * value wherever a {@link Json} is expected: `writeJson` writes it as it is, and `JSON.stringify` parses it.
 */
export class LargeJson {
  readonly text: string;
  /** A function: a structured clone of this object would lose its class, hence it fails. */
  readonly parsed: () => Json;

  private constructor(text: string) {
    this.text = text;
    this.parsed = () => readJson(text);
  }

  /** Returns the document in trusted JSON: parsed, or as text if it is longer or has more values than is parsed. */
  static from(text: string): Json {
    // promise: long-document-stays-text
    return text.length > MAX_PARSED_LENGTH || hasManyValues(text)
      ? (new LargeJson(text) as unknown as Json)
      : readJson(text);
  }

  /** Returns the document in trusted JSON as text, however few values it has. */
  static asText(text: string): Json {
    return new LargeJson(text) as unknown as Json;
  }

  static is(value: unknown): value is LargeJson {
    return value instanceof LargeJson;
  }

  toJSON(): Json {
    return written === null ? this.parsed() : `${PLACE}${written.push(this.text) - 1}`;
  }
}

/** Stands for the text of a large document while `writeJson` runs. No text from outside can contain it. */
const PLACE = `${crypto.randomUUID()}:`;
const PLACES = new RegExp(`"${PLACE}(\\d+)"`, 'g');
/** The texts of large documents that `writeJson` has met; null while it does not run. */
let written: string[] | null = null;

/** Does the same as `JSON.stringify`, without parsing large documents. */
export function writeJson(value: unknown): string {
  const texts: string[] = [];
  written = texts;
  try {
    const json = JSON.stringify(value);
    return texts.length === 0 ? json : json.replace(PLACES, (_, place) => texts[Number(place)] as string);
  } finally {
    written = null;
  }
}

/** Counts like {@link hasFewValues}. A short text is not read: each value takes one and a half characters at least, as in `[],[]`. */
function hasManyValues(text: string): boolean {
  if (text.length <= 1.5 * MAX_PARSED_VALUES) return false;
  let values = 0;
  for (let at = 0; at < text.length && values <= MAX_PARSED_VALUES; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) values += 1;
  }
  return values > MAX_PARSED_VALUES;
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, OPEN_OBJECT] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/** Returns the index of the closing quotation mark. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

/** Returns whether a document has at most {@link MAX_PARSED_VALUES} values. */
export function hasFewValues(value: Json): boolean {
  return LargeJson.is(value) ? !hasManyValues(value.text) : countValues(value, MAX_PARSED_VALUES) <= MAX_PARSED_VALUES;
}

/** Counts lists, objects, and all but the first of their children; ends soon above `most`. */
function countValues(value: Json, most: number): number {
  if (typeof value !== 'object' || value === null || isAtom(value)) return 0;
  const children = Array.isArray(value) ? value : Object.values(value);
  let count = Math.max(1, children.length);
  for (const child of children) {
    if (count > most) break;
    count += countValues(child, most - count);
  }
  return count;
}

function keepNumberText(_key: string, value: Json, context: { source?: string }): Json {
  if (typeof value !== 'number' || context.source === undefined || String(value) === context.source) return value;
  return JSON.rawJSON(context.source) as unknown as Json;
}

/** Recurses `levels` deep at most. */
function isDeeperThan(value: Json, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  for (const child of Object.values(value)) if (isDeeperThan(child, levels - 1)) return true;
  return false;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isAtom(value);
}

/** Returns whether an object is a value without members: a number that keeps its digits, or a large document. */
function isAtom(value: object): boolean {
  return JSON.isRawJSON(value) || value instanceof LargeJson;
}

/** Returns the text of a JSON string or number as written; null for anything else. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && value !== null && JSON.isRawJSON(value)) return JSON.stringify(value);
  return null;
}
