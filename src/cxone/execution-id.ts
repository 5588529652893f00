// Reads CXone's id of an execution: any text that a URL can carry, or a number with all its digits.

import { type Json, scalarText } from '../execution/json.ts';

/** Longest executionId, in bytes of UTF-8. */
const MAX_EXECUTION_ID_BYTES = 1_024;

/** Characters of an unusable id that are reported. */
const EXCERPT_LENGTH = 64;

export interface ReadExecutionId {
  readonly executionId: string | null;
  /** Why the id cannot be used, with its beginning; absent without an id. */
  readonly unusableId?: string;
}

export function readExecutionId(value: Json): ReadExecutionId {
  if (value === null) return { executionId: null };
  const id = scalarText(value);
  if (id === null) return { executionId: null, unusableId: 'its executionId is neither a text nor a number' };
  const problem = problemOf(id);
  if (problem === null) return { executionId: id };
  const shown = JSON.stringify(id.slice(0, EXCERPT_LENGTH).toWellFormed());
  const which = id.length > EXCERPT_LENGTH ? `that begins with ${shown}` : shown;
  return { executionId: null, unusableId: `its executionId ${which} cannot be used: ${problem}` };
}

/** Reads the id that a callback or a poll response names. An empty text, or anything but a text or a number, names none. */
export function readNamedId(value: Json): ReadExecutionId {
  const text = scalarText(value);
  return text === null || text === '' ? { executionId: null } : readExecutionId(value);
}

/** Returns why the id cannot be part of a URL; null if it can. */
export function problemOf(id: string): string | null {
  if (id === '') return 'it is empty';
  // Even percent-encoded, the WHATWG URL parser resolves both: the URL would name another resource.
  if (id === '.' || id === '..') return 'in a URL it names another resource';
  if (!id.isWellFormed()) return 'it holds half of a surrogate pair, which UTF-8 cannot encode';
  if (id.includes('\0')) return 'it holds a NUL character';
  const bytes = Buffer.byteLength(id);
  // promise: long-ids-are-used
  return bytes > MAX_EXECUTION_ID_BYTES ? `it has ${bytes} bytes, more than ${MAX_EXECUTION_ID_BYTES}` : null;
}
