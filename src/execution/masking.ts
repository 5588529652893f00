// Hides the values of sensitive members (SENSITIVE_FIELDS) in everything that operators see and search.

import type { AuditEntry } from './event.ts';
import type { Execution } from './execution.ts';
import { isJsonObject, type Json, type JsonObject, LargeJson } from './json.ts';
import { maskJsonText } from './masked-json-text.ts';

export const HIDDEN = '•••••• (hidden)';

export interface Masking {
  /** The names of the hidden members; empty if nothing is hidden. */
  readonly names: readonly string[];
  json(value: Json): Json;
  /** Does the same as `json` with the text of a trusted JSON document, without parsing it. */
  jsonText(text: string): string;
  /** Returns true if `json` hides a part of the value. */
  hides(value: Json): boolean;
  /** Hides free text as a whole if it contains one of the names, since the end of the value is unknown. */
  text(words: string): string;
  execution(execution: Execution): Execution;
  entry(entry: AuditEntry): AuditEntry;
}

export const NO_MASKING: Masking = {
  names: [],
  json: (value) => value,
  jsonText: (text) => text,
  hides: () => false,
  text: (words) => words,
  execution: (execution) => execution,
  entry: (entry) => entry,
};

/** `names` are compared without regard to case. @param instead what replaces a hidden value */
export function createMasking(names: readonly string[], instead = HIDDEN): Masking {
  if (names.length === 0) return NO_MASKING;
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const hidesText = (words: string) => {
    const low = words.toLowerCase();
    return [...wanted].some((name) => low.includes(name));
  };
  const text = (words: string) => (hidesText(words) ? instead : words);
  const jsonText = (document: string) => maskJsonText(document, { names: wanted, hidesText, instead });
  const hides = (value: Json): boolean => {
    if (typeof value === 'string') return hidesText(value);
    if (LargeJson.is(value)) return jsonText(value.text) !== value.text;
    if (Array.isArray(value)) return value.some(hides);
    return (
      isJsonObject(value) && Object.entries(value).some(([name, one]) => wanted.has(name.toLowerCase()) || hides(one))
    );
  };
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (LargeJson.is(value)) return LargeJson.from(jsonText(value.text));
    if (Array.isArray(value)) return value.map(json);
    return isJsonObject(value) ? members(value) : value;
  };
  const members = (value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, wanted.has(name.toLowerCase()) ? instead : json(one)]),
    );
  return {
    names,
    json,
    jsonText,
    hides,
    text,
    execution: (execution) => {
      const { result, error, lateResult: late } = execution;
      const lateResult = late && { ...late, result: json(late.result), error: json(late.error) };
      return { ...execution, result: json(result), error: json(error), lateResult };
    },
    entry: (entry) => ({ ...entry, detail: members(entry.detail) }),
  };
}
