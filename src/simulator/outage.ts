// An outage (for a time, calls get the same error response, a reset or a hang), and a move of the API to another address.

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

export type Outage = ReturnType<typeof createOutage>;

export function createOutage(world: World) {
  let current: OutageOrder | null = null;
  let until = 0;
  return {
    begin: (order: OutageOrder): void => {
      current = order;
      until = world.now() + order.ms;
    },
    /** Returns the outage that concerns this call now, or null. */
    responseTo: (call: Call): OutageOrder | null => {
      if (current === null || world.now() >= until) return null;
      return current.calls === undefined || current.calls.includes(call) ? current : null;
    },
  };
}

export interface MoveOrder {
  /** The origin of the new address. */
  readonly to: string;
  /** The response to executes and polls at every other address: a status, `reset` or `hang`. */
  readonly answer: SimulatedResponse;
}

export interface Move {
  /** Null: the API is at every address again. */
  begin(order: MoveOrder | null): void;
  /** Returns the origin of the API, as discovery names it in a response at `origin`. */
  apiOrigin(origin: string): string;
  /** Returns the response of an address from which the API has moved, or null. */
  responseAt(origin: string): SimulatedResponse | null;
}

export function createMove(): Move {
  let current: MoveOrder | null = null;
  return {
    begin: (order) => {
      current = order;
    },
    apiOrigin: (origin) => current?.to ?? origin,
    responseAt: (origin) => (current === null || current.to === origin ? null : current.answer),
  };
}
