// Hides values in the text of a JSON document. Its tree would take a hundred times the memory of a large text.

import { endOfString } from './json.ts';
import { endOfValue } from './json-members.ts';

const [QUOTE, COLON] = [0x22, 0x3a];
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

export interface HiddenWords {
  /** Names of members, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Returns true for free text that is hidden as a whole. */
  readonly hidesText: (words: string) => boolean;
  /** What replaces a hidden value. */
  readonly instead: string;
}

/** An escape for a printable ASCII character, which JSON does not require; see {@link maskJsonText}. */
const NEEDLESS_ESCAPE = /\\u00[2-7]|\\\//i;

/** Returns trusted JSON text in which the values of hidden members, and strings that contain one of the names, are replaced. */
export function maskJsonText(text: string, words: HiddenWords): string {
  const nextMention = mentionsIn(text, words);
  const replacement = JSON.stringify(words.instead);
  const parts: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== QUOTE) continue;
    const mention = nextMention(at);
    if (mention === Number.POSITIVE_INFINITY) break;
    const end = endOfString(text, at) + 1;
    const hidden = mention < end ? hiddenPart(text, { start: at, end }, words) : null;
    if (hidden !== null) {
      parts.push(text.slice(copied, hidden.start), replacement);
      copied = hidden.end;
    }
    at = (hidden?.end ?? end) - 1;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** Returns the value of a hidden member that the string names, or the string if it is hidden itself; null for any other. */
function hiddenPart(text: string, { start, end }: Part, { names, hidesText }: HiddenWords): Part | null {
  const said = stringAt(text, start, end);
  const colon = afterSpaces(text, end);
  if (text.charCodeAt(colon) !== COLON) return hidesText(said) ? { start, end } : null;
  if (!names.has(said.toLowerCase())) return null;
  const value = afterSpaces(text, colon + 1);
  return { start: value, end: endOfValue(text, value) };
}

/**
 * Returns a function that returns the place of the next string that may have a name in it, infinite for none: to look at each of a
 * million strings would take half a second. A text in which an escape may conceal a name is looked at string by string.
 */
function mentionsIn(text: string, { names }: HiddenWords): (from: number) => number {
  const low = text.toLowerCase();
  const sought = [...names].map((name) => JSON.stringify(name).slice(1, -1));
  // Some capitals have two small letters.
  if (low.length !== text.length || NEEDLESS_ESCAPE.test(text)) return (from) => from;
  const next = sought.map((name) => placeOf(low, name, 0));
  return (from) => {
    for (const [index, name] of sought.entries())
      if ((next[index] as number) < from) next[index] = placeOf(low, name, from);
    return Math.min(...next);
  };
}

function placeOf(text: string, name: string, from: number): number {
  const place = text.indexOf(name, from);
  return place === -1 ? Number.POSITIVE_INFINITY : place;
}

function stringAt(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? JSON.parse(text.slice(start, end)) : inner;
}

function afterSpaces(text: string, start: number): number {
  let at = start;
  while (SPACES.has(text.charCodeAt(at))) at += 1;
  return at;
}
