// What every store must do, whatever database stands behind it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry, ExecutionEvent } from '../../src/execution/event.ts';
import type { Dispatchable, Submission } from '../../src/execution/execution.ts';
import { type JsonObject, parseJson } from '../../src/execution/json.ts';
import type { NewExecution } from '../../src/store/intake-port.ts';
import { type Change, type FeedPage, type FeedQuery, type Store, StoreUnavailable } from '../../src/store/port.ts';
import {
  anExecution,
  callback,
  completed,
  failed,
  NOON,
  notFound,
  polled,
  RUNNING,
  submitted,
} from '../support/executions.ts';
import { addingContract } from './contract-adding.ts';
import { afterEndContract } from './contract-after-end.ts';
import { evidenceContract } from './contract-evidence.ts';
import { searchingContract } from './contract-searching.ts';
import { sharingContract } from './contract-sharing.ts';

const LATER = NOON + 1_000_000;

export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the store contract: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function add(overrides: Partial<Submission> = {}, now = NOON): Promise<Dispatchable> {
      const execution = anExecution(overrides, now);
      await store.add(asNew(execution));
      return execution;
    }

    /** An execution that CXone accepted under this name. */
    async function pending(executionId: string | null, overrides: Partial<Submission> = {}): Promise<Dispatchable> {
      const execution = await add(overrides);
      await store.claimDispatches(1000, NOON);
      await store.record(execution.reference, submitted({ executionId }), NOON);
      return execution;
    }

    describe('accepting', () => {
      test('what was added is found, as it was given', async () => {
        const execution = await add({ correlationId: 'order-1' });
        const { inputs: _inputs, context: _context, ...state } = execution;
        expect(await store.find('order-1')).toEqual(state);
        expect(await store.find('order-2')).toBeUndefined();
      });

      test('the same submission again gives the original, another one under its id or from another app a conflict', async () => {
        const first = await add({ correlationId: 'order-1' });
        const again = (overrides: object, fingerprint = 'print') =>
          store.add({ ...asNew(anExecution({ correlationId: 'order-1', ...overrides })), fingerprint });
        expect(await again({})).toMatchObject({ outcome: 'replayed', execution: { reference: first.reference } });
        expect(await again({}, 'another')).toEqual({ outcome: 'conflict' });
        expect(await again({ app: 'other' })).toEqual({ outcome: 'conflict' });
      });

      test('a submission that an earlier version accepted is compared by its payload', async () => {
        await add({ correlationId: 'order-1', inputs: { n: 1 }, context: { c: 2 } });
        const again = (isRepeat: boolean) => {
          const seen: unknown[] = [];
          const submission = {
            ...asNew(anExecution({ correlationId: 'order-1' })),
            fingerprint: 'a later form',
            isRepeatOfEarlierVersion: (accepted: unknown) => {
              seen.push(accepted);
              return isRepeat;
            },
          };
          return store.add(submission).then(({ outcome }) => [outcome, ...seen]);
        };
        const accepted = { fingerprint: 'print', payload: { inputs: { n: 1 }, context: { c: 2 } } };
        expect(await again(true)).toEqual(['replayed', accepted]);
        expect(await again(false)).toEqual(['conflict', accepted]);
      });

      test('of many at once under one id, one is added and the others are replays', async () => {
        const all = await Promise.all(
          Array.from({ length: 20 }, () => store.add(asNew(anExecution({ correlationId: 'order-1' })))),
        );
        expect(all.filter(({ outcome }) => outcome === 'added')).toHaveLength(1);
        expect(all.filter(({ outcome }) => outcome === 'replayed')).toHaveLength(19);
      });

      test('never more are queued than the capacity, however many come at once; what leaves the queue makes room', async () => {
        const tryToAdd = () => store.add({ ...asNew(anExecution()), queueCapacity: 5 });
        const all = await Promise.all(Array.from({ length: 30 }, tryToAdd));
        expect(all.filter(({ outcome }) => outcome === 'added')).toHaveLength(5);
        expect(all.filter(({ outcome }) => outcome === 'full')).toHaveLength(25);
        await store.claimDispatches(2, NOON);
        expect((await tryToAdd()).outcome).toBe('added');
        expect((await tryToAdd()).outcome).toBe('added');
        expect((await tryToAdd()).outcome).toBe('full');
      });
    });

    addingContract(() => store);
    sharingContract(() => store);
    searchingContract(() => store);
    evidenceContract(() => store);
    afterEndContract(() => store);

    describe('recording', () => {
      test('an event for an unknown reference is answered with nothing', async () => {
        expect(await store.record(anExecution().reference, callback(completed()), NOON)).toBeUndefined();
      });

      test('of many callbacks at once exactly one resolves; each leaves its entry', async () => {
        const { reference, correlationId } = await pending('cx-1');
        const outcomes = await Promise.all(
          Array.from({ length: 30 }, () => store.record(reference, callback(completed(1)), NOON)),
        );
        expect(outcomes.filter((recorded) => recorded?.outcome === 'resolved')).toHaveLength(1);
        expect(outcomes.filter((recorded) => recorded?.outcome === 'duplicate')).toHaveLength(29);
        expect(await store.trail(correlationId)).toHaveLength(3 + 30);
      });

      test('results survive to the last digit', async () => {
        const { reference, correlationId } = await pending('cx-1');
        const text = '{"card":12345678901234567890,"amount":0.1000000000000000055511,"tiny":1e-400}';
        await store.record(reference, callback(completed(parseJson(text))), NOON);
        expect(JSON.stringify((await store.find(correlationId))?.result)).toBe(text);
      });

      test('the trail states each event in order, with actor, time and detail', async () => {
        const { reference, correlationId } = await pending('cx-1', { app: 'shop', actionId: 'charge' });
        await store.record(reference, polled(RUNNING), NOON + 5000);
        await store.record(reference, callback(completed(1)), NOON + 6000);
        const trail = await store.trail(correlationId);
        expect(trail.map(({ event }) => event)).toEqual([
          'ACCEPTED',
          'DISPATCHED',
          'SUBMITTED',
          'POLL_PROGRESS',
          'CALLBACK_COMPLETED',
        ]);
        const ids = trail.map(({ id }) => id);
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        expect(trail.at(-1)).toMatchObject({
          timestamp: NOON + 6000,
          app: 'shop',
          actionId: 'charge',
          correlationId,
          executionId: 'cx-1',
        });
      });
    });

    describe('sending', () => {
      test('what is due is claimed once, the longest due first, with its payload untouched', async () => {
        const inputs = parseJson('{"__proto__":{"admin":true},"n":12345678901234567890}') as JsonObject;
        const second = await add({ inputs }, NOON + 20);
        const first = await add({}, NOON + 10);
        await add({}, NOON + 5000);
        const [a, b, ...more] = await store.claimDispatches(10, NOON + 100);
        expect([a?.reference, b?.reference, more]).toEqual([first.reference, second.reference, []]);
        expect(JSON.stringify(b?.inputs)).toBe('{"__proto__":{"admin":true},"n":12345678901234567890}');
        expect(b).toMatchObject({ status: 'UNCONFIRMED', sentAt: NOON + 100, attempts: 1 });
        expect(await store.find(second.correlationId)).toMatchObject({ status: 'UNCONFIRMED', sentAt: NOON + 100 });
      });

      test('what is due can be looked at without claiming it', async () => {
        const { reference } = await add();
        await add({}, NOON + 5000);
        expect(await store.dueDispatches(10, NOON)).toMatchObject([{ reference, status: 'QUEUED' }]);
        expect(await store.claimDispatches(10, NOON)).toMatchObject([{ reference }]);
        expect(await store.dueDispatches(10, NOON)).toEqual([]);
      });

      test('claims at the same time never share an execution', async () => {
        await Promise.all(Array.from({ length: 40 }, () => add()));
        const claims = await Promise.all(Array.from({ length: 8 }, () => store.claimDispatches(10, NOON)));
        const references = claims.flat().map(({ reference }) => reference);
        expect(references).toHaveLength(40);
        expect(new Set(references).size).toBe(40);
      });

      test('what has waited past its queue time-out is ended instead of sent', async () => {
        const { correlationId } = await add();
        expect(await store.claimDispatches(10, LATER)).toEqual([]);
        expect(await store.find(correlationId)).toMatchObject({ status: 'TIMEOUT', attempts: 0 });
      });

      test('a cancelled one is never claimed', async () => {
        const { reference } = await add();
        await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
        expect(await store.claimDispatches(10, NOON)).toEqual([]);
      });
    });

    describe('sweeping', () => {
      test('a claim is a lease: no other claim gets the execution until the lease ends, then it is due again', async () => {
        const { reference } = await pending('cx-1');
        const at = NOON + 60_000;
        expect(await store.claimPolls(10, NOON, at)).toEqual([]);
        expect(await store.claimPolls(10, at, at + 5000)).toMatchObject([{ reference, executionId: 'cx-1' }]);
        expect(await store.claimPolls(10, at + 4999, at + 9999)).toEqual([]);
        expect(await store.claimPolls(10, at + 5000, at + 9999)).toHaveLength(1);
      });

      test('what cannot be asked for ends when its time is over, a few at a time', async () => {
        const unnamed = await pending(null);
        const queued = await add();
        expect(await store.expire(10, NOON + 1000)).toBe(0);
        expect(await store.expire(1, LATER)).toBe(1);
        expect(await store.expire(10, LATER)).toBe(1);
        expect(await store.find(unnamed.correlationId)).toMatchObject({ status: 'TIMEOUT', resolvedAt: LATER });
        expect(await store.find(queued.correlationId)).toMatchObject({ status: 'TIMEOUT' });
      });

      test('due times and time limits move with the clock; the times of what happened stay', async () => {
        const asked = await pending('cx-1');
        await add({}, NOON + 7);
        const before = await store.find(asked.correlationId);
        const step = { from: NOON, to: NOON - 600_123 };
        await store.moveDueTimes(step);
        expect(await store.lastClockStep()).toEqual(step);
        expect(await store.nextDue()).toEqual({
          dispatchAt: NOON + 7 - 600_123,
          pollAt: NOON + 10_000 - 600_123,
          expireAt: NOON + 300_007 - 600_123,
        });
        expect(await store.find(asked.correlationId)).toEqual({
          ...before,
          pollAt: NOON + 10_000 - 600_123,
          pollAfter: (before?.pollAfter ?? 0) - 600_123,
          deadline: (before?.deadline ?? 0) - 600_123,
        });
        await store.record(asked.reference, callback(completed()), NOON);
        const ended = await store.find(asked.correlationId);
        await store.moveDueTimes({ from: NOON, to: NOON - 1 });
        expect(await store.find(asked.correlationId)).toEqual(ended);
      });

      test('the next due moment of each kind of work is known, and none when nothing is open', async () => {
        expect(await store.nextDue()).toEqual({ dispatchAt: null, pollAt: null, expireAt: null });
        const { reference } = await pending('cx-1');
        await add({}, NOON + 7);
        expect(await store.nextDue()).toEqual({
          dispatchAt: NOON + 7,
          pollAt: NOON + 10_000,
          expireAt: NOON + 300_007,
        });
        await store.record(reference, callback(completed()), NOON);
        expect((await store.nextDue()).pollAt).toBeNull();
      });
    });

    describe('looking', () => {
      test('lists are newest first, page by page without gap or repeat', async () => {
        const added: string[] = [];
        for (let i = 0; i < 7; i += 1) added.unshift((await add({}, NOON + i)).reference);
        const seen: string[] = [];
        let before: string | undefined;
        do {
          const page = await store.list({ app: null, limit: 3, ...(before ? { before } : {}) });
          seen.push(...page.items.map(({ reference }) => reference));
          before = page.next ?? undefined;
        } while (before);
        expect(seen).toEqual(added);
      });

      test('filters by app, status, action and time; `to` is the first moment that is left out', async () => {
        await add({ app: 'a', actionId: 'x' }, NOON);
        const wanted = await add({ app: 'a', actionId: 'y' }, NOON + 10);
        await add({ app: 'b', actionId: 'y' }, NOON + 20);
        const found = async (query: object) =>
          (await store.list({ app: null, limit: 10, ...query })).items.map(({ reference }) => reference);
        expect(await found({ app: 'a', actionId: 'y' })).toEqual([wanted.reference]);
        expect(await found({ from: NOON + 10, to: NOON + 20 })).toEqual([wanted.reference]);
        expect(await found({ status: 'QUEUED' })).toHaveLength(3);
        expect(await found({ status: 'PENDING' })).toEqual([]);
        expect(await found({ from: NOON + 21 })).toEqual([]);
      });

      test('the open ones are counted by status', async () => {
        await pending('cx-1');
        await pending(null);
        await add();
        expect(await store.openCounts()).toEqual({ QUEUED: 1, UNCONFIRMED: 0, PENDING: 2 });
      });

      test('the summary states the open executions, their apps and their ages', async () => {
        const nothing = { oldestQueuedAt: null, oldestPendingAt: null, queuedByApp: new Map() };
        expect(await store.queueState()).toMatchObject(nothing);
        const oldest = await add({ app: 'a' }, NOON - 20);
        await store.claimDispatches(1, NOON);
        expect(await store.queueState()).toMatchObject({ ...nothing, oldestPendingAt: NOON - 20 });
        const asked = await add({ app: 'a' }, NOON - 10);
        await store.claimDispatches(1, NOON);
        await store.record(asked.reference, submitted({ executionId: 'cx-1' }), NOON);
        await add({ app: 'b', priority: 1 }, NOON - 5);
        await add({ app: 'b', priority: 2 }, NOON - 3);
        await add({ app: 'a' }, NOON - 4);
        expect(await store.queueState()).toEqual({
          counts: { QUEUED: 3, UNCONFIRMED: 1, PENDING: 1 },
          oldestQueuedAt: NOON - 5,
          oldestPendingAt: NOON - 20,
          queuedByApp: new Map(Object.entries({ b: 2, a: 1 })),
        });
        await store.record(oldest.reference, callback(completed()), NOON);
        expect(await store.queueState()).toMatchObject({ oldestPendingAt: NOON - 10 });
        await store.record(asked.reference, callback(completed()), NOON);
        expect(await store.queueState()).toMatchObject({ oldestPendingAt: null });
      });

      test('the position of a queued execution counts those of its app with a higher priority, and those that were due before', async () => {
        await add({ app: 'a' }, NOON - 30);
        await add({ app: 'b' }, NOON - 30);
        const own = await add({ app: 'a' }, NOON - 20);
        const together = await add({ app: 'a' }, NOON - 20);
        expect(await store.queuedBefore(own, 10)).toBe(1);
        expect(await store.queuedBefore(together, 10)).toBe(2);
        await add({ app: 'a', priority: 9 }, NOON - 5);
        expect(await store.queuedBefore(own, 10)).toBe(2);
        expect(await store.queuedBefore(own, 1)).toBe(1);
      });

      test('a watcher receives each change in order, and only stored changes', async () => {
        const events: string[] = [];
        const stop = store.watch((changes: readonly Change[]) => {
          for (const { entry } of changes) events.push(entry.event);
        });
        const { reference } = await add();
        await store.claimDispatches(1, NOON);
        await store.record(reference, callback(completed()), NOON);
        stop();
        await add();
        expect(events).toEqual(['ACCEPTED', 'DISPATCHED', 'CALLBACK_COMPLETED']);
      });
    });

    describe('reading on in the trail', () => {
      const ids = (feed: FeedPage) => feed.entries.map(({ id }) => id);

      test('chunk by chunk, each entry of all, of one app or of one execution comes once and in order', async () => {
        const ended = await pending('cx-1', { app: 'a' });
        for (let i = 0; i < 4; i += 1) await add({ app: i % 2 ? 'a' : 'b' });
        await store.record(ended.reference, callback(completed()), NOON);
        const walk = async (of: Pick<FeedQuery, 'app' | 'correlationId'>) => {
          const seen: AuditEntry[] = [];
          let feed: FeedPage;
          let after = 0;
          do {
            feed = await store.feed({ ...of, after, limit: 2 });
            expect(feed.entries.length).toBeLessThanOrEqual(2);
            seen.push(...feed.entries);
            after = feed.through;
          } while (feed.through < feed.newest);
          return seen;
        };
        const all = await walk({ app: null });
        expect(all.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(await walk({ app: 'a' })).toEqual(all.filter(({ app }) => app === 'a'));
        expect(await walk({ app: 'nobody' })).toEqual([]);
        const { correlationId } = ended;
        expect(await walk({ app: null, correlationId })).toEqual(await store.trail(correlationId));
        expect(await walk({ app: 'b', correlationId })).toEqual([]);
      });

      test('the last page is empty, and the whole list was scanned', async () => {
        await add();
        const { id } = await store.head();
        const none = { entries: [], newest: id, prunedThrough: 0 };
        expect(await store.feed({ app: null, after: id, limit: 9 })).toEqual({ ...none, through: id });
        expect(await store.feed({ app: 'nobody', after: 0, limit: 9 })).toEqual({ ...none, through: id });
        expect(await store.feed({ app: null, after: id + 7, limit: 9 })).toEqual({ ...none, through: id + 7 });
      });

      test('a pruned range is reported, and reading continues behind it', async () => {
        const old = await add({ correlationId: 'old' });
        await store.record(old.reference, { type: 'cancelled', by: 'shop' }, NOON);
        await add({ correlationId: 'young' });
        await store.prune(100, LATER);
        const feed = await store.feed({ app: null, after: 0, limit: 9 });
        expect(feed).toMatchObject({ through: 3, newest: 3, prunedThrough: 2 });
        expect(ids(feed)).toEqual([3]);
        expect(await store.feed({ app: null, correlationId: 'old', after: 0, limit: 9 })).toMatchObject({
          entries: [],
          through: 3,
        });
      });

      test('the entry that ends an execution, and no other, carries the status it brought', async () => {
        const refused = { type: 'refused', message: 'no', httpStatus: 400, latencyMs: 1 } as const;
        const endings: [readonly ExecutionEvent[], string][] = [
          [[submitted(), callback(completed())], 'COMPLETED'],
          [[submitted(), polled(failed())], 'FAILED'],
          [[refused], 'REJECTED'],
          [[submitted(), notFound(), notFound()], 'NOT_FOUND'],
          [[submitted(), { type: 'expired' }], 'TIMEOUT'],
          [[submitted(), { type: 'cancelled', by: 'shop' }], 'CANCELLED'],
        ];
        for (const [events, status] of endings) {
          const { reference, correlationId } = await add({ graceSeconds: 0 });
          await store.claimDispatches(10, NOON);
          for (const event of events) await store.record(reference, event, LATER);
          await store.record(reference, callback(failed({ code: 'again' })), LATER);
          const { entries } = await store.feed({ app: null, correlationId, after: 0, limit: 99 });
          const endingEntries = entries.filter(({ detail }) => detail['outcomeSha256'] !== undefined);
          expect(endingEntries.map(({ detail }) => detail['status'])).toEqual([status]);
        }
      });
    });

    describe('status words that no profile lists', () => {
      const paused = { ...RUNNING, statusWord: 'PAUSED', isUnknownWord: true } as const;

      test('are counted, with their first and last time and the executions that timed out under them', async () => {
        const [one, other] = [await pending('cx-1'), await pending('cx-2')];
        await store.record(one.reference, polled(paused), NOON + 1);
        await store.record(one.reference, polled(paused), NOON + 2);
        await store.record(other.reference, callback({ ...paused }), NOON + 3);
        await store.record(other.reference, polled(RUNNING), NOON + 4);
        for (const { reference } of [one, other]) await store.record(reference, { type: 'expired' }, LATER);
        expect(await store.unknownWords()).toEqual([
          { word: 'PAUSED', firstAt: NOON + 1, lastAt: NOON + 3, reports: 3, timeouts: 1 },
        ]);
        const [polling] = (await store.trail(one.correlationId)).filter(({ event }) => event === 'POLL_PROGRESS');
        expect(polling?.detail).toEqual({ word: 'PAUSED', unknownWord: true });
      });
    });

    describe('what decides about polls', () => {
      test('is in the store: the first 404, the poll address, and why an id cannot be used', async () => {
        const { reference, correlationId } = await add();
        await store.claimDispatches(10, NOON);
        const response = { executionId: null, unusableId: 'too long', pollUrl: 'https://cxone.example/status/1' };
        await store.record(reference, submitted(response), NOON);
        await store.record(reference, notFound({ confirmAfterMs: 5_000 }), NOON + 100);
        expect(await store.find(correlationId)).toMatchObject({
          ...{ status: 'PENDING', notFoundAt: NOON + 100, foundAt: null },
          ...{ pollUrl: 'https://cxone.example/status/1', executionIdProblem: 'too long' },
        });
        await store.record(reference, notFound({ confirmAfterMs: 5_000 }), NOON + 5_099);
        expect(await store.find(correlationId)).toMatchObject({ status: 'PENDING' });
        await store.record(reference, notFound({ confirmAfterMs: 5_000 }), NOON + 5_100);
        expect(await store.find(correlationId)).toMatchObject({ status: 'NOT_FOUND' });
      });

      test('a UUID is found in any case', async () => {
        const { correlationId } = await pending('0198F3A0-0000-7000-8000-ABCDEF012345');
        const executionId = '0198f3a0-0000-7000-8000-abcdef012345';
        const { items } = await store.list({ app: null, limit: 10, executionId });
        expect(items.map((one) => one.correlationId)).toEqual([correlationId]);
      });
    });

    describe('forgetting', () => {
      test('prunes from the old end what ended before the cutoff, and nothing behind an open execution', async () => {
        const old = await pending('cx-1');
        await store.record(old.reference, callback(completed()), NOON + 1);
        const open = await add();
        const young = await add();
        await store.record(young.reference, { type: 'cancelled', by: 'shop' }, NOON + 2);
        expect(await store.prune(2, LATER)).toEqual({ entries: 2, executions: 0 });
        expect(await store.prune(100, LATER)).toEqual({ entries: 2, executions: 1 });
        expect(await store.prune(100, LATER)).toEqual({ entries: 0, executions: 0 });
        expect(await store.find(old.correlationId)).toBeUndefined();
        expect(await store.find(open.correlationId)).toBeDefined();
        expect(await store.trail(young.correlationId)).toHaveLength(2);
      });

      test('keeps what ended after the cutoff', async () => {
        const { reference } = await pending('cx-1');
        await store.record(reference, callback(completed()), NOON + 1000);
        expect(await store.prune(100, NOON + 1000)).toEqual({ entries: 0, executions: 0 });
      });
    });

    test('returns the head of the trail, which moves with each entry and with nothing else', async () => {
      const { reference } = await add();
      const before = await store.head();
      expect(before.hash).toMatch(/^[0-9a-f]{64}$/);
      await store.ping(NOON);
      expect(await store.head()).toEqual(before);
      await store.record(reference, { type: 'cancelled', by: 'shop' }, NOON);
      const after = await store.head();
      expect(after.id).toBe(before.id + 1);
      expect(after.hash).not.toBe(before.hash);
    });

    test('proves on request that it takes writes; once closed it says that it does not', async () => {
      await expect(store.ping(NOON)).resolves.toBeUndefined();
      await store.close();
      await expect(store.ping(NOON)).rejects.toThrow(StoreUnavailable);
      await expect(store.add(asNew(anExecution()))).rejects.toThrow(StoreUnavailable);
    });
  });
}

function asNew(execution: Dispatchable): NewExecution {
  return { execution, fingerprint: 'print', queueCapacity: 1000 };
}
