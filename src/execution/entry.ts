// Drafts of audit entries, as transitions write them.

import type { AuditDraft, AuditEvent } from './event.ts';
import type { JsonObject } from './json.ts';

export interface Answered {
  readonly httpStatus: number | null;
  readonly latencyMs: number | null;
}

export const NOT_ASKED: Answered = { httpStatus: null, latencyMs: null };

export function entry(event: AuditEvent, detail: JsonObject, answered: Answered = NOT_ASKED): AuditDraft {
  return { event, latencyMs: answered.latencyMs, httpStatus: answered.httpStatus, detail, body: null };
}

export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
