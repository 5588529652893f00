// Decides from its bytes whether a body may have more values than are parsed without delaying callbacks.

import { MAX_PARSED_VALUES } from '../../execution/json.ts';

/**
 * Bytes of which each value has one before or in it, in each format and quotation of a body: JSON in a JSON string has
 * backslashes, in a form percent signs.
 */
const MARKS = new Uint8Array(256);
for (const byte of Buffer.from(',[{<&%\\')) MARKS[byte] = 1;

/** Returns true if the body may have more than {@link MAX_PARSED_VALUES} values, and also for a text with as many commas. */
export function isLargeBody(bytes: Uint8Array): boolean {
  if (bytes.length <= MAX_PARSED_VALUES) return false;
  let marks = 0;
  for (let at = 0; at < bytes.length && marks <= MAX_PARSED_VALUES; at += 1)
    marks += MARKS[bytes[at] as number] as number;
  // promise: large-body-is-parsed-elsewhere
  return marks > MAX_PARSED_VALUES;
}
