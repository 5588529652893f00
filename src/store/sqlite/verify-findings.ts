// What a verification finds, and how much of it is told.

import { type Json, readJson } from '../../execution/json.ts';

export interface Finding {
  readonly kind: 'altered' | 'removed' | 'inserted' | 'reordered' | 'rewritten' | 'row' | 'body';
  /** The first entry that is wrong or missing; null when the finding is about a row alone. */
  readonly entry: number | null;
  readonly message: string;
}

/** Of each kind of disagreement outside of the chain so many are told. */
export const MAX_FINDINGS = 20;

/** The detail of an entry; null when it is no JSON, as the store never writes it. */
export function readDetail(text: string): Json {
  try {
    return readJson(text);
  } catch {
    return null;
  }
}
