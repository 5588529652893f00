// What every store promises about forgetting payloads and about looking before anything goes.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Submission } from '../../src/execution/execution.ts';
import { parseJson } from '../../src/execution/json.ts';
import type { Store } from '../../src/store/port.ts';
import { MAX_LISTED_REPEATS } from '../../src/store/shared/counted-repeats.ts';
import { anExecution, callback, completed, failed, NOON } from '../support/executions.ts';

const DAY_MS = 86_400_000;
const LATER = NOON + 10 * DAY_MS;
const HOOK = 'https://hooks.example/ended';

export function retentionContract(name: string, open: () => Promise<Store>): void {
  describe(`forgetting payloads (${name})`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function add(overrides: Partial<Submission> = {}) {
      const execution = anExecution(overrides);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 100 });
      return execution;
    }

    async function ended(overrides: Partial<Submission> = {}, at = NOON) {
      const execution = await add(overrides);
      await store.record(execution.reference, callback(completed({ paid: 42 })), at);
      return execution;
    }

    async function prune(cutoff = LATER, now = LATER): Promise<number> {
      let pruned = 0;
      for (let batch = await store.prunablePayloads(2, cutoff, null); ; ) {
        pruned += await store.prunePayloads(batch, cutoff, now);
        if (batch.next === null) return pruned;
        batch = await store.prunablePayloads(2, cutoff, batch.next);
      }
    }

    const find = (correlationId: string) => store.find(correlationId);

    test('what ended before the cutoff loses its result and nothing else; what ended later, or is open, loses nothing', async () => {
      const old = await Promise.all([ended(), ended(), ended()]);
      const young = await ended({}, LATER);
      const open = await add();
      const before = await find(old[0]?.correlationId ?? '');
      expect(await prune()).toBe(3);
      for (const { correlationId } of old) {
        expect(await find(correlationId)).toMatchObject({ status: 'COMPLETED', result: null, error: null });
      }
      expect(await find(old[0]?.correlationId ?? '')).toEqual({ ...before, result: null });
      expect(await find(young.correlationId)).toMatchObject({ result: { paid: 42 } });
      expect(await find(open.correlationId)).toMatchObject({ status: 'QUEUED' });
      expect(await prune()).toBe(0);
    });

    test('an erased execution stays erased when reports arrive later: they are recorded and compared, without content', async () => {
      const { reference, correlationId } = await add();
      await store.claimDispatches(1, NOON);
      await store.record(reference, { type: 'cancelled', by: 'app:shop' }, NOON);
      await store.erase(reference, { by: 'operator:alice', reason: 'art. 17' }, NOON + 1);
      const late = callback(completed({ iban: 'AT61' }));
      expect(await store.record(reference, late, LATER)).toMatchObject({ outcome: 'late' });
      const kept = { status: 'CANCELLED', lateResult: { status: 'COMPLETED', result: null, receivedAt: LATER } };
      expect(await find(correlationId)).toMatchObject(kept);
      expect(await store.record(reference, late, LATER)).toMatchObject({ outcome: 'duplicate' });
      expect(await store.record(reference, callback(failed('AT61')), LATER)).toMatchObject({ outcome: 'conflict' });
      expect(await find(correlationId)).toMatchObject(kept);
      expect(JSON.stringify(await store.trail(correlationId))).not.toContain('AT61');
    });

    test('repeats of an erased execution are counted without content', async () => {
      const { reference } = await ended();
      await store.erase(reference, { by: 'operator:alice', reason: 'art. 17' }, NOON + 1);
      const conflicts = Array.from({ length: MAX_LISTED_REPEATS + 1 }, () => callback(failed('AT61')));
      const counted: unknown[] = [];
      const end = store.watch((changes) => void counted.push(...changes.filter(({ isCounted }) => isCounted === true)));
      await Promise.all(conflicts.map((conflict) => store.record(reference, conflict, LATER)));
      end();
      expect(counted).toMatchObject([{ entry: { detail: { outcome: 'conflict', erased: true } } }]);
      expect(JSON.stringify(counted)).not.toContain('AT61');
    });

    test('the same submission again still gives the original, another body is still another', async () => {
      const execution = await ended({ idempotencyKey: 'k' });
      await prune();
      const again = { execution, fingerprint: 'print', queueCapacity: 100 };
      expect(await store.add(again)).toMatchObject({ outcome: 'replayed', execution: { status: 'COMPLETED' } });
      expect(await store.add({ ...again, fingerprint: 'other' })).toEqual({ outcome: 'key-reused' });
    });

    test('the same result again is a duplicate however its numbers are written', async () => {
      const execution = await add();
      const repeat = (text: string) =>
        store
          .record(execution.reference, callback(completed(parseJson(text))), LATER)
          .then((recorded) => recorded?.outcome);
      expect(await repeat('{"fee":2.50,"id":7000000000000001}')).toBe('resolved');
      await prune(LATER + DAY_MS, LATER + DAY_MS);
      expect(await repeat('{"id":7000000000000001,"fee":2.5}')).toBe('duplicate');
      expect(await repeat('{"id":7000000000000002,"fee":2.5}')).toBe('conflict');
    });

    test('a pending notification keeps its payload until it is delivered', async () => {
      const { reference, correlationId } = await ended({ notifyUrl: HOOK });
      const [, waiting] = [await ended(), await store.listNotifications({ app: null, limit: 1 })];
      expect(await prune()).toBe(1);
      expect(await find(correlationId)).toMatchObject({ result: { paid: 42 } });
      const [lane] = await store.lanes();
      const [sendable] = await store.claimNotifications(
        lane as NonNullable<typeof lane>,
        { limit: 9, probe: false },
        LATER,
        LATER + 1,
      );
      expect(sendable?.execution).toMatchObject({ reference, result: { paid: 42 } });
      const delivered = { type: 'delivered', httpStatus: 200, latencyMs: 1 } as const;
      await store.recordDelivery(waiting.items[0]?.id ?? '', delivered, LATER);
      expect(await prune()).toBe(1);
      expect(await find(correlationId)).toMatchObject({ result: null });
    });

    test('a notification made due again between the look and the pruning keeps its payload', async () => {
      const { correlationId } = await ended({ notifyUrl: HOOK });
      const [delivered] = (await store.listNotifications({ app: null, limit: 1 })).items;
      const id = delivered?.id ?? '';
      await store.recordDelivery(id, { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'no' }, NOON);
      const batch = await store.prunablePayloads(9, LATER, null);
      expect(batch.references).toHaveLength(1);
      await store.recordDelivery(id, { type: 'replayed', by: 'operator:alice' }, LATER);
      expect(await store.prunePayloads(batch, LATER, LATER)).toBe(0);
      expect(await find(correlationId)).toMatchObject({ result: { paid: 42 } });
    });

    test('a delivered notification without its payload is not replayed: the refusal says so', async () => {
      await ended({ notifyUrl: HOOK });
      const [delivered] = (await store.listNotifications({ app: null, limit: 1 })).items;
      const id = delivered?.id ?? '';
      await store.recordDelivery(id, { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'no' }, NOON);
      await prune();
      const { id: entry } = await store.head();
      const replayed = await store.recordDelivery(id, { type: 'replayed', by: 'operator:alice' }, LATER);
      expect(replayed).toMatchObject({ outcome: 'pruned', notification: { status: 'DEAD' } });
      const all = await store.replayNotifications(
        { app: null, status: 'DEAD' },
        { after: 0, limit: 9, by: 'operator:alice', now: LATER },
      );
      expect(all.replayed).toBe(0);
      expect((await store.head()).id).toBe(entry);
    });

    test('the same result again is still known as the same, another one as another', async () => {
      const execution = await ended();
      const { reference, correlationId } = execution;
      await prune();
      const again = await store.record(reference, callback(completed({ paid: 42 }), 'cx-9'), LATER);
      expect(again).toMatchObject({ outcome: 'duplicate', execution: { result: null } });
      expect(await find(correlationId)).toMatchObject({ result: null });
      expect(await store.record(reference, callback(failed()), LATER)).toMatchObject({ outcome: 'conflict' });
      expect(await prune(LATER + DAY_MS, LATER + DAY_MS)).toBe(0);
    });

    test('a late result after the pruning is kept and notified, and pruned at its own time', async () => {
      const { reference, correlationId } = await add({ notifyUrl: HOOK });
      await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
      const gone = { type: 'gone', httpStatus: 410, latencyMs: 1, message: 'no' } as const;
      const tell = async () => {
        const [next] = (await store.listNotifications({ app: null, limit: 1 })).items;
        await store.recordDelivery(next?.id ?? '', gone, LATER);
        return next;
      };
      await tell();
      expect(await prune()).toBe(1);
      const late = await store.record(reference, callback(completed({ paid: 1 })), LATER);
      expect(late).toMatchObject({ outcome: 'late', execution: { lateResult: { result: { paid: 1 } } } });
      expect(await tell()).toMatchObject({ type: 'execution.late_result' });
      expect(await prune(LATER, LATER)).toBe(0);
      expect(await prune(LATER + 1, LATER + DAY_MS)).toBe(1);
      const kept = { status: 'COMPLETED', result: null, error: null, via: 'callback', receivedAt: LATER };
      expect(await find(correlationId)).toMatchObject({ lateResult: kept });
      const twice = await store.record(reference, callback(completed({ paid: 1 })), LATER + DAY_MS);
      expect(twice).toMatchObject({ outcome: 'duplicate', execution: { lateResult: kept } });
      const other = await store.record(reference, callback(completed({ paid: 2 })), LATER + DAY_MS);
      expect(other).toMatchObject({ outcome: 'conflict', execution: { lateResult: kept } });
    });

    test('no more goes than was looked at, and each execution is among what goes with its last entry', async () => {
      const [one, two, three] = [await ended(), await ended(), await ended()];
      const first = await store.prunableEntries(3, LATER, null);
      const second = await store.prunableEntries(9, LATER, first ?? null);
      expect([first, second]).toEqual([
        { first: 1, last: 3 },
        { first: 4, last: 6 },
      ]);
      expect(await store.prunableEntries(9, LATER, second ?? null)).toBeUndefined();
      const executionsIn = async (batch = first) =>
        (await store.entryRecords(batch as NonNullable<typeof first>))
          .filter(({ type }) => type === 'execution')
          .map((record) => record['correlation_id']);
      expect(await executionsIn(first)).toEqual([one.correlationId]);
      expect(new Set(await executionsIn(second))).toEqual(new Set([two.correlationId, three.correlationId]));
      expect(await store.prune(9, LATER, 3)).toEqual({ entries: 3, executions: 1 });
      expect(await store.checkpoint()).toMatchObject({ id: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(await find(one.correlationId)).toBeUndefined();
      expect(await find(two.correlationId)).toBeDefined();
    });
  });
}
