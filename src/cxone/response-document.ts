// The values of a response or callback beyond the limits of size and depth, and what takes the place of its result.

import type { StatusReport } from '../execution/event.ts';
import { type Json, parseJson } from '../execution/json.ts';
import type { Pointers } from './json-pointer.ts';
import {
  createJsonScanner,
  type JsonScanner,
  MAX_EVIDENCE_BYTES,
  type ScannedValue,
  type ScannedValues,
} from './scan-json.ts';

/** Default of MAX_RESULT_BYTES. */
export const MAX_RESULT_BYTES = 10 * 1024 * 1024;
/** Deeper documents could exhaust the stack of recursive functions. */
export const MAX_RESULT_LEVELS = 512;

/** Pointers of a response or a callback. */
export interface ResponsePointers {
  readonly status: Pointers;
  readonly result: Pointers;
  readonly error: Pointers;
  readonly executionId?: Pointers | undefined;
}

export type ScannedDocument = ReturnType<typeof scannedDocument>;

/** Returns null if the text is not one complete document. */
export function scanText(text: string, pointers: ResponsePointers, maxBytes: number): ScannedDocument | null {
  const scanner = createResponseScanner(pointers, maxBytes);
  scanner.write(Buffer.from(text));
  const values = scanner.end();
  return values && scannedDocument(values, maxBytes);
}

export function createResponseScanner(
  { status, result, error, executionId = null }: ResponsePointers,
  maxBytes: number,
): JsonScanner {
  const pointers = [status, result, error, executionId].flatMap((places) => places ?? []);
  return createJsonScanner([...new Set(pointers)], maxBytes);
}

export function scannedDocument(values: ScannedValues, maxBytes: number) {
  const isTooLarge = ({ bytes, levels }: ScannedValue) => bytes > maxBytes || levels > MAX_RESULT_LEVELS;
  const first = (pointers: Pointers | undefined) =>
    [pointers ?? []]
      .flat()
      .flatMap((pointer) => values.get(pointer) ?? [])
      .find((value) => isTooLarge(value) || parsed(value) !== null);
  return {
    /** Returns the value at the first pointer that leads to one; null for none, and for a value beyond the limits. */
    find: (pointers: Pointers | undefined): Json => {
      const value = first(pointers);
      return value === undefined || isTooLarge(value) ? null : parsed(value);
    },
    /** Returns what takes the place of that value if it is beyond the limits; null if it is not. */
    findTooLarge: (pointers: Pointers): Pick<StatusReport, 'result' | 'error' | 'evidence'> | null => {
      const value = first(pointers);
      return value === undefined || !isTooLarge(value) ? null : tooLargeOutcome(value, maxBytes);
    },
  };
}

/** Returns null for a value that is not JSON: the scan does not check the syntax inside of values. */
function parsed({ text }: ScannedValue): Json {
  try {
    return parseJson(text.toString(), MAX_RESULT_LEVELS);
  } catch {
    return null;
  }
}

/** The error names the limit and the size; the beginning is evidence. */
function tooLargeOutcome({ bytes, levels, text }: ScannedValue, maxBytes: number) {
  const size =
    bytes > maxBytes
      ? `has ${bytes} bytes; the limit is ${maxBytes} bytes (MAX_RESULT_BYTES)`
      : `is nested ${levels} levels deep; the limit is ${MAX_RESULT_LEVELS} levels`;
  const error = { code: 'result-too-large', message: `the result that CXone reported ${size}` };
  return { result: null, error, evidence: text.subarray(0, MAX_EVIDENCE_BYTES) };
}
