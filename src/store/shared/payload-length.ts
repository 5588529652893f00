// Compares the lengths of payloads, where reading or parsing a long one would take too long. Pure.

import { type Json, LargeJson, MAX_PARSED_LENGTH, writeJson } from '../../execution/json.ts';
import type { AcceptedSubmission } from '../intake-port.ts';

/** An escape has six characters, `\u00e9`, where another notation has one. */
const MOST_FOR_ONE = 6;

type Payload = NonNullable<AcceptedSubmission['payload']>;

/**
 * Returns whether a stored payload is long and much longer than this one, so that it cannot be the same.
 * @param stored characters, or bytes of UTF-8, which are up to three for one of UTF-16
 */
export function isMuchLonger(stored: number, sent: Payload): boolean {
  return stored > MAX_PARSED_LENGTH && stored > MOST_FOR_ONE * charsOfPayload(sent);
}

export function charsOfPayload({ inputs, context }: Payload): number {
  return charsOf(inputs) + charsOf(context);
}

/** Parts of a large body are texts, however short they are. */
function charsOf(json: Json): number {
  return (LargeJson.is(json) ? json.text : writeJson(json)).length;
}
