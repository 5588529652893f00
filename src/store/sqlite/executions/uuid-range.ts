// Converts times to references: they are UUIDv7, so a period of time is a range of references. Rows have them as bytes.

/** Returns the least UUIDv7 prefix of `time` in milliseconds (RFC 9562, section 5.7: the first 48 bits are the time). */
export function firstReferenceAt(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}

/** Returns the least UUIDv7 of `time` in milliseconds. */
export function wholeReferenceAt(time: number): string {
  return `${firstReferenceAt(time)}-7000-8000-000000000000`;
}

/** Returns the stored form of a bound of references: the beginning of a UUID, which may end with `~` for all that begin with it. */
export function referenceBound(text: string): Buffer | string {
  if (!BOUND.test(text)) return text;
  return Buffer.from(text.replaceAll('-', '').replace('~', 'ff'), 'hex');
}

const BOUND = /^[0-9a-f]{8}(-[0-9a-f]{4}){1,3}(-[0-9a-f]{12})?~?$/;

/** Returns the time of a UUIDv7 in milliseconds. */
export function timeOfReference(reference: string): number {
  return Number.parseInt(reference.slice(0, 8) + reference.slice(9, 13), 16);
}
