// Use case: accept one execution or a batch durably. Nothing is sent to CXone before the commit.

import { type Execution, newExecution, type Submission } from '../execution/execution.ts';
import { batchName, itemName } from '../execution/idempotency-key.ts';
import { type Json, type JsonObject, LargeJson } from '../execution/json.ts';
import { mapYielding } from '../lib/event-loop.ts';
import type { World } from '../lib/world.ts';
import type {
  BatchAddResult,
  ExecutionIntake,
  NewExecution,
  ResubmissionOrder,
  ResubmitResult,
} from '../store/intake-port.ts';
import type { ExecutionReader } from '../store/port.ts';
import { createAddition } from './add-submissions.ts';
import { fingerprintOf, fingerprintOfBatch, fingerprintOfInvalid } from './fingerprint.ts';
import { type LargeSubmissions, WITHOUT_THREAD } from './large-submissions.ts';
import type { BatchItem, SubmissionRequest } from './submission-request.ts';

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

export interface Batch {
  readonly items: readonly BatchItem[];
  /** Accept all submissions or none. */
  readonly atomic: boolean;
}

export type Submit = ReturnType<typeof createSubmit>;

type SubmitStore = ExecutionIntake & Pick<ExecutionReader, 'payloads'>;

/** @throws {StoreUnavailable} when nothing could be committed. */
export function createSubmit(
  store: SubmitStore,
  world: Pick<World, 'now' | 'id'>,
  rules: SubmitRules,
  large: LargeSubmissions = WITHOUT_THREAD,
) {
  const addition = createAddition(store, large);

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

  /** `name`: under which an Idempotency-Key stores the batch; null without a key. */
  async function addBatch(
    app: string,
    { items, atomic }: Batch,
    arrival: SubmissionHeaders,
    { fingerprints, name }: { readonly fingerprints: readonly string[]; readonly name: string | null },
  ): Promise<(BatchAddResult | null)[]> {
    const submissions = items.flatMap((item, index) => {
      if (item.type === 'invalid') return [];
      const idempotencyKey = name === null ? null : itemName(name, index);
      const submission = asNew(app, item.request, fingerprints[index] ?? '', { ...arrival, idempotencyKey });
      return [{ submission, request: item.request }];
    });
    const added = (await addition.all(submissions, atomic)).values();
    return items.map((item) => (item.type === 'invalid' ? null : (added.next().value ?? null)));
  }

  return {
    /** `fingerprint`: left out if it is not known yet. */
    one: (app: string, request: SubmissionRequest, arrival: SubmissionHeaders, fingerprint = fingerprintOf(request)) =>
      addition.one({ submission: asNew(app, request, fingerprint, arrival), request }),
    /** Accepts the submissions among the items. Returns a result for each item, in their order; null for an invalid one. */
    batch: async (app: string, batch: Batch, arrival: SubmissionHeaders): Promise<(BatchAddResult | null)[]> => {
      const fingerprints = await mapYielding(batch.items, fingerprintOfItem);
      const { idempotencyKey: key } = arrival;
      // promise: batch-key-covers-all-items
      const name = key === null ? null : batchName(key, fingerprintOfBatch(batch.atomic, fingerprints));
      const added = await addBatch(app, batch, arrival, { fingerprints, name });
      if (key === null || !added.some((one) => one?.outcome === 'key-reused')) return added;
      // Version 0.1.0 may have accepted the batch, under the name that its fingerprints gave.
      for (const earlier of await batchNamesOfVersion010(key, batch, large)) {
        const again = await addBatch(app, batch, arrival, { fingerprints, name: earlier });
        if (!again.some((one) => one?.outcome === 'key-reused')) return again;
      }
      return added;
    },
    /** Accepts an execution with the submission of an ended one, for an administrator. Returns undefined if that one is gone. */
    again: async (original: Execution, order: ResubmissionOrder): Promise<ResubmitResult | undefined> => {
      const payloads = await store.payloads(original.correlationId);
      if (payloads === undefined) return undefined;
      const request = requestOf(original, payloads);
      const isLarge = LargeJson.is(request.inputs) || LargeJson.is(request.context);
      const fingerprint = isLarge ? await large.fingerprint(request) : fingerprintOf(request);
      const repetition = asNew(original.app, request, fingerprint, NO_HEADERS);
      return store.resubmit(original.reference, repetition, order);
    },
  };
}

const NO_HEADERS: SubmissionHeaders = { idempotencyKey: null, traceparent: null, tracestate: null };

/** Returns the submission of an execution as it was accepted, under a new correlation id. */
function requestOf(
  { actionId, timeoutSeconds, graceSeconds, retryUncertain, priority, notifyUrl }: Execution,
  { inputs, context }: { readonly inputs: Json; readonly context: Json },
): SubmissionRequest {
  return {
    ...{ actionId, timeoutSeconds, graceSeconds, retryUncertain, priority, notifyUrl },
    ...{ correlationId: null, inputs: inputs as JsonObject, context: context as JsonObject },
  };
}

function isLargeItem(item: BatchItem): boolean {
  if (item.type === 'invalid') return LargeJson.is(item.sent);
  return LargeJson.is(item.request.inputs) || LargeJson.is(item.request.context);
}

function fingerprintOfItem(item: BatchItem): string {
  if (item.fingerprint !== undefined) return item.fingerprint;
  return item.type === 'submission' ? fingerprintOf(item.request) : fingerprintOfInvalid(item.sent);
}

async function batchNamesOfVersion010(
  key: string,
  { items, atomic }: Batch,
  large: LargeSubmissions,
): Promise<string[]> {
  const { fingerprintsOfVersion010 } = items.some(isLargeItem) ? large : WITHOUT_THREAD;
  const variants = await fingerprintsOfVersion010(items);
  const nameOf = (variant: 0 | 1) =>
    batchName(
      key,
      fingerprintOfBatch(
        atomic,
        variants.map((one) => one[variant]),
      ),
    );
  return [nameOf(0), nameOf(1)];
}
