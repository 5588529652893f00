// Use case: accept one execution or a batch durably. Nothing is sent to CXone before the commit.

import { type Execution, newExecution, type Submission } from '../execution/execution.ts';
import { batchName, itemName } from '../execution/idempotency-key.ts';
import { hasFewValues, type Json, type JsonObject } from '../execution/json.ts';
import { longWorkSlice, mapYielding } from '../lib/event-loop.ts';
import type { World } from '../lib/world.ts';
import type {
  AddResult,
  BatchAddResult,
  ExecutionIntake,
  NewExecution,
  ResubmissionOrder,
  ResubmitResult,
} from '../store/intake-port.ts';
import type { ExecutionReader } from '../store/port.ts';
import {
  fingerprintOf,
  fingerprintOfBatch,
  fingerprintOfInvalid,
  fingerprintsOfVersion010,
  invalidFingerprintsOfVersion010,
  isRepeatOfVersion010,
} from './fingerprint.ts';
import type { SubmissionRequest } from './submission-request.ts';

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

/** One item of a batch as received. An item that is not a submission still belongs to the content of an idempotency key. */
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
  /** Accepts an execution with the submission of an ended one, for an administrator. Returns undefined if that one is gone. */
  again(original: Execution, order: ResubmissionOrder): Promise<ResubmitResult | undefined>;
}

type SubmitStore = ExecutionIntake & Pick<ExecutionReader, 'payloads'>;

/** @throws {StoreUnavailable} when nothing could be committed. */
export function createSubmit(store: SubmitStore, world: Pick<World, 'now' | 'id'>, rules: SubmitRules): Submit {
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
      isRepeatOfEarlierVersion: (accepted) => isRepeatOfVersion010(request, accepted),
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
      return [asNew(app, item.request, fingerprints[index] ?? '', { ...arrival, idempotencyKey })];
    });
    const added = (await store.addAll(submissions, atomic)).values();
    return items.map((item) => (item.type === 'invalid' ? null : (added.next().value ?? null)));
  }

  return {
    one: async (app, request, arrival) => {
      await longWorkSlice(!hasFewValues(request.inputs) || !hasFewValues(request.context));
      return store.add(asNew(app, request, fingerprintOf(request), arrival));
    },

    batch: async (app, batch, arrival) => {
      const fingerprints = await mapYielding(batch.items, (item) =>
        item.type === 'submission' ? fingerprintOf(item.request) : fingerprintOfInvalid(item.sent),
      );
      const { idempotencyKey: key } = arrival;
      // promise: batch-key-covers-all-items
      const name = key === null ? null : batchName(key, fingerprintOfBatch(batch.atomic, fingerprints));
      const added = await addBatch(app, batch, arrival, { fingerprints, name });
      if (key === null || !added.some((one) => one?.outcome === 'key-reused')) return added;
      // Version 0.1.0 may have accepted the batch, under the name that its fingerprints gave.
      for (const earlier of await batchNamesOfVersion010(key, batch)) {
        const again = await addBatch(app, batch, arrival, { fingerprints, name: earlier });
        if (!again.some((one) => one?.outcome === 'key-reused')) return again;
      }
      return added;
    },

    again: async (original, order) => {
      const payloads = await store.payloads(original.correlationId);
      if (payloads === undefined) return undefined;
      const request = requestOf(original, payloads);
      await longWorkSlice(!hasFewValues(request.inputs) || !hasFewValues(request.context));
      const repetition = asNew(original.app, request, fingerprintOf(request), NO_HEADERS);
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

async function batchNamesOfVersion010(key: string, { items, atomic }: Batch): Promise<string[]> {
  const variants = await mapYielding(items, (item) =>
    item.type === 'submission' ? fingerprintsOfVersion010(item.request) : invalidFingerprintsOfVersion010(item.sent),
  );
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
