// The outbox of every store: notifications of outcomes and late results, whatever the database.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dispatchable, Submission } from '../../src/execution/execution.ts';
import { notificationIds } from '../../src/notification/outgoing.ts';
import type { NotificationQuery } from '../../src/store/outbox-port.ts';
import type { Change, Store } from '../../src/store/port.ts';
import { anExecution, callback, completed, NOON, submitted } from '../support/executions.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SHOP = { app: 'shop', origin: 'https://shop.example' };
const URL_OF_SHOP = 'https://shop.example/hooks?id=1';

const DELIVERED = { type: 'delivered', httpStatus: 204, latencyMs: 12 } as const;
const GONE = { type: 'gone', httpStatus: 410, latencyMs: 9, message: 'answered 410' } as const;
const FAILED = {
  type: 'failed',
  httpStatus: 503,
  latencyMs: 15,
  message: 'answered 503',
  retryAt: NOON + 5000,
} as const;

export function outboxContract(name: string, open: () => Promise<Store>): void {
  describe(`the outbox contract: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function add(overrides: Partial<Submission> = {}, now = NOON): Promise<Dispatchable> {
      const execution = anExecution({ notifyUrl: URL_OF_SHOP, ...overrides }, now);
      await store.add({ execution, fingerprint: 'print', queueCapacity: 10_000 });
      return execution;
    }

    async function cancel({ reference }: Dispatchable, now = NOON): Promise<void> {
      await store.record(reference, { type: 'cancelled', by: 'app:shop' }, now);
    }

    /** The id of the notification of one that ended. */
    async function ended(overrides: Partial<Submission> = {}, now = NOON): Promise<string> {
      const execution = await add(overrides, now);
      await cancel(execution, now);
      return notificationIds(execution.reference)[0];
    }

    /** One that was given up by its app and brought a result afterwards. */
    async function late(now = NOON): Promise<{ ended: string; late: string; correlationId: string }> {
      const execution = await add({}, now);
      await cancel(execution, now);
      await store.record(execution.reference, callback(completed()), now + 1);
      const [first, second] = notificationIds(execution.reference);
      return { ended: first, late: second, correlationId: execution.correlationId };
    }

    const all = async (query: Partial<NotificationQuery> = {}) =>
      (await store.listNotifications({ app: null, limit: 100, ...query })).items;
    const ids = async (query: Partial<NotificationQuery> = {}) => (await all(query)).map(({ id }) => id);
    const claim = (now = NOON, limit = 10) =>
      store.claimNotifications(SHOP, { limit, probe: false }, now, now + 30_000);
    const claimed = async (now = NOON) => (await claim(now)).map(({ notification }) => notification.id);

    test('what has not arrived is counted: what is to be sent, and what was given up', async () => {
      expect(await store.undelivered()).toEqual({ pending: 0, dead: 0 });
      const [first, second, third] = [await ended(), await ended(), await ended()];
      await store.recordDelivery(first, FAILED, NOON);
      expect(await store.undelivered()).toEqual({ pending: 3, dead: 0 });
      await store.recordDelivery(second, DELIVERED, NOON);
      await store.recordDelivery(third, GONE, NOON);
      expect(await store.undelivered()).toEqual({ pending: 1, dead: 1 });
    });

    describe('what comes up', () => {
      test('an execution that ends brings one notification, due at once, with all that is needed to send it', async () => {
        const execution = await add();
        await store.claimDispatches(1, NOON);
        await store.record(execution.reference, submitted(), NOON);
        expect(await all()).toEqual([]);
        await store.record(execution.reference, callback(completed()), NOON + 7);
        const [id] = notificationIds(execution.reference);
        const notification = {
          id,
          reference: execution.reference,
          correlationId: execution.correlationId,
          app: 'shop',
          type: 'execution.completed',
          url: URL_OF_SHOP,
          origin: 'https://shop.example',
          status: 'PENDING',
          createdAt: NOON + 7,
          dueAt: NOON + 7,
          giveUpAt: NOON + 7 + DAY_MS,
          attempts: 0,
          lastAttemptAt: null,
          lastHttpStatus: null,
          lastError: null,
          deliveredAt: null,
        };
        expect(await store.findNotification(id)).toEqual(notification);
        expect(await all()).toMatchObject([notification]);
        const [sendable] = await store.claimNotifications(SHOP, { limit: 1, probe: false }, NOON + 7, NOON + 50);
        expect(sendable?.notification).toEqual({ ...notification, dueAt: NOON + 50 });
        expect(sendable?.execution).toEqual(await store.find(execution.correlationId));
        expect((await store.trail(execution.correlationId)).at(-1)?.detail).toMatchObject({ notification: id });
      });

      test('one that names no URL brings none, and what comes after the end brings no second one', async () => {
        await ended({ notifyUrl: null });
        expect(await all()).toEqual([]);
        const execution = await add();
        await store.record(execution.reference, callback(completed(1)), NOON);
        await store.record(execution.reference, callback(completed(1)), NOON);
        await store.record(execution.reference, callback(completed(2)), NOON);
        await cancel(execution);
        expect(await ids()).toEqual([notificationIds(execution.reference)[0]]);
      });

      test('whichever way executions end: claimed too late, or given up when their time is over', async () => {
        await add();
        await store.claimDispatches(10, NOON + 300_000);
        await add();
        await store.expire(10, NOON + 300_001);
        expect((await all()).map(({ type }) => type)).toEqual(['execution.timeout', 'execution.timeout']);
      });

      test('a late result is a notification of its own, once, after the outcome', async () => {
        const { ended: first, late: second, correlationId } = await late();
        expect(await ids({ correlationId })).toEqual([second, first]);
        expect(await store.findNotification(second)).toMatchObject({ type: 'execution.late_result', dueAt: null });
        expect(await claimed(NOON + 9)).toEqual([first]);
      });

      test('a watcher learns with the outcome when there is a notification to send', async () => {
        const changed: unknown[] = [];
        store.watch((changes: readonly Change[]) => {
          for (const { outcome, notifyAt } of changes) changed.push([outcome, notifyAt ?? null]);
        });
        const id = await ended();
        await store.recordDelivery(id, FAILED, NOON);
        await store.recordDelivery(id, DELIVERED, NOON + 5000);
        expect(changed).toEqual([
          ['progress', null],
          ['resolved', NOON],
          ['notification', NOON + 5000],
          ['notification', null],
        ]);
      });
    });

    describe('sending', () => {
      test('a lane is one app at one origin, with the moment at which its first is due', async () => {
        expect(await store.lanes()).toEqual([]);
        await ended({}, NOON + 9);
        await ended({ notifyUrl: 'https://shop.example/another' }, NOON + 5);
        await ended({ notifyUrl: 'https://shop.example:8443/' }, NOON + 7);
        await ended({ app: 'crm' }, NOON + 1);
        const delivered = await ended({ app: 'crm', notifyUrl: 'https://crm.example/' });
        await store.recordDelivery(delivered, DELIVERED, NOON);
        expect(await store.lanes()).toEqual([
          { app: 'crm', origin: 'https://shop.example', dueAt: NOON + 1 },
          { app: 'shop', origin: 'https://shop.example', dueAt: NOON + 5 },
          { app: 'shop', origin: 'https://shop.example:8443', dueAt: NOON + 7 },
        ]);
      });

      test('a claim takes the longest due of its own lane, and is a lease: no other claim gets them until it ends', async () => {
        const third = await ended({}, NOON + 3);
        const first = await ended({}, NOON + 1);
        const second = await ended({}, NOON + 2);
        await ended({ app: 'crm' });
        await ended({}, NOON + 500);
        expect((await claim(NOON + 100, 2)).map(({ notification }) => notification.id)).toEqual([first, second]);
        expect(await claimed(NOON + 100)).toEqual([third]);
        expect(await claimed(NOON + 100)).toEqual([]);
        expect(await claimed(NOON + 30_100)).toHaveLength(4);
      });

      test('claims at the same time never share a notification', async () => {
        await Promise.all(Array.from({ length: 30 }, () => ended()));
        const claims = await Promise.all(Array.from({ length: 6 }, () => claimed()));
        expect(claims.flat()).toHaveLength(30);
        expect(new Set(claims.flat()).size).toBe(30);
      });

      test('one that got through is never due again', async () => {
        const id = await ended();
        const delivery = await store.recordDelivery(id, DELIVERED, NOON + 20);
        const facts = { status: 'DELIVERED', dueAt: null, attempts: 1, deliveredAt: NOON + 20, lastHttpStatus: 204 };
        expect(delivery).toMatchObject({ outcome: 'delivered', notification: facts });
        expect(await store.findNotification(id)).toEqual(delivery?.notification);
        expect(await claimed(NOON + DAY_MS)).toEqual([]);
        expect(await store.lanes()).toEqual([]);
      });

      test('one that failed is due when it may be tried again, not before', async () => {
        const id = await ended();
        await claim();
        const facts = { status: 'PENDING', attempts: 1, lastHttpStatus: 503, lastError: 'answered 503' };
        expect((await store.recordDelivery(id, FAILED, NOON + 20))?.notification).toMatchObject(facts);
        expect(await claimed(FAILED.retryAt - 1)).toEqual([]);
        expect(await claimed(FAILED.retryAt)).toEqual([id]);
      });

      test('an event for an unknown notification is answered with nothing', async () => {
        expect(await store.recordDelivery('msg_0_ended', DELIVERED, NOON)).toBeUndefined();
        expect(await store.findNotification('msg_0_ended')).toBeUndefined();
      });

      test('those of a lane that gives nothing through are given up when their time is over, a few at a time', async () => {
        const first = await ended();
        const second = await ended({}, NOON + 1);
        const young = await ended({}, NOON + 2);
        await ended({ app: 'crm' });
        const end = NOON + DAY_MS + 1;
        expect(
          await store.giveUpNotifications(
            SHOP,
            { limit: 10, untried: true, reason: 'no answer for a day' },
            NOON + DAY_MS - 1,
          ),
        ).toBe(0);
        expect(
          await store.giveUpNotifications(SHOP, { limit: 1, untried: true, reason: 'no answer for a day' }, end),
        ).toBe(1);
        expect(
          await store.giveUpNotifications(SHOP, { limit: 10, untried: true, reason: 'no answer for a day' }, end),
        ).toBe(1);
        expect(await ids({ status: 'DEAD' })).toEqual([second, first]);
        const dead = { status: 'DEAD', lastError: 'no answer for a day', attempts: 0, dueAt: null };
        expect(await store.findNotification(first)).toMatchObject(dead);
        expect(await store.findNotification(young)).toMatchObject({ status: 'PENDING' });
      });

      test('one that was never attempted is given up only with the others, and only if that is wanted', async () => {
        const untried = await ended();
        const tried = await ended({}, NOON + 1);
        await store.recordDelivery(tried, FAILED, NOON + 2);
        const end = NOON + DAY_MS + 2;
        const reason = 'too late';
        expect(await store.giveUpNotifications(SHOP, { limit: 10, untried: false, reason }, end)).toBe(1);
        expect(await ids({ status: 'DEAD' })).toEqual([tried]);
        expect(await store.giveUpNotifications(SHOP, { limit: 10, untried: true, reason }, end)).toBe(1);
        expect(await ids({ status: 'DEAD' })).toEqual([tried, untried]);
      });

      test('a probe takes one that was never answered with a failure, of these the least tried, of these the longest due', async () => {
        const [rejected, unanswered, first, second] = [
          await ended(),
          await ended({}, NOON + 1),
          await ended({}, NOON + 2),
          await ended({}, NOON + 3),
        ];
        await store.recordDelivery(rejected, { ...FAILED, httpStatus: 413, retryAt: NOON + 4 }, NOON + 4);
        await store.recordDelivery(unanswered, { ...FAILED, httpStatus: 0, retryAt: NOON + 5 }, NOON + 5);
        const taken: (string | undefined)[] = [];
        for (let probes = 0; probes < 5; probes += 1) {
          const [sendable] = await store.claimNotifications(SHOP, { limit: 1, probe: true }, NOON + 9, NOON + 99);
          taken.push(sendable?.notification.id);
        }
        expect(taken).toEqual([first, second, unanswered, rejected, undefined]);
        expect(await claimed(NOON + 99)).toEqual([rejected, unanswered, first, second]);
      });

      test('of many that wait, the longest due are taken, and beside them those that became due last', async () => {
        const [first, second, third, fourth, fifth] = [
          await ended(),
          await ended({}, NOON + 1),
          await ended({}, NOON + 2),
          await ended({}, NOON + 3),
          await ended({}, NOON + 4),
        ];
        const take = async (limit: number, newest: number) => {
          const found = await store.claimNotifications(SHOP, { limit, newest, probe: false }, NOON + 9, NOON + 99);
          return found.map(({ notification }) => notification.id);
        };
        expect(await take(3, 1)).toEqual([first, second, fifth]);
        expect(await take(1, 1)).toEqual([fourth]);
        expect(await take(4, 2)).toEqual([third]);
      });

      test('a notification under way is not given up, and one that outlived an outage of the receiver gets its last attempt', async () => {
        const id = await ended();
        const end = NOON + DAY_MS + 1;
        expect(await claimed(end)).toEqual([id]);
        expect(await store.giveUpNotifications(SHOP, { limit: 10, untried: true, reason: 'too late' }, end)).toBe(0);
        await store.recordDelivery(id, { ...FAILED, retryAt: end + 1 }, end);
        expect(await store.findNotification(id)).toMatchObject({ status: 'DEAD', attempts: 1 });
      });
    });

    describe('order', () => {
      test('a late result waits until the outcome is delivered, however often that fails', async () => {
        const { ended: first, late: second } = await late();
        await store.recordDelivery(first, FAILED, NOON + 10);
        expect(await claimed(FAILED.retryAt)).toEqual([first]);
        await store.recordDelivery(first, DELIVERED, FAILED.retryAt + 3);
        expect(await claimed(FAILED.retryAt + 3)).toEqual([second]);
      });

      test('it is not held up by an end that was given up, and then has a whole day before it', async () => {
        const { ended: first, late: second } = await late();
        const end = NOON + DAY_MS - 5;
        await store.recordDelivery(first, GONE, end);
        expect(await store.findNotification(second)).toMatchObject({ dueAt: end, giveUpAt: end + DAY_MS });
      });

      test('an end that is replayed goes first again, also before a late result that is under way', async () => {
        const { ended: first, late: second } = await late();
        await store.recordDelivery(first, GONE, NOON + 5);
        expect(await claimed(NOON + 5)).toEqual([second]);
        await store.recordDelivery(first, { type: 'replayed', by: 'app:shop' }, NOON + 6);
        await store.recordDelivery(second, { ...FAILED, retryAt: NOON + 7 }, NOON + 7);
        expect(await claimed(NOON + 40_000)).toEqual([first]);
        await store.recordDelivery(first, DELIVERED, NOON + 40_001);
        expect(await claimed(NOON + 40_001)).toEqual([second]);
      });

      test('a replayed late result waits while the outcome is still pending', async () => {
        const { ended: first, late: second } = await late();
        await store.recordDelivery(second, DELIVERED, NOON + 5);
        const replayed = await store.recordDelivery(second, { type: 'replayed', by: 'app:shop' }, NOON + 6);
        expect(replayed).toMatchObject({ outcome: 'replayed', notification: { status: 'PENDING', dueAt: null } });
        expect(await claimed(NOON + 6)).toEqual([first]);
      });
    });

    describe('the trail', () => {
      test('records every attempt and every replay, and leaves the execution unchanged', async () => {
        const { reference, correlationId } = await add();
        await cancel({ reference } as Dispatchable);
        const before = await store.find(correlationId);
        const [id] = notificationIds(reference);
        await store.recordDelivery(id, FAILED, NOON + 20);
        await store.recordDelivery(id, GONE, NOON + 30);
        await store.recordDelivery(id, { type: 'replayed', by: 'operator:alice' }, NOON + 40);
        await store.recordDelivery(id, DELIVERED, NOON + 50);
        const subject = { notification: id, type: 'execution.cancelled' };
        const retryAt = new Date(FAILED.retryAt).toISOString();
        expect((await store.trail(correlationId)).slice(2)).toMatchObject([
          { event: 'NOTIFICATION_FAILED', httpStatus: 503, latencyMs: 15, detail: { ...subject, attempt: 1, retryAt } },
          { event: 'NOTIFICATION_DEAD', httpStatus: 410, timestamp: NOON + 30, detail: { message: 'answered 410' } },
          { event: 'NOTIFICATION_REPLAYED', httpStatus: null, latencyMs: null, detail: { by: 'operator:alice' } },
          { event: 'NOTIFICATION_DELIVERED', httpStatus: 204, latencyMs: 12, detail: { ...subject, attempt: 1 } },
        ]);
        expect(await store.find(correlationId)).toEqual(before);
      });

      test('records an attempt that no longer counts as well: two successful attempts are one delivery', async () => {
        const { ended: id, correlationId } = await late();
        await store.recordDelivery(id, DELIVERED, NOON + 20);
        expect(await store.recordDelivery(id, DELIVERED, NOON + 21)).toMatchObject({ outcome: 'ignored' });
        expect(await store.recordDelivery(id, FAILED, NOON + 22)).toMatchObject({ outcome: 'ignored' });
        expect(await store.findNotification(id)).toMatchObject({ status: 'DELIVERED', deliveredAt: NOON + 20 });
        const details = (await store.trail(correlationId)).slice(-2).map(({ detail }) => detail['outcome']);
        expect(details).toEqual(['ignored', 'ignored']);
      });
    });

    describe('looking', () => {
      test('lists are newest first, page by page without gap or repeat', async () => {
        const added: string[] = [];
        for (let i = 0; i < 7; i += 1) added.unshift(await ended({}, NOON + i));
        const seen: string[] = [];
        let before: number | undefined;
        do {
          const page = await store.listNotifications({ app: 'shop', limit: 3, ...(before ? { before } : {}) });
          seen.push(...page.items.map(({ id }) => id));
          before = page.next ?? undefined;
        } while (before);
        expect(seen).toEqual(added);
      });

      test('filters by endpoint and by ids', async () => {
        const [first, second] = [await ended(), await ended()];
        await ended({ notifyUrl: 'https://other.example/x' });
        expect(await ids({ endpoint: 'https://shop.example' })).toEqual([second, first]);
        expect(await ids({ ids: [first, 'none'] })).toEqual([first]);
        expect(await ids({ ids: [] })).toEqual([]);
        await store.recordDelivery(first, GONE, NOON);
        await store.recordDelivery(second, GONE, NOON);
        const step = { after: 0, limit: 10, by: 'operator:alice', now: NOON + 1 };
        expect((await store.replayNotifications({ app: null, ids: [second] }, step)).replayed).toBe(1);
        expect(await ids({ status: 'DEAD' })).toEqual([first]);
      });

      test('oldest first, page by page, until the list ends', async () => {
        const added: string[] = [];
        for (let i = 0; i < 7; i += 1) added.push(await ended());
        const seen: string[] = [];
        let before: number | null | undefined;
        while (before !== null) {
          const place = before === undefined ? {} : { before };
          const page = await store.listNotifications({ app: null, limit: 3, oldestFirst: true, ...place });
          seen.push(...page.items.map(({ id }) => id));
          before = page.next;
        }
        expect(seen).toEqual(added);
      });

      test('counts what matches, up to a limit', async () => {
        const [first] = [await ended(), await ended(), await ended({ notifyUrl: 'https://other.example/x' })];
        await store.recordDelivery(first, GONE, NOON);
        const count = (query: Partial<NotificationQuery>) =>
          store.countNotifications({ app: null, limit: 10, ...query });
        expect(await count({})).toEqual({ count: 3, isWhole: true });
        expect(await count({ status: 'DEAD' })).toEqual({ count: 1, isWhole: true });
        expect(await count({ endpoint: 'https://shop.example' })).toEqual({ count: 2, isWhole: true });
        expect(await count({ limit: 2 })).toEqual({ count: 2, isWhole: false });
      });

      test('those after a notification, down to it', async () => {
        for (let i = 0; i < 4; i += 1) await ended();
        const [newest, second, third] = await all();
        if (newest === undefined || third === undefined) throw new Error('expected four notifications');
        expect(await ids({ after: third.sequence })).toEqual([newest.id, second?.id]);
        expect(await ids({ after: third.sequence, before: newest.sequence })).toEqual([second?.id]);
        expect(await ids({ after: newest.sequence })).toEqual([]);
      });

      test('filters by app, status, type, correlation id and time; `to` is the first moment that is left out', async () => {
        const { ended: first, late: second, correlationId } = await late();
        const other = await ended({ app: 'crm' }, NOON + 10);
        await store.recordDelivery(first, GONE, NOON + 11);
        expect(await ids({ app: 'crm' })).toEqual([other]);
        expect(await ids({ app: 'nobody' })).toEqual([]);
        expect(await ids({ status: 'DEAD' })).toEqual([first]);
        expect(await ids({ status: 'DEAD', app: 'crm' })).toEqual([]);
        expect(await ids({ status: 'PENDING' })).toEqual([other, second]);
        expect(await ids({ type: 'execution.late_result' })).toEqual([second]);
        expect(await ids({ correlationId })).toEqual([second, first]);
        expect(await ids({ correlationId, app: 'crm' })).toEqual([]);
        expect(await ids({ correlationId: 'nobody-s' })).toEqual([]);
        expect(await ids({ from: NOON + 1, to: NOON + 10 })).toEqual([second]);
        expect(await ids({ from: NOON + 11 })).toEqual([]);
      });
    });

    describe('replaying many', () => {
      test('goes through all that match in steps, oldest first, and leaves what is pending alone', async () => {
        const dead: string[] = [];
        for (let i = 0; i < 5; i += 1) {
          dead.push(await ended({}, NOON + i));
          await ended({}, NOON + i);
          await store.recordDelivery(dead[i] as string, GONE, NOON + 50);
        }
        const theirs = await ended({ app: 'crm' });
        await store.recordDelivery(theirs, GONE, NOON + 50);
        const steps: number[] = [];
        for (let after: number | null = 0; after !== null; ) {
          const step = await store.replayNotifications(
            { app: 'shop', status: 'DEAD' },
            { after, limit: 2, by: 'app:shop', now: NOON + 100 },
          );
          steps.push(step.replayed);
          after = step.next;
        }
        expect(steps.reduce((sum, count) => sum + count)).toBe(5);
        expect(Math.max(...steps)).toBeLessThanOrEqual(2);
        expect(await ids({ status: 'DEAD' })).toEqual([theirs]);
        const again = { status: 'PENDING', dueAt: NOON + 100, giveUpAt: NOON + 100 + DAY_MS, attempts: 0 };
        expect(await store.findNotification(dead[0] as string)).toMatchObject(again);
      });

      test('filters by time and type, and audits who asked for it', async () => {
        const { ended: first, correlationId } = await late();
        const other = await ended({}, NOON + 10);
        for (const id of [first, other]) await store.recordDelivery(id, DELIVERED, NOON + 50);
        const filter = { app: null, status: 'DELIVERED', from: NOON, to: NOON + 10 } as const;
        expect(
          await store.replayNotifications(filter, { after: 0, limit: 100, by: 'operator:alice', now: NOON + 60 }),
        ).toEqual({
          replayed: 1,
          next: null,
        });
        const entry = (await store.trail(correlationId)).at(-1);
        expect(entry).toMatchObject({ event: 'NOTIFICATION_REPLAYED', detail: { by: 'operator:alice' } });
        const late_ = { app: null, type: 'execution.late_result' } as const;
        expect(
          await store.replayNotifications(late_, { after: 0, limit: 100, by: 'operator:alice', now: NOON + 60 }),
        ).toEqual({
          replayed: 0,
          next: null,
        });
      });
    });

    describe('forgetting', () => {
      test('a pending notification is kept, and everything behind it', async () => {
        const id = await ended();
        expect(await store.prune(100, NOON + 2 * DAY_MS)).toEqual({ entries: 0, executions: 0 });
        await store.recordDelivery(id, DELIVERED, NOON + 5);
        expect(await store.prune(100, NOON + 2 * DAY_MS)).toEqual({ entries: 3, executions: 1 });
        expect(await store.findNotification(id)).toBeUndefined();
        expect(await all()).toEqual([]);
      });

      test('notifications stay for as long as their execution does', async () => {
        const id = await ended();
        await store.recordDelivery(id, DELIVERED, NOON + 5000);
        expect(await store.prune(100, NOON + 5000)).toEqual({ entries: 2, executions: 0 });
        expect(await store.findNotification(id)).toBeDefined();
      });
    });
  });
}
