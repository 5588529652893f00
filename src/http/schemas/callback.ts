// What CXone sends to a callback URL by the built-in profile, and what it is answered.

import * as v from 'valibot';
import type { Outcome } from '../../execution/apply-result.ts';
import { anything } from './parts.ts';

export const CALLBACK = v.pipe(
  v.looseObject({
    status: v.pipe(
      v.string(),
      v.description(
        'Matched without case. COMPLETED, SUCCEEDED, SUCCESS and FAILED, ERROR, CANCELLED, CANCELED, EXPIRED, ABORTED end the execution; any other word is progress.',
      ),
    ),
    result: v.optional(anything('What the Data Action gave.')),
    error: v.optional(anything('Why it failed.')),
    executionId: v.optional(
      v.pipe(
        v.union([v.string(), v.number()]),
        v.description('How CXone calls the execution; another one than the known one is refused.'),
      ),
    ),
  }),
  v.metadata({ additionalProperties: true }),
);

/** A mismatch is answered with a problem. */
const OUTCOMES = [
  'resolved',
  'progress',
  'duplicate',
  'conflict',
  'late',
  'ignored',
] as const satisfies readonly Outcome[];

export const CALLBACK_RESPONSE = v.object({
  outcome: v.pipe(
    v.picklist([...OUTCOMES, 'probe']),
    v.description(
      'resolved: it ended the execution. progress: the execution is still open. duplicate, conflict: it had ended with the same result, with another one. late: it had ended without a result; this one is kept beside it. ignored: it changed nothing. probe: `doctor` asked whether this URL is reached, and nothing came of it.',
    ),
  ),
  proof: v.optional(v.pipe(v.string(), v.description('Of a probe: that it reached a receiver with the same secret.'))),
});

export const UNREADABLE_RESPONSE = v.object({
  outcome: v.pipe(v.literal('unreadable'), v.description('The body cannot be read: CXone is polled at once.')),
});

export type CallbackResponse = v.InferOutput<typeof CALLBACK_RESPONSE> | { readonly outcome: 'unreadable' };
