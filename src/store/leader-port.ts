// How the receivers of one database reach the one that leads: it publishes what it knows, carries out orders, and writes reports.

import type { Json, JsonObject } from '../execution/json.ts';
import { StoreUnavailable } from './port.ts';

/** No receiver leads now, so that none carries out an order. The order was withdrawn. */
export class NoLeader extends StoreUnavailable {}

/** A leader took the order, and has failed or not confirmed it in time: it may have been carried out. */
export class OrderUnconfirmed extends StoreUnavailable {}

export interface Order {
  readonly id: number;
  readonly kind: string;
  readonly body: JsonObject;
}

/** `waiting`: no leader has taken it. `taken`: a leader carries it out. */
export type OrderState = { readonly state: 'waiting' | 'taken' } | { readonly state: 'done'; readonly result: Json };

export interface LeaderState {
  /** Replaces what the leader publishes. */
  publish(state: JsonObject): Promise<void>;
  /** Returns what the leader has published in the last `maxAgeMs`; null if there is no leader. */
  published(maxAgeMs: number): Promise<JsonObject | null>;
  /**
   * Returns whether the leader right before this one has handed over, so that what is published states what it has sent. True once in a
   * term at most. @throws {StoreUnavailable}
   */
  takeHandOver(): Promise<boolean>;
}

export interface LeaderOrders {
  /** Gives an order to the leader, and returns its id. */
  give(kind: string, body: JsonObject): Promise<number>;
  /** Undefined: it was given too long ago. */
  stateOf(id: number): Promise<OrderState | undefined>;
  /** Takes an order back. Returns false if the leader has taken it. */
  withdraw(id: number): Promise<boolean>;
  /** Takes the orders that wait, the oldest first. Each order is taken once. */
  take(): Promise<Order[]>;
  end(id: number, result: Json): Promise<void>;
}

/** Reports of reconciliations. */
export interface Reports {
  /** Replaces the report with this id, or adds it: then only the newest `keep` stay. */
  save(
    report: { readonly id: string; readonly hasEnded: boolean; readonly report: JsonObject },
    keep: number,
  ): Promise<void>;
  find(id: string): Promise<JsonObject | undefined>;
  /** Returns the reports of reconciliations that run, or that ran when their leader ended. */
  running(): Promise<JsonObject[]>;
}

export interface LeaderChannel {
  readonly state: LeaderState;
  readonly orders: LeaderOrders;
  readonly reports: Reports;
}
