// Interface of a simulator, for tests, the demo and the control endpoints.

import type { Hono } from 'hono';
import type { CaseRecord, Stats } from './ledger.ts';
import type { Listening, Place } from './listen.ts';
import type { MoveOrder, OutageOrder } from './outage.ts';
import type { SimulatorEnv } from './responses.ts';

export interface Simulator {
  readonly fetch: Hono<SimulatorEnv>['fetch'];
  /** Listens. Closing a listener drops its connections; executions and callbacks continue. */
  listen(place?: Partial<Place>): Promise<Listening>;
  stats(): Stats;
  /** All requests and callbacks per correlation id, oldest first. */
  executions(): CaseRecord[];
  execution(correlationId: string): CaseRecord | undefined;
  outage(order: OutageOrder): void;
  /** Moves the API to another address of this simulator; null ends the move. */
  move(order: MoveOrder | null): void;
  revokeTokens(): void;
  /** Releases the held callbacks of a correlation id. */
  release(correlationId: string): void;
  /** Resolves when every callback of every run so far has been sent and has a response. */
  quiet(): Promise<void>;
  /** Deletes all records and drops pending callbacks. */
  reset(): void;
  /** Drops pending callbacks and closes the listeners. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
