// The notifications of an execution: its outcome and its late result, once each, in that order.

import { describe, expect, test } from 'vitest';
import type { ExecutionEvent } from '../../src/execution/event.ts';
import type { Execution, Submission } from '../../src/execution/execution.ts';
import { parseJson } from '../../src/execution/json.ts';
import { representExecution } from '../../src/execution/representation.ts';
import { transition } from '../../src/execution/transition.ts';
import type { Notification } from '../../src/notification/notification.ts';
import { notificationFor, notificationIds, scheduleInOrder, webhookBody } from '../../src/notification/outgoing.ts';
import { giveUpAt } from '../../src/notification/schedule.ts';
import { anExecution, callback, completed, failed, NOON, notFound, submitted } from '../support/executions.ts';
import { aNotification } from '../support/notifications.ts';

const URL_OF_SHOP = 'https://shop.example:8443/hooks?id=1';
const CANCELLED: ExecutionEvent = { type: 'cancelled', by: 'app:shop' };

function execution(overrides: Partial<Submission> = {}): Execution {
  const { inputs: _inputs, context: _context, ...state } = anExecution({ notifyUrl: URL_OF_SHOP, ...overrides });
  return state;
}

/** The execution and its notifications, event by event. */
function notified(start: Execution, ...events: readonly ExecutionEvent[]) {
  let now = NOON;
  let current = start;
  const notifications = events.map((event) => {
    now += 1000;
    const before = current;
    current = transition(before, event, now).execution;
    return notificationFor(before, current, now);
  });
  return { execution: current, notifications };
}

describe('notifications', () => {
  test.for<[string, readonly ExecutionEvent[]]>([
    ['execution.completed', [callback(completed())]],
    ['execution.failed', [callback(failed())]],
    ['execution.rejected', [{ type: 'dispatched' }, { type: 'refused', httpStatus: 403, latencyMs: 5, message: 'no' }]],
    ['execution.not_found', [{ type: 'dispatched' }, submitted(), notFound(), notFound()]],
    ['execution.timeout', [{ type: 'expired' }]],
    ['execution.cancelled', [CANCELLED]],
  ])('%s', ([type, events]) => {
    const { notifications, execution: after } = notified(execution(), ...events);
    expect(notifications.slice(0, -1)).toEqual(events.slice(1).map(() => null));
    expect(notifications.at(-1)).toMatchObject({ type, id: notificationIds(after.reference)[0], status: 'PENDING' });
  });

  test('a late result, once', () => {
    const late = callback(completed({ ok: true }));
    const { notifications, execution: after } = notified(execution(), CANCELLED, late, late, callback(completed(2)));
    const [, id] = notificationIds(after.reference);
    expect(notifications.map((one) => one?.type)).toEqual([
      'execution.cancelled',
      'execution.late_result',
      undefined,
      undefined,
    ]);
    expect(notifications[1]).toMatchObject({ id, createdAt: NOON + 2000, giveUpAt: giveUpAt(NOON + 2000) });
  });

  test('none without a URL, and none of an unverified result', () => {
    expect(notified(execution({ notifyUrl: null }), CANCELLED, callback(completed())).notifications).toEqual([
      null,
      null,
    ]);
    const hint: ExecutionEvent = { type: 'unverified-callback', executionId: null, report: completed() };
    expect(notified(execution(), CANCELLED, hint).notifications[1]).toBeNull();
  });

  test('an id holds nothing that Standard Webhooks forbids, and the origin nothing but scheme, host and port', () => {
    const [notification] = notified(execution(), CANCELLED).notifications;
    expect(notification?.id).toMatch(/^msg_[0-9a-f]{32}_ended$/);
    expect(notification).toMatchObject({ url: URL_OF_SHOP, origin: 'https://shop.example:8443' });
  });

  test('an execution ends also when its URL is none', () => {
    expect(notified(execution({ notifyUrl: 'shop' }), CANCELLED).notifications[0]).toMatchObject({
      url: 'shop',
      origin: '',
    });
  });
});

describe('the webhook', () => {
  test('of an end is dated by the end, of a late result by its coming; the execution is in it as GET gives it', () => {
    const { notifications, execution: after } = notified(execution(), CANCELLED, callback(completed()));
    const bodies = notifications.map((one) => webhookBody(one as Notification, after));
    const data = representExecution(after);
    expect(bodies).toEqual([
      { type: 'execution.cancelled', timestamp: '2026-01-01T12:00:01.000Z', data },
      { type: 'execution.late_result', timestamp: '2026-01-01T12:00:02.000Z', data },
    ]);
  });

  test('keeps every digit of a result', () => {
    const result = parseJson('{"card":12345678901234567890}');
    const { notifications, execution: after } = notified(execution(), callback(completed(result)));
    const body = JSON.stringify(webhookBody(notifications[0] as Notification, after));
    expect(body).toContain('"result":{"card":12345678901234567890}');
  });
});

describe('the order of an execution', () => {
  const ended = aNotification();
  const late = aNotification({ id: 'msg_1_late', type: 'execution.late_result' });
  const waiting = { ...late, dueAt: null };
  const over: Partial<Notification> = { status: 'DEAD', dueAt: null };

  test('the late result waits as long as the end is pending, however it came to be so', () => {
    expect(scheduleInOrder([ended, late], NOON + 5)).toEqual([ended, waiting]);
    expect(scheduleInOrder([ended, waiting], NOON + 5)).toEqual([ended, waiting]);
  });

  test('a late result is due once the outcome is delivered or given up, and does not expire while it waits', () => {
    const now = NOON + 99_000;
    expect(scheduleInOrder([{ ...ended, ...over }, waiting], now)[1]).toEqual({
      ...late,
      dueAt: now,
      giveUpAt: giveUpAt(now),
    });
  });

  test('what has its turn is left as it is', () => {
    const tried = { ...late, dueAt: NOON + 7000, attempts: 2 };
    const all = [{ ...ended, ...over }, tried];
    expect(scheduleInOrder(all, NOON + 5)).toEqual(all);
  });
});
