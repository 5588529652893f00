// What the body of a callback or response contained besides its report, as far as the audit trail states and keeps it.

import type { Transition } from './apply-result.ts';
import type { BodyNotes } from './event.ts';
import type { Execution } from './execution.ts';
import type { JsonObject } from './json.ts';

/** Largest body that is kept; of a larger one, the beginning. */
export const MAX_KEPT_BYTES = 1024 * 1024;

/** Adds the notes to the audit entry. The body is kept if it gave the outcome and has members that were not read. */
export function withBodyNotes(transition: Transition, notes: BodyNotes | undefined): Transition {
  if (notes === undefined) return transition;
  const { execution, outcome, entry } = transition;
  const nonFinite: JsonObject = notes.nonFinite.length === 0 ? {} : { nonFinite: [...notes.nonFinite] };
  const gaveOutcome = outcome === 'resolved' || outcome === 'late';
  const unread = gaveOutcome ? notes.unread.filter(({ text }) => text === null || !isIdOf(execution, text)) : [];
  if (unread.length === 0) return { ...transition, entry: { ...entry, detail: { ...entry.detail, ...nonFinite } } };
  const { bytes } = notes.body;
  const cut: JsonObject = bytes.length > MAX_KEPT_BYTES ? { bodyBytes: bytes.length } : {};
  const detail: JsonObject = {
    ...entry.detail,
    ...nonFinite,
    unread: unread.map(({ pointer }) => pointer),
    profileLine: notes.profileLine,
    ...cut,
  };
  // promise: unread-body-is-kept
  const body = entry.body ?? { ...notes.body, bytes: bytes.subarray(0, MAX_KEPT_BYTES) };
  return { ...transition, entry: { ...entry, detail, body } };
}

/** An id that CXone repeats is not lost. */
function isIdOf({ executionId, correlationId, actionId, reference }: Execution, text: string): boolean {
  return [executionId, correlationId, actionId, reference].includes(text);
}
