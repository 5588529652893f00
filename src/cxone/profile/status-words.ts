// The part of a profile with the status words: those that end an execution, and those that mean progress.

import * as v from 'valibot';
import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { normalizeStatusWord } from '../../execution/status-word.ts';
import { pointerTo } from '../json-pointer.ts';
import type { ProfileProblem } from './problems.ts';
import { object } from './schema-parts.ts';

const WORD = 'must be a text or a number, and not empty';
const word = v.pipe(
  v.custom<string | number>((value) => statusWordIn(value as Json) !== null, WORD),
  v.transform((value): string => statusWordIn(value) ?? ''),
);
const words = v.array(word, 'must be a list of status words');
const someWords = v.pipe(words, v.minLength(1, 'must have at least one word'));

/** Words that systems commonly use while an execution runs. */
export const PROGRESS_WORDS = [
  ...['NEW', 'CREATED', 'ACCEPTED', 'SUBMITTED', 'QUEUED', 'SCHEDULED', 'PENDING', 'WAITING'],
  ...['STARTING', 'STARTED', 'RUNNING', 'IN_PROGRESS', 'PROCESSING', 'EXECUTING', 'ACTIVE'],
];

/** Compared without case and separators. Any other word means progress too, and is reported as unknown. */
export const wordsSchema = object({
  completed: someWords,
  failed: someWords,
  progress: v.optional(words, PROGRESS_WORDS),
});

/** Returns a status as a word: a text without surrounding spaces, or a number in its shortest form; null for anything else. */
export function statusWordIn(value: Json): string | null {
  const text = scalarText(value)?.trim() ?? '';
  if (typeof value === 'string') return text === '' ? null : text;
  const number = Number(text);
  if (text === '' || Number.isNaN(number)) return null;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : String(number);
}

/** Returns the problems of words that are in two lists. */
export function wordProblems(lists: Json): ProfileProblem[] {
  const { completed, failed, progress } = isJsonObject(lists) ? lists : {};
  const normalized = (list: Json | undefined) =>
    (Array.isArray(list) ? list : []).map((one) => normalizeStatusWord(statusWordIn(one) ?? ''));
  const taken = (list: Json | undefined, name: string, others: readonly (readonly [string, Json | undefined])[]) =>
    normalized(list).flatMap((one, index) =>
      others
        .filter(([, other]) => one !== '' && normalized(other).includes(one))
        .map(([other]) => ({
          pointer: pointerTo(['words', name, index]),
          detail: `is among the ${other} words as well`,
        })),
    );
  return [
    ...taken(failed, 'failed', [['completed', completed]]),
    ...taken(progress, 'progress', [
      ['completed', completed],
      ['failed', failed],
    ]),
  ];
}
