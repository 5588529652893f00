// Decides from its bytes whether a body is longer, or may have more values, than is parsed without delaying callbacks.

import { MAX_PARSED_LENGTH, MAX_PARSED_VALUES } from '../../execution/json.ts';

/**
 * Bytes of which each value has one before or in it, in each format and quotation of a body: JSON in a JSON string has
 * backslashes, in a form percent signs.
 */
const MARKS = new Uint8Array(256);
for (const byte of Buffer.from(',[{<&%\\')) MARKS[byte] = 1;

/** Returns true also for a short text with as many commas as a large document. */
export function isLargeBody(bytes: Uint8Array): boolean {
  // promise: long-body-is-read-elsewhere
  if (bytes.length > MAX_PARSED_LENGTH) return true;
  if (bytes.length <= MAX_PARSED_VALUES) return false;
  let marks = 0;
  for (let at = 0; at < bytes.length && marks <= MAX_PARSED_VALUES; at += 1)
    marks += MARKS[bytes[at] as number] as number;
  // promise: large-body-is-parsed-elsewhere
  return marks > MAX_PARSED_VALUES;
}
