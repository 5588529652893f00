// Splits the text of a JSON object into the texts of its members, so that a large member is not parsed.

import { endOfString, type Json, type JsonObject, LargeJson } from './json.ts';

const [QUOTE, COMMA] = [0x22, 0x2c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Returns the members of an object in trusted JSON without spaces. A large member stays text. */
export function readMembers(text: string): JsonObject {
  const members: [string, Json][] = [];
  for (let at = 1; at < text.length - 1; ) {
    const colon = endOfString(text, at) + 1;
    const end = endOfValue(text, colon + 1);
    members.push([JSON.parse(text.slice(at, colon)), LargeJson.from(text.slice(colon + 1, end))]);
    at = end + 1;
  }
  return Object.fromEntries(members);
}

/** Returns the index of the comma or bracket behind a value of trusted JSON; the length of the text if none follows. */
export function endOfValue(text: string, start: number): number {
  let level = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (level === 0 && (code === COMMA || CLOSING.has(code))) return at;
    else if (OPENING.has(code)) level += 1;
    else if (CLOSING.has(code)) level -= 1;
  }
  return text.length;
}
