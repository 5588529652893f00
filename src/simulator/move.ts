// A move of the API to another address: discovery names the new one, and the old one no longer serves executes and polls.

import type { SimulatedResponse } from './ledger.ts';

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
