// Hides the values of sensitive members (SENSITIVE_FIELDS) in everything that operators see.

import { isJsonObject, type Json } from '../../execution/json.ts';

export const HIDDEN = '•••••• (hidden)';

export interface Masking {
  /** False when no name is configured. */
  readonly active: boolean;
  json(value: Json): Json;
  /** Hides free text as a whole if it contains one of the names, since the end of the value is unknown. */
  text(words: string): string;
}

export const NO_MASKING: Masking = { active: false, json: (value) => value, text: (words) => words };

/** `names` are compared without regard to case. */
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
