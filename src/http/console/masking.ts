// Hides the values of members with certain names, wherever they stand in what is shown to operators.

import { isJsonObject, type Json } from '../../execution/json.ts';

export const HIDDEN = '•••••• (hidden)';

export interface Masking {
  /** Whether anything is to be hidden at all. */
  readonly active: boolean;
  json(value: Json): Json;
  /** Words of others: hidden as a whole when one of the names is among them, since nobody knows where its value ends. */
  text(words: string): string;
}

export const NO_MASKING: Masking = { active: false, json: (value) => value, text: (words) => words };

/** @param names in any case. */
export function createMasking(names: readonly string[]): Masking {
  if (names.length === 0) return NO_MASKING;
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const text = (words: string) => {
    const low = words.toLowerCase();
    return [...wanted].some((name) => low.includes(name)) ? HIDDEN : words;
  };
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, wanted.has(name.toLowerCase()) ? HIDDEN : json(one)]),
    );
  };
  return { active: true, json, text };
}
