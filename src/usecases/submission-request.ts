// A submission as an app sends it, after validation.

import type { Submission } from '../execution/execution.ts';

/** Submission as an app sends it; null stands for the receiver's default. */
export interface SubmissionRequest
  extends Omit<Submission, 'app' | 'correlationId' | 'graceSeconds' | 'idempotencyKey' | 'traceparent' | 'tracestate'> {
  readonly correlationId: string | null;
  readonly graceSeconds: number | null;
}
