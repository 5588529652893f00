// Verb: accept an execution, durably. CXone hears of it only after the commit.

import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { accept, DEFAULT_PRIORITY, type Submission } from './execution/execution.ts';
import type { Added, Store } from './store/port.ts';
import type { World } from './world.ts';

/** What an app sends: a submission whose correlation id and grace period may be left to us. */
export interface SubmissionRequest
  extends Omit<Submission, 'app' | 'correlationId' | 'graceSeconds' | 'idempotencyKey' | 'traceparent' | 'tracestate'> {
  readonly correlationId: string | null;
  readonly graceSeconds: number | null;
}

export interface SubmitRules {
  /** The grace period of submissions that name none, in seconds. */
  readonly graceSeconds: number;
  readonly queueTimeoutMs: number;
  readonly queueCapacity: number;
}

/** What came along with a submission, in its headers. */
export type Arrival = Pick<Submission, 'idempotencyKey' | 'traceparent' | 'tracestate'>;

export type Submit = (app: string, request: SubmissionRequest, arrival: Arrival) => Promise<Added>;

/** @throws {StoreUnavailable} when nothing could be committed. */
export function createSubmit(store: Store, world: World, rules: SubmitRules): Submit {
  return (app, request, arrival) => {
    const now = world.now();
    const reference = world.id(now);
    const submission: Submission = {
      ...request,
      ...arrival,
      app,
      correlationId: request.correlationId ?? reference,
      graceSeconds: request.graceSeconds ?? rules.graceSeconds,
    };
    return store.add({
      execution: accept(submission, reference, now, now + rules.queueTimeoutMs),
      fingerprint: fingerprintOf(request),
      queueCapacity: rules.queueCapacity,
    });
  };
}

/**
 * SHA-256 of the canonical JSON (RFC 8785): the order of members makes no difference, nor does a default that was written
 * out, but for the grace period: its default is configuration and may be another one when the submission is repeated.
 */
function fingerprintOf({ priority, ...request }: SubmissionRequest): string {
  // Left out unless it was chosen: what was sent before there were priorities is still known when it is sent again.
  const chosen = priority === DEFAULT_PRIORITY ? {} : { priority };
  const text = canonicalize({ ...request, ...chosen }) ?? '';
  return createHash('sha256').update(text).digest('hex');
}
