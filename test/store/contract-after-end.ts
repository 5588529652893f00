// A poll of an execution that has ended is due like any other, and the execution counts as ended all the same.

import { describe, expect, test } from 'vitest';
import type { Dispatchable } from '../../src/execution/execution.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, completed, NOON, polled, submitted } from '../support/executions.ts';

const LATER = NOON + 60_000;

/** In every contract test there is a fresh store. */
export function afterEndContract(storeNow: () => Store): void {
  /** An execution of which CXone is polled because of an unreadable callback after its end. */
  async function calledBackAfterTheEnd(notifyUrl: string | null = 'https://app.example/hook'): Promise<Dispatchable> {
    const store = storeNow();
    const execution = anExecution({ notifyUrl });
    await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
    await store.claimDispatches(10, NOON);
    await store.record(execution.reference, submitted(), NOON);
    await store.record(execution.reference, { type: 'cancelled', by: 'shop' }, NOON);
    expect((await store.nextDue()).pollAt).toBeNull();
    await store.record(execution.reference, { type: 'callback-unreadable', reason: 'no JSON', body: null }, LATER);
    return execution;
  }

  describe('polling after the end', () => {
    test('it is claimed for a while, and due until CXone has answered', async () => {
      const { reference, correlationId } = await calledBackAfterTheEnd();
      const store = storeNow();
      expect((await store.nextDue()).pollAt).toBe(LATER);
      const claimed = await store.claimPolls(10, LATER, LATER + 15_000);
      expect(claimed).toMatchObject([{ reference, status: 'CANCELLED', executionId: 'cx-1', pollAt: LATER + 15_000 }]);
      expect(await store.claimPolls(10, LATER + 14_999, LATER + 30_000)).toEqual([]);
      expect(await store.claimPolls(10, LATER + 15_000, LATER + 30_000)).toHaveLength(1);
      const leasedUntil = LATER + 30_000;
      const late = await store.record(reference, polled(completed('there'), { leasedUntil }), LATER + 16_000);
      expect(late).toMatchObject({ outcome: 'late', execution: { lateResult: { result: 'there' } } });
      expect((await store.nextDue()).pollAt).toBeNull();
      expect(await store.find(correlationId)).toMatchObject({ status: 'CANCELLED', pollAt: null });
      const found = (await store.trail(correlationId)).at(-1);
      expect(found).toMatchObject({
        event: 'POLL_COMPLETED',
        detail: { outcome: 'late', notification: expect.any(String) },
      });
    });

    test('it is neither open nor waiting, in counts and lists', async () => {
      await calledBackAfterTheEnd();
      const store = storeNow();
      expect(await store.openCounts()).toEqual({ QUEUED: 0, UNCONFIRMED: 0, PENDING: 0 });
      expect(await store.queueState()).toMatchObject({ oldestQueuedAt: null, oldestPendingAt: null });
      const page = await store.list({ app: null, limit: 10, status: 'OPEN' });
      expect([page.items, page.next]).toEqual([[], null]);
    });

    test('it is not pruned before CXone has answered', async () => {
      const { reference, correlationId } = await calledBackAfterTheEnd(null);
      const store = storeNow();
      const cutoff = LATER + 86_400_000;
      expect(await store.prune(10, cutoff)).toEqual({ entries: 0, executions: 0 });
      await store.claimPolls(10, LATER, cutoff);
      await store.record(reference, polled(completed('there'), { leasedUntil: cutoff }), LATER + 1_000);
      expect(await store.find(correlationId)).toMatchObject({ lateResult: { result: 'there' }, pollAt: null });
    });

    test('its due time moves with the clock, and nothing else of it', async () => {
      const { correlationId } = await calledBackAfterTheEnd();
      const store = storeNow();
      const before = await store.find(correlationId);
      await store.moveDueTimes({ from: LATER, to: LATER - 3_600_000 });
      expect(await store.find(correlationId)).toEqual({ ...before, pollAt: LATER - 3_600_000 });
      expect((await store.nextDue()).pollAt).toBe(LATER - 3_600_000);
      expect(await store.claimPolls(10, LATER - 3_600_000, LATER)).toHaveLength(1);
    });
  });
}
