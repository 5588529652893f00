// Stands by: waits until no receiver is active on the database, and ends the connection of an active one that has stopped.

import type { Client } from 'pg';
import type { DatabaseAddress } from '../../../lib/database-url.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { connectWritable } from './connect.ts';
import { endStoppedReceiver, isAnyActive } from './slot.ts';

const CHECK_MS = 500;

export interface StandByOptions {
  readonly addresses: readonly DatabaseAddress[];
  readonly world: Pick<World, 'sleep'>;
  readonly log: Log;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called with the reason why this receiver is not active, as of each check. */
  readonly report: (reason: string) => void;
}

/** Resolves when no receiver is active, or when the signal aborts. */
export async function standBy(options: StandByOptions): Promise<void> {
  const { world, signal, report } = options;
  let client: Client | null = null;
  while (!signal.aborted) {
    try {
      client ??= (await connectWritable(options)).client;
      if (!(await isAnyActive(client))) break;
      report('another receiver is active on this database');
      await endStoppedReceiver(client);
    } catch (error) {
      report(`the database is not available (${reasonOf(error)})`);
      await client?.end().catch(() => {});
      client = null;
    }
    await world.sleep(CHECK_MS, signal);
  }
  await client?.end().catch(() => {});
}
