// Bounds what the trail of one execution keeps of contradicting and unreadable bodies: a looping upstream must not fill the disk.

import { hash } from 'node:crypto';
import type { AuditDraft, AuditEvent } from '../../execution/event.ts';
import { type JsonObject, writeJson } from '../../execution/json.ts';

/** Most bytes of entries and kept bodies of one execution after which further evidence is replaced by its hash. */
export const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024;
/** A smaller entry is kept in any case. */
const SMALL_BYTES = 4 * 1024;

/** Events that change no outcome and quote a body. */
const EVIDENCE: ReadonlySet<AuditEvent> = new Set([
  'CALLBACK_CONFLICT',
  'CALLBACK_HINT',
  'CALLBACK_MISMATCH',
  'CALLBACK_UNREADABLE',
  'POLL_MISMATCH',
] as const);

/** @param keptBytes returns the bytes that the trail of the execution has already */
export function boundedEvidence(draft: AuditDraft, keptBytes: () => number): AuditDraft {
  const { result = null, error = null, outcome } = draft.detail;
  // A poll or a submit response that contradicts the outcome has the name of its usual event.
  if (!EVIDENCE.has(draft.event) && outcome !== 'conflict') return draft;
  const quoted = result === null && error === null ? '' : writeJson([result, error]);
  const bytes = Buffer.byteLength(quoted) + (draft.body?.bytes.length ?? 0);
  // promise: evidence-is-bounded
  if (bytes <= SMALL_BYTES || keptBytes() + bytes <= MAX_EVIDENCE_BYTES) return draft;
  const sha256 = hash('sha256', draft.body?.bytes ?? quoted, 'hex');
  const { result: _result, error: _error, ...others } = draft.detail;
  const detail: JsonObject = { ...others, omitted: { bytes, sha256 } };
  return { ...draft, detail, body: null };
}
