// Drafts of audit entries, written by transitions.

import type { AuditDraft, AuditEvent } from './event.ts';
import type { JsonObject } from './json.ts';

export interface ResponseFacts {
  readonly httpStatus: number | null;
  readonly latencyMs: number | null;
}

export const NO_RESPONSE: ResponseFacts = { httpStatus: null, latencyMs: null };

export function entry(event: AuditEvent, detail: JsonObject, answered: ResponseFacts = NO_RESPONSE): AuditDraft {
  return { event, latencyMs: answered.latencyMs, httpStatus: answered.httpStatus, detail, body: null };
}
