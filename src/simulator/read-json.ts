// Reads JSON of clients, in which integers beyond 2^53 keep their digits.

import { type Json, parseJson } from '../execution/json.ts';

/** Returns the parsed text, or the fallback if it is not JSON. */
export function readJson<T extends Json>(text: string, fallback: T): Json {
  try {
    return parseJson(text);
  } catch {
    return fallback;
  }
}
