// Use case: accept one execution or a batch durably. Nothing is sent to CXone before the commit.

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { DEFAULT_PRIORITY, newExecution, type Submission } from '../execution/execution.ts';
import { batchName, itemName } from '../execution/idempotency-key.ts';
import type { Json } from '../execution/json.ts';
import { mapYielding } from '../lib/event-loop.ts';
import type { World } from '../lib/world.ts';
import type { AddResult, BatchAddResult, ExecutionIntake, NewExecution } from '../store/port.ts';

/** Submission as an app sends it; null stands for the receiver's default. */
export interface SubmissionRequest
  extends Omit<Submission, 'app' | 'correlationId' | 'graceSeconds' | 'idempotencyKey' | 'traceparent' | 'tracestate'> {
  readonly correlationId: string | null;
  readonly graceSeconds: number | null;
}

export interface SubmitRules {
  /** Default grace period in seconds. */
  readonly graceSeconds: number;
  readonly queueTimeoutMs: number;
  /** Default notification URL per app. Part of the configuration, and therefore not of the fingerprint. */
  readonly notifyUrls?: ReadonlyMap<string, string>;
  readonly queueCapacity: number;
  /** Maximum queued executions per app; `queueCapacity` for other apps. */
  readonly appQueueCapacities: ReadonlyMap<string, number>;
}

/** Parts of a submission from the request headers. */
export type SubmissionHeaders = Pick<Submission, 'idempotencyKey' | 'traceparent' | 'tracestate'>;

/** What came as one item of a batch; what is no submission still belongs to what was sent under an idempotency key. */
export type BatchItem =
  | { readonly type: 'submission'; readonly request: SubmissionRequest }
  | { readonly type: 'invalid'; readonly sent: Json };

export interface Batch {
  readonly items: readonly BatchItem[];
  /** Accept all submissions or none. */
  readonly atomic: boolean;
}

export interface Submit {
  one(app: string, request: SubmissionRequest, arrival: SubmissionHeaders): Promise<AddResult>;
  /** Accepts the submissions among the items in one commit; what became of each stands in the place of its item, null for the invalid. */
  batch(app: string, batch: Batch, arrival: SubmissionHeaders): Promise<(BatchAddResult | null)[]>;
}

/** @throws {StoreUnavailable} when nothing could be committed. */
export function createSubmit(store: ExecutionIntake, world: Pick<World, 'now' | 'id'>, rules: SubmitRules): Submit {
  function asNew(
    app: string,
    request: SubmissionRequest,
    fingerprint: string,
    arrival: SubmissionHeaders,
  ): NewExecution {
    const now = world.now();
    const reference = world.id(now);
    const submission: Submission = {
      ...request,
      ...arrival,
      app,
      correlationId: request.correlationId ?? reference,
      graceSeconds: request.graceSeconds ?? rules.graceSeconds,
      notifyUrl: request.notifyUrl ?? rules.notifyUrls?.get(app) ?? null,
    };
    return {
      execution: newExecution(submission, reference, now, now + rules.queueTimeoutMs),
      fingerprint,
      queueCapacity: rules.queueCapacity,
      appQueueCapacity: rules.appQueueCapacities.get(app) ?? rules.queueCapacity,
    };
  }

  return {
    one: (app, request, arrival) => store.add(asNew(app, request, fingerprintOf(request), arrival)),

    batch: async (app, { items, atomic }, arrival) => {
      const fingerprints = await mapYielding(items, (item) =>
        item.type === 'submission' ? fingerprintOf(item.request) : digest(meaningOf(item.sent)),
      );
      const { idempotencyKey: key } = arrival;
      // promise: batch-key-covers-all-items
      const name = key === null ? null : batchName(key, digest(JSON.stringify([atomic, ...fingerprints])));
      const submissions = items.flatMap((item, index) => {
        if (item.type === 'invalid') return [];
        const idempotencyKey = name === null ? null : itemName(name, index);
        return [asNew(app, item.request, fingerprints[index] ?? '', { ...arrival, idempotencyKey })];
      });
      const added = (await store.addAll(submissions, atomic)).values();
      return items.map((item) => (item.type === 'invalid' ? null : (added.next().value ?? null)));
    },
  };
}

/**
 * SHA-256 of the canonical JSON (RFC 8785): the order of members makes no difference, nor does a default that was written
 * out, but for the grace period: its default is configuration and may be another one when the submission is repeated.
 */
function fingerprintOf({ priority, ...request }: SubmissionRequest): string {
  // Left out unless it was chosen: what was sent before there were priorities is still known when it is sent again.
  const chosen = priority === DEFAULT_PRIORITY ? {} : { priority };
  return digest(canonicalize({ ...request, ...chosen }) ?? '');
}

/** Text that is the same for documents that mean the same. */
function meaningOf(sent: Json): string {
  try {
    return canonicalize(sent) ?? '';
  } catch {
    // Half of a surrogate pair has no canonical form.
    return JSON.stringify(sent);
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
