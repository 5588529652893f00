// Prefer: wait=N (RFC 7240): the time for which a client wants the response delayed.

import type { HeaderFields } from '../response/json.ts';

/** The longest delay of a response, in seconds. */
const MAX_WAIT_SECONDS = 60;

/** A longer header is ignored, because parsing it could be costly. */
const MAX_HEADER_CHARS = 1000;

/** Elements of a comma-separated list; a comma inside a quoted string does not separate. */
const ELEMENTS = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/g;
const WAIT = /^[ \t]*wait[ \t]*(?:=[ \t]*("?)(\d+)\1[ \t]*)?(?:;|$)/i;
const NAMES_WAIT = /^[ \t]*wait[ \t]*(?:[=;]|$)/i;

/** Returns the seconds to wait, capped at 60; null without a preference or with a malformed one, which is ignored. */
export function preferredWait(header: string | undefined): number | null {
  if (header === undefined || header.length > MAX_HEADER_CHARS) return null;
  // Of repeated preferences the first counts (RFC 7240, section 2), even if it is malformed.
  const first = header.match(ELEMENTS)?.find((element) => NAMES_WAIT.test(element));
  const digits = first === undefined ? undefined : WAIT.exec(first)?.[2];
  return digits === undefined ? null : Math.min(Number(digits), MAX_WAIT_SECONDS);
}

/** Returns Preference-Applied if a preference was applied. */
export function preferenceApplied(seconds: number | null): HeaderFields {
  return seconds === null ? {} : { 'preference-applied': `wait=${seconds}` };
}
