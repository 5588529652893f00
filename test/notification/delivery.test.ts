// The effect of an attempt or a replay on a notification: it ends delivered or given up, and the trail records each step.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyDelivery, type DeliveryEvent } from '../../src/notification/delivery.ts';
import type { Notification } from '../../src/notification/notification.ts';
import { giveUpAt } from '../../src/notification/schedule.ts';
import { NOON } from '../support/executions.ts';
import { aNotification } from '../support/notifications.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ANSWERED = { httpStatus: 503, latencyMs: 20 };
const DELIVERED: DeliveryEvent = { type: 'delivered', httpStatus: 200, latencyMs: 12 };
const GONE: DeliveryEvent = { type: 'gone', httpStatus: 410, latencyMs: 12, message: 'answered 410' };
const GIVEN_UP: DeliveryEvent = { type: 'given-up', reason: 'no answer for a day' };
const REPLAYED: DeliveryEvent = { type: 'replayed', by: 'app:shop' };
const failed = (retryAt: number): DeliveryEvent => ({ type: 'failed', ...ANSWERED, message: 'answered 503', retryAt });

describe('an attempt', () => {
  test('that got through ends it', () => {
    const { notification, outcome, entry } = applyDelivery(
      aNotification({ lastError: 'answered 503' }),
      DELIVERED,
      NOON + 5,
    );
    expect(outcome).toBe('delivered');
    expect(notification).toMatchObject({ status: 'DELIVERED', dueAt: null, deliveredAt: NOON + 5, lastError: null });
    expect(entry).toMatchObject({ event: 'NOTIFICATION_DELIVERED', httpStatus: 200, latencyMs: 12 });
  });

  test('that failed is repeated as long as its time is not over', () => {
    const pending = aNotification();
    const last = applyDelivery(pending, failed(pending.giveUpAt), NOON + 5);
    expect(last).toMatchObject({ outcome: 'retrying', notification: { dueAt: pending.giveUpAt, attempts: 1 } });
    const over = applyDelivery(pending, failed(pending.giveUpAt + 1), NOON + 5);
    expect(over).toMatchObject({ outcome: 'dead', notification: { status: 'DEAD', dueAt: null, attempts: 1 } });
    expect(over.entry).toMatchObject({
      event: 'NOTIFICATION_DEAD',
      httpStatus: 503,
      detail: { message: 'answered 503' },
    });
  });

  test('that was answered with 410 ends it at once', () => {
    expect(applyDelivery(aNotification(), GONE, NOON)).toMatchObject({
      outcome: 'dead',
      notification: { status: 'DEAD', lastHttpStatus: 410, lastError: 'answered 410' },
    });
  });

  test('that gets through after it was given up counts: it is there', () => {
    const dead = aNotification({ status: 'DEAD', dueAt: null });
    expect(applyDelivery(dead, DELIVERED, NOON)).toMatchObject({
      outcome: 'delivered',
      notification: { status: 'DELIVERED' },
    });
  });

  test('that failed beside one that got through changes nothing', () => {
    const done = aNotification({ status: 'DELIVERED', dueAt: null, deliveredAt: NOON });
    for (const event of [failed(NOON + 9), GONE, GIVEN_UP, DELIVERED]) {
      const { notification, outcome, entry } = applyDelivery(done, event, NOON + 5);
      expect([notification, outcome, entry.detail['outcome']]).toEqual([done, 'ignored', 'ignored']);
    }
  });
});

test('one that is given up keeps the reason of its own last attempt, if it had one', () => {
  const reason = 'the endpoint failed 7 times in a row';
  const rejected = aNotification({ attempts: 3, lastError: 'answered 413: too large', lastHttpStatus: 413 });
  const givenUp: DeliveryEvent = { type: 'given-up', reason };
  const { notification, entry } = applyDelivery(rejected, givenUp, NOON);
  expect(notification).toMatchObject({ status: 'DEAD', lastHttpStatus: 413 });
  expect(notification.lastError).toBe(`answered 413: too large; ${reason}`);
  expect(entry.detail).toMatchObject({ message: notification.lastError });
  expect(applyDelivery(aNotification(), givenUp, NOON).notification.lastError).toBe(reason);
});

describe('a replay', () => {
  test('gives it a whole day and a fresh count, under the same id', () => {
    const dead = aNotification({ status: 'DEAD', dueAt: null, attempts: 30, lastError: 'answered 503' });
    const { notification } = applyDelivery(dead, REPLAYED, NOON + 9);
    const fresh = { status: 'PENDING', dueAt: NOON + 9, giveUpAt: NOON + 9 + DAY_MS, attempts: 0 };
    expect(notification).toEqual({ ...dead, ...fresh });
  });

  test('of one that is still tried is refused: an attempt may be under way', () => {
    const pending = aNotification({ attempts: 3 });
    expect(applyDelivery(pending, REPLAYED, NOON)).toMatchObject({ outcome: 'ignored', notification: pending });
  });
});

test('whatever happens in whatever order: each event leaves one entry, and only what is pending is ever due', () => {
  const events = fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(DELIVERED, GONE, GIVEN_UP, REPLAYED),
        fc.integer({ min: 0, max: 2 * DAY_MS }).map((ms) => failed(NOON + ms)),
      ),
      fc.integer({ min: 0, max: 60_000 }),
    ),
  );
  fc.assert(
    fc.property(events, (steps) => {
      let now = NOON;
      let notification: Notification = aNotification();
      for (const [event, ms] of steps) {
        now += ms;
        const { id } = notification;
        const after = applyDelivery(notification, event, now);
        expect(after.entry.detail).toMatchObject({ notification: id, type: notification.type });
        expect(after.entry.event).toMatch(/^NOTIFICATION_/);
        if (after.outcome === 'ignored') expect(after.notification).toBe(notification);
        notification = after.notification;
        expect(notification.id).toBe(id);
        expect(notification.dueAt === null).toBe(notification.status !== 'PENDING');
        expect(notification.deliveredAt === null).toBe(notification.status !== 'DELIVERED');
        expect(notification.giveUpAt).toBeLessThanOrEqual(giveUpAt(now));
      }
    }),
  );
});
