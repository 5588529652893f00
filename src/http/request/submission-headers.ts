// Reads the headers that apply to all submissions in a body: Idempotency-Key and the trace context.

import type { Context } from 'hono';
import type { SubmissionHeaders } from '../../usecases/submit.ts';
import { traceContextOf } from '../middleware/tracing.ts';
import { invalidHeader } from '../response/problem.ts';
import { readIdempotencyKey } from './idempotency-key.ts';

export type ReadSubmissionHeaders =
  | { readonly type: 'read'; readonly arrival: SubmissionHeaders }
  | { readonly type: 'refused'; readonly response: Response };

export function readSubmissionHeaders(c: Context): ReadSubmissionHeaders {
  const idempotencyKey = readIdempotencyKey(c.req.raw.headers.get('idempotency-key'));
  if (!idempotencyKey.valid) {
    return { type: 'refused', response: invalidHeader('Idempotency-Key', idempotencyKey.detail) };
  }
  return { type: 'read', arrival: { idempotencyKey: idempotencyKey.key, ...traceContextOf(c) } };
}
