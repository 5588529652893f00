// Notifications as tests need them.

import type { Notification } from '../../src/notification/notification.ts';
import { giveUpAt } from '../../src/notification/schedule.ts';
import { NOON } from './executions.ts';

export function aNotification(overrides: Partial<Notification> = {}): Notification {
  return {
    id: 'msg_019c14057a0070008000000000000001_ended',
    reference: '019c1405-7a00-7000-8000-000000000001',
    correlationId: 'order-1',
    app: 'shop',
    type: 'execution.completed',
    url: 'https://shop.example/hooks',
    origin: 'https://shop.example',
    status: 'PENDING',
    createdAt: NOON,
    dueAt: NOON,
    giveUpAt: giveUpAt(NOON),
    attempts: 0,
    lastAttemptAt: null,
    lastHttpStatus: null,
    lastError: null,
    deliveredAt: null,
    ...overrides,
  };
}
