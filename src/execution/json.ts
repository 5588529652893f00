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
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** Returns the text of a JSON string or number as written; null for anything else. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && value !== null && JSON.isRawJSON(value)) return JSON.stringify(value);
  return null;
}
