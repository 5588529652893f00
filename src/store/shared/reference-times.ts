// Converts times to references and back: they are UUIDv7, so a period of time is a range of references.

/** Returns the least UUIDv7 prefix of `time` in milliseconds (RFC 9562, section 5.7: the first 48 bits are the time). */
export function firstReferenceAt(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

/** Returns the least UUIDv7 of `time` in milliseconds. */
export function wholeReferenceAt(time: number): string {
  return `${firstReferenceAt(time)}-7000-8000-000000000000`;
}

/** Returns the time of a UUIDv7 in milliseconds. */
export function timeOfReference(reference: string): number {
  return Number.parseInt(reference.slice(0, 8) + reference.slice(9, 13), 16);
}
