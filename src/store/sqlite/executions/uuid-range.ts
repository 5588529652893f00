// References are UUIDv7, so a span of time is a range of them.

/** What every UUIDv7 of that millisecond or later sorts at or after (RFC 9562, section 5.7: 48 bits of time come first). */
export function firstReferenceAt(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}
