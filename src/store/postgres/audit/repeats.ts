// Counts repeats of events that change nothing: the trail lists the first of a kind, and later entries state how many followed.

import type { AuditDraft, AuditEntry } from '../../../execution/event.ts';
import type { Execution } from '../../../execution/execution.ts';
import { withoutContent } from '../../../execution/reduced-detail.ts';
import { toAuditRow } from '../../shared/audit-rows.ts';
import { changesNothing, detailOfLast } from '../../shared/counted-repeats.ts';
import type { Part } from '../batch/part.ts';

interface Counting {
  readonly now: number;
  readonly listedRepeats: number;
}

/** Counts the event instead of an entry, if enough are listed. Returns what its entry would be; null if it is not counted. */
export function countedRepeat(
  part: Part,
  before: Execution,
  given: AuditDraft,
  { now, listedRepeats }: Counting,
): AuditEntry | null {
  const { execution, listed } = part.state;
  if (!changesNothing(before, execution, given)) return null;
  if ((listed?.get(given.event) ?? 0) < listedRepeats) return null;
  // promise: postgres/counted-repeat-of-an-erased-execution-has-no-content
  const draft = execution.erasedAt === null ? given : withoutContent(given);
  const { event, detail } = draft;
  const entry = { ...toAuditRow(0, now, execution, draft), timestamp: now, event, detail };
  part.countRepeat({ ...draft, detail: detailOfLast(draft) }, entry);
  return entry;
}
