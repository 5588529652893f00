// Endpoints of apps of the store in memory.

import type { Endpoint, EndpointPause, Endpoints } from '../../src/store/endpoints-port.ts';
import type { Outbox } from '../../src/store/outbox-port.ts';

/** @param list lists the notifications of the store. */
export function createMemoryEndpoints(list: Outbox['listNotifications']): Endpoints {
  const pauses = new Map<string, EndpointPause>();
  const keyOf = ({ app, origin }: Endpoint) => `${app} ${origin}`;
  return {
    pausedEndpoints: async () => [...pauses.values()],
    pauseEndpoint: async (pause) => {
      if (pauses.has(keyOf(pause))) return false;
      pauses.set(keyOf(pause), pause);
      return true;
    },
    resumeEndpoint: async (endpoint) => pauses.delete(keyOf(endpoint)),
    // What is due depends on SQLite's index, which the tests of the store cover.
    hasten: async () => {},
    recentTo: async ({ app, origin }, limit) => {
      const { items } = await list({ app, limit });
      return items.filter((one) => one.origin === origin);
    },
  };
}
