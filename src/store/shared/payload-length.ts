// Compares the lengths of payloads, where reading or parsing a long one would take too long. Pure.

import { type Json, LargeJson, MAX_PARSED_LENGTH, writeJson } from '../../execution/json.ts';
import type { AcceptedSubmission } from '../intake-port.ts';

type Payload = NonNullable<AcceptedSubmission['payload']>;

/**
 * Returns whether a stored payload is long and has more than twice the characters of this one, so that it cannot be the same: notations
 * differ by less.
 */
export function isMuchLonger(storedChars: number, sent: Payload): boolean {
  return storedChars > MAX_PARSED_LENGTH && storedChars > 2 * charsOfPayload(sent);
}

export function charsOfPayload({ inputs, context }: Payload): number {
  return charsOf(inputs) + charsOf(context);
}

/** Parts of a large body are texts, however short they are. */
function charsOf(json: Json): number {
  return (LargeJson.is(json) ? json.text : writeJson(json)).length;
}
