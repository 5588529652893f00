// Compares an answer of CXone with the profile, and names the member of the profile to change. Pure.

import { find, type Pointers, pointerTo } from '../../cxone/json-pointer.ts';
import { parseDocument } from '../../cxone/parse-document.ts';
import type { Profile } from '../../cxone/profile/profile.ts';
import type { DocumentRules } from '../../cxone/profile/schema-parts.ts';
import { statusWordIn } from '../../cxone/profile/status-words.ts';
import { isIdName, isStatusWord } from '../../cxone/recording/strip-values.ts';
import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { normalizeStatusWord } from '../../execution/status-word.ts';

export interface Difference {
  /** JSON Pointer into the profile. */
  readonly member: string;
  readonly message: string;
  /** The value that the member probably needs; null if none is known. */
  readonly suggestion: Json;
}

type Call = 'execute' | 'poll' | 'callback';

/** Returns the differences in the body of a 2xx answer or of a callback. */
export function differences(profile: Profile, call: Call, text: string): Difference[] {
  // Nothing is looked for in the answer where only a callback ends an execution.
  if (call === 'execute' && listed(profile.execute.answer.executionId).length === 0 && profile.poll === null) return [];
  const document = documentIn(text, rulesOf(profile, call));
  if (document === undefined) {
    return [{ member: `/${call}`, message: `the ${NAMES[call]} is not JSON: ${kindOf(text)}`, suggestion: null }];
  }
  return [...idDifferences(profile, call, document), ...statusDifferences(profile, call, document)];
}

const NAMES: Record<Call, string> = { execute: 'submit answer', poll: 'poll answer', callback: 'callback' };

function pointersOf(profile: Profile, call: Call): { member: string; status: Pointers; executionId: Pointers } {
  switch (call) {
    case 'execute':
      return { member: '/execute/answer', ...profile.execute.answer };
    case 'poll':
      return { member: '/poll/answer', executionId: null, status: profile.poll?.answer.status ?? null };
    case 'callback':
      return { member: '/callback', ...profile.callback };
    default:
      return call satisfies never;
  }
}

function idDifferences(profile: Profile, call: Call, document: Json): Difference[] {
  const { member, executionId } = pointersOf(profile, call);
  // The URL of a callback names its execution. Without polls, no name is needed.
  if (call !== 'execute' || (executionId === null && profile.poll === null)) return [];
  if (listed(executionId).some((pointer) => scalarText(find(document, pointer)) !== null)) return [];
  const [elsewhere = null] = scalars(document).filter(({ name, value }) => isIdName(name) && value !== null);
  if (executionId === null && elsewhere === null) return [];
  return [differing(`${member}/executionId`, NAMES[call], executionId, elsewhere?.at ?? wholeIf(document))];
}

/** Returns the pointer to the whole document if it is a bare id; else null. */
function wholeIf(document: Json): string | null {
  return scalarText(document) === null ? null : '';
}

function statusDifferences(profile: Profile, call: Call, document: Json): Difference[] {
  const { member, status } = pointersOf(profile, call);
  // A submit answer without a status is normal.
  if (call === 'execute' && listed(status).length === 0) return [];
  const words = new Set(Object.values(profile.words).flat().map(normalizeStatusWord));
  const word = listed(status)
    .map((pointer) => find(document, pointer))
    .map(statusWordIn)
    .find((found) => found !== null);
  if (word !== undefined && word !== null) return unknownEnding(profile, call, word);
  const elsewhere = scalars(document).find(({ value }) => typeof value === 'string' && isStatusWord(value, words));
  if (call === 'execute' && elsewhere === undefined) return [];
  return [differing(`${member}/status`, NAMES[call], status, elsewhere?.at ?? null)];
}

/** Reports a word for an end that the profile reads as progress: the execution would end by its deadline only. */
function unknownEnding({ words }: Profile, call: Call, word: string): Difference[] {
  const known = (list: readonly string[]) => list.some((one) => normalizeStatusWord(one) === normalizeStatusWord(word));
  if (known(words.completed) || known(words.failed) || known(words.progress)) return [];
  const endsWell = ENDS_WELL.test(word);
  if (!endsWell && !ENDS_BADLY.test(word)) return [];
  const member = endsWell ? '/words/completed' : '/words/failed';
  const list = endsWell ? words.completed : words.failed;
  const shown = JSON.stringify(word.slice(0, 40));
  const message = `the ${NAMES[call]} says ${shown}, which is neither among the completed nor among the failed words`;
  return [{ member, message, suggestion: [...list, word.slice(0, 40)] }];
}

const ENDS_WELL = /^(?:complete|completed|done|finished|ok|succe(?:ss|eded|ssful))$/i;
const ENDS_BADLY =
  /^(?:fail|failed|failure|error|errored|cancell?ed|expired|aborted|time[d_ -]*out|rejected|terminated|stopped)$/i;

function differing(member: string, what: string, expected: Pointers, elsewhere: string | null): Difference {
  const places = listed(expected).map((pointer) => `"${pointer}"`);
  const absent =
    places.length === 0 ? `the profile looks for none in the ${what}` : `the ${what} has no ${places.join(' or ')}`;
  const message = elsewhere === null ? absent : `${absent}, but has "${elsewhere}"`;
  return { member, message, suggestion: elsewhere };
}

function listed(pointers: Pointers): readonly string[] {
  return pointers === null ? [] : [pointers].flat();
}

interface Scalar {
  readonly at: string;
  readonly name: string;
  readonly value: Json;
}

/** Returns every scalar of a document, in the order of depth. */
function scalars(document: Json): Scalar[] {
  const found: (Scalar & { depth: number })[] = [];
  const visit = (value: Json, path: readonly string[]): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, String(index)]);
    else if (isJsonObject(value)) for (const [name, member] of Object.entries(value)) visit(member, [...path, name]);
    else found.push({ at: pointerTo(path), name: path.at(-1) ?? '', value, depth: path.length });
  };
  visit(document, []);
  return found.sort((one, other) => one.depth - other.depth);
}

function rulesOf(profile: Profile, call: Call): DocumentRules {
  const whole = { document: null, xml: false };
  if (call === 'callback') return profile.callback;
  return call === 'execute' ? profile.execute.answer : (profile.poll?.answer ?? whole);
}

function documentIn(text: string, rules: DocumentRules): Json | undefined {
  try {
    return parseDocument(text, rules).value;
  } catch {
    // An id alone may come without quotes.
    const plain = text.trim();
    return plain === '' || /[\s<>{}"]/.test(plain) ? undefined : plain;
  }
}

/** Returns what a body that is not JSON seems to be, without quoting it. */
export function kindOf(text: string): string {
  if (text.trim() === '') return 'it is empty';
  return /<(?:!doctype|html|head|body)\b/i.test(text) ? 'it is a page of HTML' : 'it is some other text';
}
