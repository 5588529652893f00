// The parts of audit entries that a status report fills, and the status words that no profile lists.

import type { ExecutionEvent, StatusReport } from './event.ts';
import type { Execution } from './execution.ts';
import type { JsonObject } from './json.ts';

export function wordDetail({ statusWord: word, isUnknownWord }: StatusReport): JsonObject {
  return isUnknownWord ? { word, unknownWord: true } : { word };
}

export function reportDetail(report: StatusReport): JsonObject {
  return { ...wordDetail(report), result: report.result, error: report.error };
}

export function namedDetail({ unusableId }: { readonly unusableId?: string }): JsonObject {
  return unusableId === undefined ? {} : { unusableExecutionId: unusableId };
}

/** States a change of status that the name of the entry does not show. */
export function statusDetail(before: Execution, { status }: Execution): JsonObject {
  return before.status === status ? {} : { status };
}

/** Returns the status word of an event if the profile lists it nowhere. */
export function unknownWordIn(event: ExecutionEvent): string | null {
  return 'report' in event && event.report.isUnknownWord ? event.report.statusWord : null;
}

/** Returns the unknown word that the execution waits under after a report; a report without a word changes nothing. */
export function unknownWordAfter(execution: Execution, { statusWord, isUnknownWord }: StatusReport): string | null {
  if (statusWord === null) return execution.unknownWord;
  return isUnknownWord ? statusWord : null;
}
