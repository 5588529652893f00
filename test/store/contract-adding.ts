// What every store must do about keys and batches: a part of its contract.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Submission } from '../../src/execution/execution.ts';
import { batchName, itemName } from '../../src/execution/idempotency-key.ts';
import { type JsonObject, LargeJson } from '../../src/execution/json.ts';
import type { AddResult, NewExecution } from '../../src/store/intake-port.ts';
import type { Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, NOON } from '../support/executions.ts';

export function addingContract(opened: () => Store): void {
  let store: Store;
  beforeEach(() => {
    store = opened();
  });

  const keyed = (idempotencyKey: string, overrides: Partial<Submission> = {}, fingerprint = 'print') =>
    store.add(asNew({ idempotencyKey, ...overrides }, { fingerprint }));
  const stored = async () => (await store.list({ app: null, limit: 200 })).items.length;
  const queued = async () => (await store.openCounts()).QUEUED;

  describe('idempotency keys', () => {
    test('the same key and body again is the original execution, whatever became of it; another body is refused', async () => {
      const first = added(await keyed('key'));
      await store.claimDispatches(1, NOON);
      await store.record(first.reference, callback(completed()), NOON);
      expect(await keyed('key')).toMatchObject({
        outcome: 'replayed',
        by: 'idempotency-key',
        execution: { reference: first.reference, status: 'COMPLETED' },
      });
      expect(await keyed('key', {}, 'another')).toEqual({ outcome: 'key-reused' });
      expect([await stored(), (await store.trail(first.correlationId)).length]).toEqual([1, 3]);
    });

    test('a repeat is the execution without its result, which may be long', async () => {
      const correlationId = 'order-1';
      const first = added(await keyed('key', { correlationId }));
      await store.claimDispatches(1, NOON);
      await store.record(first.reference, callback(completed({ charge: 1 })), NOON);
      for (const key of ['key', 'another']) {
        expect(await keyed(key, { correlationId })).toMatchObject({
          outcome: 'replayed',
          execution: { status: 'COMPLETED', resolvedBy: 'callback', result: null, error: null, lateResult: null },
        });
      }
      expect(await store.find(correlationId)).toMatchObject({ result: { charge: 1 } });
      expect(await store.findBrief(correlationId)).toMatchObject({
        execution: { reference: first.reference, status: 'COMPLETED', result: null },
        outcomeBytes: '{"charge":1}'.length,
      });
    });

    test('a short submission is another one than a long one under its id, without a comparison', async () => {
      const long = LargeJson.from(`{"text":"${'x'.repeat(200_000)}"}`) as JsonObject;
      const short = { text: 'x' };
      // Parts of a large batch are texts, however short they are.
      const shortText = LargeJson.asText('{"text":"x"}') as JsonObject;
      const outcomeOf = async (correlationId: string, inputs: JsonObject) => {
        const submission = asNew({ correlationId, inputs }, { fingerprint: 'another' });
        return (await store.add({ ...submission, isRepeatOfEarlierVersion: () => true })).outcome;
      };
      await store.add(asNew({ correlationId: 'long', inputs: long }));
      await store.add(asNew({ correlationId: 'short', inputs: short }));
      for (const inputs of [short, shortText]) expect(await outcomeOf('long', inputs)).toBe('conflict');
      for (const inputs of [short, shortText, long]) expect(await outcomeOf('short', inputs)).toBe('replayed');
      expect(await outcomeOf('long', long)).toBe('replayed');
    });

    test('without an outcome there are no bytes of one, and an unknown id is found by neither look', async () => {
      const { correlationId } = added(await keyed('key'));
      expect(await store.findBrief(correlationId)).toMatchObject({ execution: { status: 'QUEUED' }, outcomeBytes: 0 });
      expect([await store.find('unknown'), await store.findBrief('unknown')]).toEqual([undefined, undefined]);
    });

    test('equal keys of two apps are two keys', async () => {
      const one = added(await keyed('key', { app: 'shop' }));
      const other = added(await keyed('key', { app: 'other' }, 'another'));
      expect(other.reference).not.toBe(one.reference);
      expect(await keyed('key', { app: 'other' }, 'another')).toMatchObject({
        outcome: 'replayed',
        execution: { reference: other.reference },
      });
      expect(await keyed('key', { app: 'shop' }, 'another')).toEqual({ outcome: 'key-reused' });
    });

    test('of many at once under one key, one is added and the others are replays', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => keyed('key')));
      expect(all.filter(({ outcome }) => outcome === 'added')).toHaveLength(1);
      expect(all.filter(({ outcome }) => outcome === 'replayed')).toHaveLength(19);
      expect(await stored()).toBe(1);
    });

    test('the key is looked at before the correlation id', async () => {
      const correlationId = 'order-1';
      await keyed('key', { correlationId });
      expect(await keyed('key', { correlationId })).toMatchObject({ outcome: 'replayed', by: 'idempotency-key' });
      expect(await keyed('key', { correlationId: 'order-2' }, 'another')).toEqual({ outcome: 'key-reused' });
      expect(await keyed('new', { correlationId })).toMatchObject({ outcome: 'replayed', by: 'correlation-id' });
    });

    test('a repeat by correlation id keeps its new key, which then stands for that submission alone', async () => {
      const correlationId = 'order-1';
      const first = await store.add(asNew({ correlationId }));
      for (const key of ['new', 'newer']) {
        const repeat = await keyed(key, { correlationId });
        expect(repeat).toMatchObject({ outcome: 'replayed', by: 'correlation-id' });
        expect(await keyed(key, { correlationId: 'order-2' }, 'another')).toEqual({ outcome: 'key-reused' });
        expect(await keyed(key, { correlationId }, 'another')).toEqual({ outcome: 'key-reused' });
        expect(await keyed(key, { correlationId })).toMatchObject({
          outcome: 'replayed',
          by: 'idempotency-key',
          execution: { reference: added(first).reference },
        });
        expect(await keyed(itemName(batchName(key, 'a'), 0), { correlationId: 'order-3' })).toEqual({
          outcome: 'key-reused',
        });
      }
      expect(await keyed('new', { app: 'other' }, 'another')).toMatchObject({ outcome: 'added' });
      expect(await stored()).toBe(2);
    });

    test('so does an item of a batch, whose request then stands for its key', async () => {
      await store.add(asNew({ correlationId: 'order-1' }));
      const name = (print: string, index: number) => itemName(batchName('key', print), index);
      const items = (print: string) =>
        ['order-1', 'order-1'].map((correlationId, index) =>
          asNew({ correlationId, idempotencyKey: name(print, index) }),
        );
      const outcomes = async (print: string) => (await store.addAll(items(print), true)).map(({ outcome }) => outcome);
      expect(await outcomes('a')).toEqual(['replayed', 'replayed']);
      expect(await outcomes('b')).toEqual(['key-reused', 'key-reused']);
      expect(await keyed('key', {}, 'another')).toEqual({ outcome: 'key-reused' });
    });

    test('a further key lives as long as its execution, too', async () => {
      const { reference } = added(await store.add(asNew({ correlationId: 'order-1' })));
      await keyed('new', { correlationId: 'order-1' });
      await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
      await store.prune(10, NOON + 1);
      expect((await keyed('new', {}, 'another')).outcome).toBe('added');
    });

    test('a replay finds its execution while there is no room for a new one', async () => {
      await store.add(asNew({ idempotencyKey: 'key' }, { queueCapacity: 1 }));
      expect((await store.add(asNew({ idempotencyKey: 'key' }, { queueCapacity: 1 }))).outcome).toBe('replayed');
      expect((await store.add(asNew({ idempotencyKey: 'new' }, { queueCapacity: 1 }))).outcome).toBe('full');
    });

    test('a key lives as long as its execution', async () => {
      const { reference } = added(await keyed('key'));
      await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
      await store.prune(10, NOON + 1);
      expect((await keyed('key', {}, 'another')).outcome).toBe('added');
    });

    test('one key is one request: a submission, or a batch, and no other batch; longer keys are others', async () => {
      const batch = (key: string, print: string, index: number) => keyed(itemName(batchName(key, print), index));
      await keyed('single');
      await batch('batch', 'a', 7);
      expect((await batch('single', 'a', 0)).outcome).toBe('key-reused');
      expect((await keyed('batch')).outcome).toBe('key-reused');
      expect((await batch('batch', 'b', 0)).outcome).toBe('key-reused');
      expect((await batch('batch', 'a', 0)).outcome).toBe('added');
      for (const key of ['batch!', 'batc', 'batch-2', 'single~', 's']) expect((await keyed(key)).outcome).toBe('added');
    });
  });

  describe('the share of an app in the queue', () => {
    const tryToAdd = (app: string) => store.add(asNew({ app }, { appQueueCapacity: 2, queueCapacity: 3 }));

    test('past it the app is refused, while others still find room; the whole queue comes first', async () => {
      expect((await tryToAdd('shop')).outcome).toBe('added');
      expect((await tryToAdd('shop')).outcome).toBe('added');
      expect((await tryToAdd('shop')).outcome).toBe('share-full');
      expect((await tryToAdd('other')).outcome).toBe('added');
      expect((await tryToAdd('third')).outcome).toBe('full');
    });

    test('what leaves the queue makes room in the share', async () => {
      const { reference } = added(await tryToAdd('shop'));
      await tryToAdd('shop');
      await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
      expect((await tryToAdd('shop')).outcome).toBe('added');
      expect((await tryToAdd('shop')).outcome).toBe('share-full');
    });
  });

  describe('many in one commit', () => {
    const watch = () => {
      const changes: string[][] = [];
      store.watch((these) => void changes.push(these.map(({ execution }) => execution.correlationId)));
      return changes;
    };
    /** One that is there already, and four of which the last two cannot be added. */
    const mixed = async () => {
      await store.add(asNew({ correlationId: 'old' }));
      return [
        asNew({ correlationId: 'new-1' }),
        asNew({ correlationId: 'old' }),
        asNew({ correlationId: 'new-2', app: 'other' }),
        asNew({ correlationId: 'old' }, { fingerprint: 'another' }),
        asNew({ correlationId: 'new-3' }, { queueCapacity: 1 }),
      ];
    };

    test('each has its own outcome, in their order, and watchers hear of those that were added, at once', async () => {
      const submissions = await mixed();
      const changes = watch();
      const outcomes = await store.addAll(submissions, false);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'replayed', 'added', 'conflict', 'full']);
      expect(changes).toEqual([['new-1', 'new-2']]);
      expect([await stored(), await queued()]).toEqual([3, 3]);
      expect((await store.trail('new-2')).map(({ event }) => event)).toEqual(['ACCEPTED']);
    });

    test('a refused one in a batch leaves nothing of the others: no row, no entry, no place in the queue, no change reported', async () => {
      const submissions = await mixed();
      const changes = watch();
      const head = await store.head();
      const outcomes = await store.addAll(submissions, true);
      const withheld = ['withheld', 'replayed', 'withheld', 'conflict', 'full'];
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(withheld);
      expect(await store.head()).toEqual(head);
      expect([await stored(), await queued(), changes]).toEqual([1, 1, []]);
      for (const id of ['new-1', 'new-2', 'new-3']) {
        expect([await store.find(id), await store.trail(id)]).toEqual([undefined, []]);
      }
      // Counted rightly, there is room for one more of two, in all and of the app.
      const bound = { queueCapacity: 2, appQueueCapacity: 2 };
      expect((await store.add(asNew({}, bound))).outcome).toBe('added');
      expect((await store.add(asNew({}, bound))).outcome).toBe('full');
      expect((await store.head()).id).toBe(head.id + 1);
    });

    test('together, all that can be added or were sent before are accepted', async () => {
      const submissions = (await mixed()).slice(0, 3);
      const outcomes = await store.addAll(submissions, true);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'replayed', 'added']);
    });

    test('a batch that is taken back harms nothing that is written beside it', async () => {
      const submissions = await mixed();
      const [before, batch, after] = await Promise.all([
        store.add(asNew({ correlationId: 'before' })),
        store.addAll(submissions, true),
        store.add(asNew({ correlationId: 'after' })),
      ]);
      expect([before.outcome, batch[0]?.outcome, after.outcome]).toEqual(['added', 'withheld', 'added']);
      expect([await stored(), await queued()]).toEqual([3, 3]);
      expect(await store.trail('after')).toHaveLength(1);
    });

    test('the same submission twice in one batch is as if sent one after the other', async () => {
      const twice = [asNew({ correlationId: 'one' }), asNew({ correlationId: 'one' })];
      const another = asNew({ correlationId: 'one' }, { fingerprint: 'another' });
      const outcomes = await store.addAll([...twice, another], false);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'replayed', 'conflict']);
    });

    test('never more are queued than the capacity: the first find room', async () => {
      const many = Array.from({ length: 6 }, () => asNew({}, { queueCapacity: 4 }));
      const outcomes = await store.addAll(many, false);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['added', 'added', 'added', 'added', 'full', 'full']);
    });
  });
}

function added(one: AddResult) {
  if (one.outcome !== 'added') throw new Error(`it was ${one.outcome}`);
  return one.execution;
}

function asNew(overrides: Partial<Submission>, more: Partial<NewExecution> = {}): NewExecution {
  return { execution: anExecution(overrides), fingerprint: 'print', queueCapacity: 1000, ...more };
}
