// What a demo runs besides the simulator: one receiver, or several behind a load balancer.

import type { Receiver } from '../receiver.ts';

export interface DemoService extends Pick<Receiver, 'url' | 'stop'> {
  /** Where the audit entries are, for the report. */
  readonly database: string;
  /** Null for one receiver, of which nothing is killed. */
  readonly kills: Kills | null;
}

/** What is killed midway. Each function resolves when requests are answered again, with the milliseconds that took. */
export interface Kills {
  readonly receiver: () => Promise<number>;
  readonly database: () => Promise<number>;
}

/** No PostgreSQL is installed, and none may be downloaded. */
export class NoPostgres extends Error {
  override readonly name = 'NoPostgres';
}
