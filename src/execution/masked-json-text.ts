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

/** Returns trusted JSON text in which the values of hidden members, and strings that contain one of the names, are replaced. */
export function maskJsonText(text: string, { names, hidesText, instead }: HiddenWords): string {
  // An escape may conceal a name.
  if (!text.includes('\\') && !hidesText(text)) return text;
  const replacement = JSON.stringify(instead);
  let masked = '';
  let copied = 0;
  const replace = (start: number, end: number) => {
    masked += text.slice(copied, start) + replacement;
    copied = end;
  };
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== QUOTE) continue;
    const end = endOfString(text, at) + 1;
    const words = stringAt(text, at, end);
    const colon = afterSpaces(text, end);
    if (text.charCodeAt(colon) !== COLON) {
      if (hidesText(words)) replace(at, end);
      at = end - 1;
    } else if (names.has(words.toLowerCase())) {
      const value = afterSpaces(text, colon + 1);
      const valueEnd = endOfValue(text, value);
      replace(value, valueEnd);
      at = valueEnd - 1;
    } else at = colon;
  }
  return masked + text.slice(copied);
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
