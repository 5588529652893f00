// JSON as CXone's scripts send it: also with the NaN and Infinity of Python's json module, which are read as null.

import { endOfString, type Json, parseJson } from '../execution/json.ts';
import { pointerTo } from './json-pointer.ts';
import { MAX_RESULT_LEVELS } from './response-document.ts';

export interface TolerantJson {
  readonly value: Json;
  /** JSON Pointers to the numbers that JSON cannot express and that are null in `value`: the first 20. */
  readonly nonFinite: readonly string[];
}

/** A document that is in its format but cannot be read; the message says "the body …" and quotes nothing. */
export class DocumentError extends SyntaxError {
  override readonly name = 'DocumentError';
}

const MAX_POINTERS = 20;
const MAX_POINTER_CHARS = 200;
const TOKENS = /["{}[\],]|-?(?:NaN|Infinity)(?![\w.])/g;

/** @throws {SyntaxError} if the text is not JSON even then, or is nested too deeply. */
export function parseTolerantJson(text: string): TolerantJson {
  try {
    return { value: parseJson(text, MAX_RESULT_LEVELS), nonFinite: [] };
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    // promise: nan-is-null
    const replaced = withoutNonFinite(text);
    if (replaced.nonFinite.length === 0) throw error;
    return { value: parseJson(replaced.text, MAX_RESULT_LEVELS), nonFinite: replaced.nonFinite };
  }
}

/** Replaces the words outside strings. One pass; the path is only as right as the text is JSON. */
function withoutNonFinite(text: string): { readonly text: string; readonly nonFinite: readonly string[] } {
  const tokens = new RegExp(TOKENS);
  const parts: string[] = [];
  const nonFinite: string[] = [];
  const path: Path = [];
  let copied = 0;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [token] = match;
    if (token === '"') {
      const end = endOfString(text, match.index) + 1;
      if (/^\s*:/.test(text.slice(end, end + 20))) enterMember(path, text.slice(match.index, end));
      tokens.lastIndex = end;
    } else if (token.length === 1) followStructure(path, token);
    else {
      parts.push(text.slice(copied, match.index), 'null');
      copied = match.index + token.length;
      if (nonFinite.length < MAX_POINTERS) nonFinite.push(pointerTo(path.map(nameOf)).slice(0, MAX_POINTER_CHARS));
    }
  }
  parts.push(text.slice(copied));
  return { text: parts.join(''), nonFinite };
}

/** One step for each open object, its member in quotation marks, or array, its index. */
type Path = (string | number)[];

function enterMember(path: Path, quoted: string): void {
  if (typeof path.at(-1) === 'string') path[path.length - 1] = quoted;
}

function followStructure(path: Path, token: string): void {
  const step = path.at(-1);
  if (token === '{') path.push('');
  else if (token === '[') path.push(0);
  else if (token !== ',') path.pop();
  else if (typeof step === 'number') path[path.length - 1] = step + 1;
}

function nameOf(step: string | number): string | number {
  if (typeof step === 'number') return step;
  try {
    return String(JSON.parse(step));
  } catch {
    return step;
  }
}
