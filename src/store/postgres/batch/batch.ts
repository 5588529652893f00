// The decisions of one batch on the state that was loaded for it: each decision sees those before it.

import { appKeyOf } from '../../../execution/idempotency-key.ts';
import type { NewExecution } from '../../intake-port.ts';
import { tallyAccepted } from '../rollups/tally.ts';
import { type AddedPart, fingerprintBytes } from './add.ts';
import type { Aggregate } from './aggregate.ts';
import { type Earlier, keyOf, type Names } from './names.ts';
import { createPart, type Part, type PendingEntry } from './part.ts';

export interface FurtherKey {
  readonly app: string;
  readonly name: string;
  readonly reference: string;
}

export interface Batch {
  readonly names: Names;
  readonly added: readonly AddedPart[];
  /** Stored executions that a decision has read. */
  readonly read: readonly Part[];
  /** In the order of the decisions. */
  readonly entries: readonly PendingEntry[];
  /** Returns the part of a stored execution; undefined for an unknown reference. */
  partOf(reference: string): Part | undefined;
  add(submission: NewExecution): Part;
  /** Further keys of stored executions. */
  readonly keys: readonly FurtherKey[];
  /** Keeps the key under which a submission was repeated by its correlation id. */
  keepKey(submission: NewExecution, earlier: Earlier): void;
  /** Number of queued executions, with those that the batch adds: of all apps (null), or of one. */
  queued(app: string | null): number;
}

/** @param queued returns how many executions are queued before the batch */
export function createBatch(
  loaded: ReadonlyMap<string, Aggregate>,
  stored: Names,
  queued: (app: string | null) => number,
): Batch {
  const names: Names = {
    byCorrelationId: new Map(stored.byCorrelationId),
    byKey: new Map(stored.byKey),
    underKey: new Map(stored.underKey),
  };
  const added: AddedPart[] = [];
  const read = new Map<string, Part>();
  const entries: PendingEntry[] = [];
  const keys: FurtherKey[] = [];
  const nameBy = (app: string, name: string, earlier: Earlier) => {
    names.byKey.set(keyOf(app, name), earlier);
    names.underKey.set(keyOf(app, appKeyOf(name)), name);
  };
  return {
    names,
    keys,
    added,
    get read() {
      return [...read.values()];
    },
    entries,
    partOf: (reference) => {
      const known = read.get(reference);
      if (known !== undefined) return known;
      const aggregate = loaded.get(reference);
      if (aggregate === undefined) return undefined;
      const part = createPart(aggregate, false, entries);
      read.set(reference, part);
      return part;
    },
    add: ({ execution, fingerprint, queueCapacity, appQueueCapacity = queueCapacity }) => {
      const { inputs, context, ...state } = execution;
      const { app, correlationId, idempotencyKey } = execution;
      const part = createPart({ ...NEW, execution: state }, true, entries);
      tallyAccepted(part);
      added.push({ part, execution, fingerprint: fingerprintBytes(fingerprint), queueCapacity, appQueueCapacity });
      const earlier = { execution: state, accepted: { fingerprint, payload: { inputs, context } } };
      names.byCorrelationId.set(correlationId, earlier);
      if (idempotencyKey !== null) nameBy(app, idempotencyKey, earlier);
      return part;
    },
    keepKey: ({ execution: { app, idempotencyKey } }, earlier) => {
      if (idempotencyKey === null) return;
      keys.push({ app, name: idempotencyKey, reference: earlier.execution.reference });
      nameBy(app, idempotencyKey, earlier);
    },
    queued: (app) => queued(app) + added.filter(({ execution }) => app === null || execution.app === app).length,
  };
}

const NEW: Omit<Aggregate, 'execution'> = {
  id: 0,
  version: 0,
  notifications: [],
  repeats: [],
  listed: null,
  entryBytes: 0,
  payloadPrunedAt: null,
  payloadSha256: null,
  arrival: { hintedAt: null, calledBackAt: null, pollCompletedAt: null },
};
