// Comparison of executionIds, which CXone may write in another case.

/** RFC 9562, section 4: output in lower case, case-insensitive on input. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Returns whether two ids name the same execution. UUIDs are compared without case, all other ids exactly. */
export function isSameExecutionId(one: string, other: string): boolean {
  if (one === other) return true;
  // promise: uuid-case-is-ignored
  return isUuid(one) && one.toLowerCase() === other.toLowerCase();
}
