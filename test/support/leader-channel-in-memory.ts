// The rows of the leader in memory, for tests of what uses them.

import type { Json, JsonObject } from '../../src/execution/json.ts';
import type { World } from '../../src/lib/world.ts';
import type { LeaderChannel, Order } from '../../src/store/leader-port.ts';

interface KeptOrder extends Order {
  state: 'waiting' | 'taken' | 'done';
  result: Json;
}

export interface LeaderChannelInMemory extends LeaderChannel {
  /** How often a state was published. */
  published(): number;
  /** Whether the last leader has handed over. */
  handedOver: boolean;
}

export function createLeaderChannelInMemory({ elapsed }: Pick<World, 'elapsed'>): LeaderChannelInMemory {
  let kept: { readonly at: number; readonly text: string } | null = null;
  let published = 0;
  const orders = new Map<number, KeptOrder>();
  const reports = new Map<string, { readonly hasEnded: boolean; readonly report: JsonObject }>();
  const channel: LeaderChannelInMemory = {
    handedOver: true,
    published: () => published,
    state: {
      publish: async (state) => {
        published += 1;
        kept = { at: elapsed(), text: JSON.stringify(state) };
      },
      published: async (maxAgeMs) =>
        kept === null || elapsed() - kept.at > maxAgeMs ? null : (JSON.parse(kept.text) as JsonObject),
      takeHandOver: async () => {
        const taken = channel.handedOver;
        channel.handedOver = false;
        return taken;
      },
    },
    orders: {
      give: async (kind, body) => {
        const id = orders.size + 1;
        orders.set(id, { id, kind, body, state: 'waiting', result: null });
        return id;
      },
      stateOf: async (id) => orders.get(id) as never,
      withdraw: async (id) => orders.get(id)?.state === 'waiting' && orders.delete(id),
      take: async () => {
        const waiting = [...orders.values()].filter(({ state }) => state === 'waiting');
        for (const order of waiting) order.state = 'taken';
        return waiting;
      },
      end: async (id, result) => {
        const order = orders.get(id);
        if (order !== undefined) Object.assign(order, { state: 'done', result });
      },
    },
    reports: {
      save: async ({ id, ...report }) => void reports.set(id, report),
      find: async (id) => reports.get(id)?.report,
      running: async () => [...reports.values()].filter(({ hasEnded }) => !hasEnded).map(({ report }) => report),
    },
  };
  return channel;
}
