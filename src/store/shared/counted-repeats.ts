// Repeats of events that change nothing: the trail lists the first of a kind, and later entries state how many followed.

import { hash } from 'node:crypto';
import { type AuditDraft, type AuditEvent, draftOf, REPEATABLE_EVENTS } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { type JsonObject, readJson } from '../../execution/json.ts';
import { boundedEvidence, MAX_EVIDENCE_BYTES } from './bounded-evidence.ts';

/** Entries of one execution and one event after which further repeats are counted. */
export const MAX_LISTED_REPEATS = 100;

/** A count is in the trail after this time at the latest, while the receiver runs. */
export const SUMMARY_AFTER_MS = 60_000;

export interface CountedRepeats {
  readonly event: AuditEvent;
  readonly count: number;
  /** ISO 8601, as `until`. */
  readonly since: string;
  readonly until: string;
  /** Of the last one, JSON. */
  readonly detail: string;
}

/** Returns the entry that states a count. */
export function summaryOf({ event, count, since, until, detail }: CountedRepeats): AuditDraft {
  return draftOf(event, { ...(readJson(detail) as JsonObject), repeats: count, since, until });
}

const COUNTED: ReadonlySet<AuditEvent> = new Set(REPEATABLE_EVENTS);

/** Returns whether the event is one of those that are counted, and left status and id at CXone as they were. */
export function changesNothing(before: Execution, after: Execution, { event, detail }: AuditDraft): boolean {
  if (!COUNTED.has(event)) return false;
  // An operator who reads bodies again finds an entry for each of them.
  if ('reread' in detail || 'reconciliation' in detail || 'notification' in detail) return false;
  return before.status === after.status && before.executionId === after.executionId;
}

/** Returns the detail of a counted repeat, which is written with each of them: hashes replace bodies and large reports. */
export function detailOfLast(draft: AuditDraft): JsonObject {
  const { detail, body } = boundedEvidence(draft, () => MAX_EVIDENCE_BYTES);
  if (body === null) return detail;
  return { ...detail, omitted: { bytes: body.bytes.length, sha256: hash('sha256', body.bytes, 'hex') } };
}
