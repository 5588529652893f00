// What both databases look for when they search executions.

import { AT_CXONE_STATUSES, OPEN_STATUSES, type StatusFilter } from '../../execution/execution.ts';
import type { ExecutionFilter } from '../port.ts';
import { RESOLVED_BY_CODES, STATUS_CODES } from './codes.ts';
import type { Conditions } from './conditions.ts';

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

/** Adds the conditions on the state of an execution. @param row what precedes the names of its columns */
export function addState(where: Conditions, filter: ExecutionFilter, row: '' | 'r.'): void {
  const { status, actionId, resolvedBy, minDurationSeconds: least, maxDurationSeconds: most } = filter;
  if (status === 'OPEN') where.addText(`${row}resolved_at IS NULL`);
  else if (status === 'AT_CXONE')
    where.addIn(
      `${row}status`,
      AT_CXONE_STATUSES.map((one) => STATUS_CODES[one]),
    );
  else if (status !== undefined) where.add(`${row}status =`, STATUS_CODES[status]);
  if (actionId !== undefined) where.add(`${row}action_id =`, actionId);
  if (resolvedBy !== undefined) where.add(`${row}resolved_by =`, RESOLVED_BY_CODES[resolvedBy]);
  const durationMs = `${row}resolved_at - ${row}submitted_at`;
  if (least !== undefined) where.addText(`${durationMs} >= CAST(? AS double precision)`, least * 1000);
  if (most !== undefined) where.addText(`${durationMs} <= CAST(? AS double precision)`, most * 1000);
}
