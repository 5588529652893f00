// References by time: they are UUIDv7, so a period of time is a range of references.

import { firstReferenceAt } from '../../shared/reference-times.ts';

/** Returns the least UUID of a time in milliseconds. */
export function leastReferenceAt(time: number): string {
  return `${firstReferenceAt(time)}-0000-0000-000000000000`;
}

/** The greatest UUID. */
export const LAST_REFERENCE = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const REFERENCE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** False for a text that PostgreSQL cannot compare with a reference, or that names one in another spelling. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}
