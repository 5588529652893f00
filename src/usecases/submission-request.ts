// A submission as an app sends it, after validation.

import type { Submission } from '../execution/execution.ts';
import type { Json } from '../execution/json.ts';

/** Submission as an app sends it; null stands for the receiver's default. */
export interface SubmissionRequest
  extends Omit<Submission, 'app' | 'correlationId' | 'graceSeconds' | 'idempotencyKey' | 'traceparent' | 'tracestate'> {
  readonly correlationId: string | null;
  readonly graceSeconds: number | null;
}

/**
 * One item of a batch as received. An item that is not a submission still belongs to the content of an idempotency key.
 * `fingerprint`: left out if it is not known yet.
 */
export type BatchItem =
  | { readonly type: 'submission'; readonly request: SubmissionRequest; readonly fingerprint?: string }
  | { readonly type: 'invalid'; readonly sent: Json; readonly fingerprint?: string };
