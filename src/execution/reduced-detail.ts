// The parts of an execution and of its audit entries that an erasure leaves: facts of the receiver, and nothing that an app or CXone
// wrote.

import type { AuditDraft } from './event.ts';
import type { Execution } from './execution.ts';
import type { JsonObject } from './json.ts';

/** Members that never quote content. All others are removed. */
const KEPT: ReadonlySet<string> = new Set([
  ...['attempt', 'timeoutSeconds', 'graceSeconds', 'retryUncertain', 'sent', 'by', 'ignored', 'retryAt', 'verified'],
  ...['status', 'outcome', 'outcomeSha256', 'unknownWord', 'code', 'executionId', 'reconciliation', 'reread'],
  ...['notification', 'type', 'bytes', 'bodyBytes', 'sha256', 'callbackTokenReplaced', 'erased'],
  ...['note', 'repeats', 'since', 'until', 'resubmissionOf', 'resubmittedAs'],
]);

/** Returns the detail without content, marked with `erased`; the detail itself if it has no content. */
export function reducedDetail(detail: JsonObject): JsonObject {
  const kept = Object.entries(detail).filter(([name, value]) => isKept(name, detail) && !isStructure(value));
  return kept.length === Object.keys(detail).length ? detail : { ...Object.fromEntries(kept), erased: true };
}

/** Returns the draft of an entry of an erased execution: nothing that arrives later is stored with content. */
export function withoutContent(draft: AuditDraft): AuditDraft {
  const detail = reducedDetail(draft.detail);
  return draft.body === null ? { ...draft, detail } : { ...draft, detail: { ...detail, erased: true }, body: null };
}

/** Returns the execution without what CXone wrote in it besides the payload, which is stripped by itself. */
export function withoutQuotes(execution: Execution): Execution {
  return { ...execution, unknownWord: null, executionIdProblem: null, pollUrl: null, cookies: null };
}

/** The status word of a report is a word of the profile, unless the profile does not list it. */
function isKept(name: string, detail: JsonObject): boolean {
  return KEPT.has(name) || (name === 'word' && detail['unknownWord'] !== true);
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
