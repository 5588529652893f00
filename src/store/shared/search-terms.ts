// What both databases look for when they search executions.

import { OPEN_STATUSES, type StatusFilter } from '../../execution/execution.ts';

/** Whether the filter is of open executions, which are few and have an index of their own. */
export function isOpen(status: StatusFilter | undefined): boolean {
  return status === 'OPEN' || status === 'AT_CXONE' || OPEN_STATUSES.some((open) => open === status);
}

/** Returns the exclusive end of a prefix. Correlation ids are visible ASCII, whose last character is the tilde. */
export function behindPrefix(id: string): string {
  return `${id}\u007f`;
}

/** Returns the text as typed and as JSON escapes it. JSON has NUL as an escape only, and a pattern of LIKE ends at NUL. */
export function needlesOf(text: string): readonly string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  // promise: text-with-nul-is-not-cut
  return text.includes('\0') ? [escaped] : [...new Set([text, escaped])];
}

/** Returns the text so that LIKE takes none of its characters for a wildcard. */
export function escapedForLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
