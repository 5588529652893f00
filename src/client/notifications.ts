// The calls about notifications: list, read, replay, and the secrets that sign them.

import type { Connection } from './connection.ts';
import { type CallOptions, harmless, pagesOf, pathOf, send } from './requests.ts';
import type { Notification, NotificationStatus, NotificationType } from './types.ts';

interface Filters {
  readonly type?: NotificationType;
  readonly correlationId?: string;
  /** For operators; an app sees only its own notifications. */
  readonly app?: string;
  /** Scheme, host and port of the URL, for example `https://hooks.example`. */
  readonly endpoint?: string;
  /** Created then or later. */
  readonly from?: Date | string;
  /** Created before then. */
  readonly to?: Date | string;
}

export interface NotificationFilters extends Filters, CallOptions {
  readonly status?: NotificationStatus;
  /** The order of creation; default `newest`. */
  readonly sort?: 'newest' | 'oldest';
  /** The page size, 1 to 200. The iteration covers all pages. */
  readonly limit?: number;
}

export interface ReplayOptions extends CallOptions {
  /** Why; the activity of operators records it. */
  readonly reason?: string;
}

export interface ReplayFilters extends Filters, ReplayOptions {
  /** Default `DEAD`. What is `PENDING` is sent anyway. */
  readonly status?: Exclude<NotificationStatus, 'PENDING'>;
}

const NOTIFICATIONS = '/v1/notifications';

export function notificationCalls(connection: Connection) {
  /** A replay is repeated only if it cannot have run: each one sends the notification again. */
  // promise: client-replays-once
  const post = <T>(path: string, body: object, signal: CallOptions['signal']): Promise<T> =>
    send(connection, { method: 'POST', path, body: JSON.stringify(body), harmless: false, signal });

  return {
    /** Lists notifications page by page, newest first unless `sort` states otherwise. */
    listNotifications: ({ signal, ...filters }: NotificationFilters = {}) =>
      pagesOf<Notification>(connection, NOTIFICATIONS, filters, { signal }),

    /** Reads one notification by its `webhook-id`. */
    getNotification: async (id: string, { signal }: CallOptions = {}): Promise<Notification> =>
      send(connection, { ...harmless('GET', pathOf(NOTIFICATIONS, id)), signal }),

    /** Sends a delivered or dead notification again. Resolves when it is due, before its delivery. */
    replayNotification: async (id: string, { signal, ...body }: ReplayOptions = {}): Promise<Notification> =>
      post(`${pathOf(NOTIFICATIONS, id)}/replay`, body, signal),

    /** Replays all notifications that match, oldest first; the dead ones unless `status` states otherwise. */
    replayNotifications: async ({ signal, ...body }: ReplayFilters = {}): Promise<{ readonly replayed: number }> =>
      post(`${NOTIFICATIONS}/replay`, body, signal),

    /** Reads the secrets that sign the app's notifications, the newest first, for `verifyNotification`. */
    notificationSecrets: async ({ signal }: CallOptions = {}): Promise<readonly string[]> => {
      const call = harmless('GET', `${NOTIFICATIONS}/secrets`);
      const { secrets } = await send<{ readonly secrets: readonly string[] }>(connection, { ...call, signal });
      return secrets;
    },
  };
}
