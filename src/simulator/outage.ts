// An outage: for a time, calls get the same error response, a reset or a hang.

import type { World } from '../lib/world.ts';
import type { Call, SimulatedResponse } from './ledger.ts';

export interface OutageOrder {
  /** A status, `reset` or `hang`; `cut`: the usual response without its end. */
  readonly answer: SimulatedResponse | 'cut';
  readonly retryAfterSeconds?: number;
  /** More header fields of the response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The duration; 0 ends the current outage. */
  readonly ms: number;
  /** The affected calls. Default: all. */
  readonly calls?: readonly Call[];
}

export interface Outage {
  begin(order: OutageOrder): void;
  /** Returns the outage that concerns this call now, or null. */
  responseTo(call: Call): OutageOrder | null;
}

export function createOutage(world: World): Outage {
  let current: OutageOrder | null = null;
  let until = 0;
  return {
    begin: (order) => {
      current = order;
      until = world.now() + order.ms;
    },
    responseTo: (call) => {
      if (current === null || world.now() >= until) return null;
      return current.calls === undefined || current.calls.includes(call) ? current : null;
    },
  };
}
