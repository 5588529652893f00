// What the app was told, or could not be told, and telling it again.

import type { Connection } from './connection.ts';
import { pages, pathOf, reading } from './paths.ts';
import { send } from './requests.ts';
import type { Notification, NotificationStatus, NotificationType } from './types.ts';

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

interface Filters {
  readonly type?: NotificationType;
  readonly correlationId?: string;
  /** For operators: an app has its own alone. */
  readonly app?: string;
  readonly from?: Date | string;
  /** Exclusive. */
  readonly to?: Date | string;
}

export interface NotificationFilters extends Filters, CallOptions {
  readonly status?: NotificationStatus;
  /** How many are fetched at once; all are iterated over. */
  readonly limit?: number;
}

export interface ReplayFilters extends Filters {
  /** Dead ones unless said. */
  readonly status?: 'DEAD' | 'DELIVERED';
}

export interface Notifications {
  /** Newest first, page after page. */
  list(filters?: NotificationFilters): AsyncIterable<Notification>;
  get(id: string, options?: CallOptions): Promise<Notification>;
  /** Tells it again, under the same `webhook-id`. */
  replay(id: string, options?: CallOptions): Promise<Notification>;
  /** Tells all that match again; how many they are. */
  replayAll(filters?: ReplayFilters, options?: CallOptions): Promise<number>;
  /** What `verifyNotification` needs. */
  secrets(options?: CallOptions): Promise<readonly string[]>;
}

const NOTIFICATIONS = '/v1/notifications';

export function createNotifications(connection: Connection): Notifications {
  // Sent twice, a replay would tell what was told meanwhile once more, and count wrongly.
  const replaying = { method: 'POST', retry: 'unless-done' } as const;
  return {
    list: ({ signal, ...filters } = {}) => pages<Notification>(connection, NOTIFICATIONS, { ...filters }, signal),
    get: async (id, { signal } = {}) => send(connection, { ...reading(pathOf(id, NOTIFICATIONS)), signal }),
    replay: async (id, { signal } = {}) =>
      send(connection, { ...replaying, path: `${pathOf(id, NOTIFICATIONS)}/replay`, signal }),
    replayAll: async (filters = {}, { signal } = {}) => {
      const outgoing = { ...replaying, path: `${NOTIFICATIONS}/replay`, body: JSON.stringify(filters), signal };
      return (await send<{ replayed: number }>(connection, outgoing)).replayed;
    },
    secrets: async ({ signal } = {}) => {
      const outgoing = { ...reading(`${NOTIFICATIONS}/secrets`), signal };
      return (await send<{ secrets: string[] }>(connection, outgoing)).secrets;
    },
  };
}
