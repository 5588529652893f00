// Prefer: wait=N (RFC 7240): how long a client would rather have its answer held.

import type { HeaderFields } from '../response/json.ts';

/** Longest time an answer is held, in seconds. */
const MAX_WAIT_SECONDS = 60;

/** A longer header is not worth taking apart, and taking it apart could cost. */
const MAX_HEADER_CHARS = 1000;

/** Elements of a comma-separated list; a comma inside a quoted string does not separate. */
const ELEMENTS = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g;
const WAIT = /^[ \t]*wait[ \t]*(?:=[ \t]*("?)(\d+)\1[ \t]*)?(?:;|$)/i;
const NAMES_WAIT = /^[ \t]*wait[ \t]*(?:[=;]|$)/i;

/** Seconds to wait, capped at 60; null when the header asks for no waiting or cannot be understood (it is ignored then). */
export function preferredWait(header: string | undefined): number | null {
  if (header === undefined || header.length > MAX_HEADER_CHARS) return null;
  // Named twice, the first one counts (RFC 7240, section 2), even if it makes no sense.
  const first = header.match(ELEMENTS)?.find((element) => NAMES_WAIT.test(element));
  const digits = first === undefined ? undefined : WAIT.exec(first)?.[2];
  return digits === undefined ? null : Math.min(Number(digits), MAX_WAIT_SECONDS);
}

/** Says that the answer was held, if it was wanted. */
export function preferenceApplied(seconds: number | null): HeaderFields {
  return seconds === null ? {} : { 'preference-applied': `wait=${seconds}` };
}
