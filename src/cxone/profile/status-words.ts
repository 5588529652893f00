// The part of a profile with the status words that end an execution.

import * as v from 'valibot';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { pointerTo } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import { object, text } from './schema-parts.ts';

const words = v.pipe(v.array(text, 'must be a list of status words'), v.minLength(1, 'must have at least one word'));

/** Compared without case; any other word means progress. */
export const wordsSchema = object({ completed: words, failed: words });

export function wordProblems(lists: Json): ProfileProblem[] {
  const { completed, failed } = isJsonObject(lists) ? lists : {};
  if (!Array.isArray(completed) || !Array.isArray(failed)) return [];
  const taken = new Set(completed.filter((word) => typeof word === 'string').map(normalizeStatusWord));
  return failed.flatMap((word, index) =>
    typeof word === 'string' && taken.has(normalizeStatusWord(word))
      ? [{ pointer: pointerTo(['words', 'failed', index]), detail: 'is among the completed words as well' }]
      : [],
  );
}

/** Returns a status word without case and surrounding spaces, for comparison. */
export function normalizeStatusWord(word: string): string {
  return word.trim().toUpperCase();
}
