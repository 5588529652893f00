// The contract of submitting an ended execution again, against every store there is.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { NewExecution } from '../../src/store/intake-port.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, failed, NOON, submitted } from '../support/executions.ts';

const ORDER = { by: 'operator:alice', reason: 'ticket 4711' };
const CANCELLED: ExecutionEvent = { type: 'cancelled', by: 'operator:alice' };

function repetition(correlationId: string, overrides: Partial<NewExecution> = {}): NewExecution {
  const execution = anExecution({ correlationId, inputs: { amount: 42 } }, NOON + 60_000);
  return { execution, fingerprint: 'print', queueCapacity: 10, ...overrides };
}

export function resubmissionContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of resubmissions: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function ended(...events: readonly ExecutionEvent[]): Promise<string> {
      const execution = anExecution({ correlationId: 'old' });
      await store.add({ execution, fingerprint: 'print', queueCapacity: 10 });
      await store.claimDispatches(1, NOON);
      for (const event of events) await store.record(execution.reference, event, NOON + 5);
      return execution.reference;
    }

    test('the new execution and the old one name each other, in their rows and in their trails', async () => {
      const reference = await ended(submitted(), callback(failed()));
      const result = await store.resubmit(reference, repetition('new'), ORDER);
      expect(result).toMatchObject({
        outcome: 'added',
        execution: { correlationId: 'new', status: 'QUEUED', resubmissionOf: 'old', resubmittedAs: null },
      });
      expect(await store.find('new')).toMatchObject({ resubmissionOf: 'old', resubmittedAs: null, attempts: 0 });
      expect(await store.find('old')).toMatchObject({ status: 'FAILED', resubmissionOf: null, resubmittedAs: 'new' });
      expect(await store.payloads('new')).toMatchObject({ inputs: { amount: 42 } });
      expect((await store.trail('new')).map(({ event, detail }) => [event, detail])).toEqual([
        [
          'ACCEPTED',
          {
            ...{ timeoutSeconds: 30, graceSeconds: 10, retryUncertain: false },
            ...{ resubmissionOf: 'old', by: 'operator:alice' },
          },
        ],
      ]);
      expect((await store.trail('old')).at(-1)).toMatchObject({
        event: 'RESUBMITTED',
        detail: { by: 'operator:alice', reason: 'ticket 4711', resubmittedAs: 'new' },
      });
      expect((await store.claimDispatches(10, NOON + 60_000)).map(({ correlationId }) => correlationId)).toEqual([
        'new',
      ]);
    });

    test('of many resubmissions one adds an execution, and all others return it in its present state', async () => {
      const reference = await ended(submitted(), CANCELLED);
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) => store.resubmit(reference, repetition(`new-${index}`), ORDER)),
      );
      expect(results.filter((one) => one?.outcome === 'added')).toHaveLength(1);
      expect(results.filter((one) => one?.outcome === 'replayed')).toHaveLength(9);
      expect((await store.list({ app: null, limit: 10 })).items).toHaveLength(2);
      const { resubmittedAs = '' } = (await store.find('old')) ?? {};
      const { reference: repeated = '' } = (await store.find(resubmittedAs ?? '')) ?? {};
      await store.record(repeated, CANCELLED, NOON + 60_001);
      expect(await store.resubmit(reference, repetition('more'), ORDER)).toMatchObject({
        outcome: 'replayed',
        execution: { correlationId: resubmittedAs, status: 'CANCELLED' },
      });
      expect((await store.trail('old')).filter(({ event }) => event === 'RESUBMITTED')).toHaveLength(1);
    });

    test('a repetition that ended without a result can be repeated in turn', async () => {
      const reference = await ended(submitted(), CANCELLED);
      await store.resubmit(reference, repetition('second'), { ...ORDER, reason: null });
      const { reference: second = '' } = (await store.find('second')) ?? {};
      await store.record(second, CANCELLED, NOON + 60_001);
      expect(await store.resubmit(second, repetition('third'), ORDER)).toMatchObject({ outcome: 'added' });
      expect(await store.find('second')).toMatchObject({ resubmissionOf: 'old', resubmittedAs: 'third' });
      expect((await store.trail('old')).at(-1)?.detail).toEqual({ by: 'operator:alice', resubmittedAs: 'second' });
    });

    test.for([
      ['open', [submitted()]],
      ['completed', [submitted(), callback(completed())]],
      ['completed', [submitted(), CANCELLED, callback(completed())]],
    ] as const)('what is %s is refused and unchanged', async ([outcome, events]) => {
      const reference = await ended(...events);
      const before = await store.trail('old');
      expect(await store.resubmit(reference, repetition('new'), ORDER)).toEqual({ outcome });
      expect([await store.find('new'), await store.trail('old')]).toEqual([undefined, before]);
    });

    test('a late failure is not a result that forbids it', async () => {
      const reference = await ended(submitted(), CANCELLED, callback(failed()));
      expect(await store.resubmit(reference, repetition('new'), ORDER)).toMatchObject({ outcome: 'added' });
    });

    test('erased inputs are refused', async () => {
      const reference = await ended(submitted(), CANCELLED);
      await store.erase(reference, { by: 'operator:alice', reason: 'art. 17' }, NOON + 10);
      expect(await store.resubmit(reference, repetition('new'), ORDER)).toEqual({ outcome: 'erased' });
      expect(await store.find('new')).toBeUndefined();
    });

    test('an erasure of either keeps the links, and the entries verify', async () => {
      const reference = await ended(submitted(), CANCELLED);
      await store.resubmit(reference, repetition('new'), ORDER);
      await store.erase(reference, { by: 'operator:alice', reason: 'art. 17' }, NOON + 10);
      expect(await store.find('old')).toMatchObject({ resubmittedAs: 'new' });
      expect((await store.trail('old')).find(({ event }) => event === 'RESUBMITTED')?.detail).toMatchObject({
        resubmittedAs: 'new',
        reason: 'ticket 4711',
      });
    });

    test('the bounds of the queue apply', async () => {
      const reference = await ended(submitted(), CANCELLED);
      expect(await store.resubmit(reference, repetition('new', { queueCapacity: 0 }), ORDER)).toEqual({
        outcome: 'full',
      });
      expect(await store.resubmit(reference, repetition('new', { appQueueCapacity: 0 }), ORDER)).toEqual({
        outcome: 'share-full',
      });
      expect(await store.find('old')).toMatchObject({ resubmittedAs: null });
      expect(await store.resubmit('unknown', repetition('new'), ORDER)).toBeUndefined();
    });
  });
}
