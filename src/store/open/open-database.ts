// Opens the database of a running receiver: the SQLite file, or the PostgreSQL database, which receivers share.

import type { RemoteClock } from '../../lib/remote-clock.ts';
import { runInTurns } from '../../lib/steps.ts';
import { systemWorld, type World } from '../../lib/world.ts';
import { openPostgresStore } from '../postgres/store.ts';
import type { ReceiverStore } from '../receiver-store.ts';
import { openStoreInSteps, type SqliteStoreOptions } from '../sqlite/store.ts';

export interface OpenDatabaseOptions extends SqliteStoreOptions {
  /** The PostgreSQL database; null: the SQLite file at `path`. */
  readonly url: string | null;
  /** The clock of the database on a server, as its connections read it; null for none. */
  readonly serverClock?: Pick<RemoteClock, 'ask'> | null;
  /** The time of the connections to a database on a server; default: that of the system, also in a world with a time of its own. */
  readonly connectionTime?: Pick<World, 'elapsed' | 'sleep'> | undefined;
  /** Called once the first slice of an upgrade of a file is done: its signal ends the upgrade. */
  readonly interrupted?: (() => AbortSignal) | undefined;
}

/** @throws {DatabaseRefused} when the database cannot be used; the message states the cause and the remedy. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<ReceiverStore> {
  return options.url === null ? openFile(options) : openOnServer({ ...options, url: options.url });
}

async function openFile(options: OpenDatabaseOptions): Promise<ReceiverStore> {
  const store = await runInTurns(openStoreInSteps(options), options.interrupted);
  return {
    ...store,
    file: store,
    shared: null,
    isRestoredBackup: store.isQueueUnheld,
    adoptBackup: async (hold) => {
      const held = await hold();
      await store.noteQueueHeld();
      return held;
    },
    leadership: { leads: () => true, term: () => 1, watch: () => () => {}, handOver: async () => {} },
  };
}

async function openOnServer(options: OpenDatabaseOptions & { readonly url: string }): Promise<ReceiverStore> {
  // Connections live in the time of the server, whatever the clock of the receiver is.
  const { serverClock, connectionTime: time = systemWorld } = options;
  const world = { now: options.world.now, elapsed: time.elapsed, sleep: time.sleep };
  const store = await openPostgresStore({ ...options, world, ...(serverClock && { clock: serverClock }) });
  return { ...store, file: null, shared: store };
}
