// The index of executionIds: the last characters of each, because UUIDs are compared without case.

const END_CHARS = 8;

/** Returns the end of an executionId in lower case, by which the index finds it. */
export function endingOf(executionId: string): string {
  // The cut may go through a surrogate pair.
  return executionId.slice(-END_CHARS).toLowerCase().toWellFormed();
}
