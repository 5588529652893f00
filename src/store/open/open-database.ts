// Opens the database of a running receiver: the SQLite file, or the PostgreSQL database of which one receiver is active.

import { hostname } from 'node:os';
import { addressesIn } from '../../lib/database-url.ts';
import { runInTurns } from '../../lib/steps.ts';
import { systemWorld } from '../../lib/world.ts';
import { standBy } from '../postgres/connection/stand-by.ts';
import { openPostgresStore } from '../postgres/store.ts';
import { AnotherIsActive, type ReceiverStore } from '../receiver-store.ts';
import { openStoreInSteps, type SqliteStoreOptions } from '../sqlite/store.ts';

export interface OpenDatabaseOptions extends SqliteStoreOptions {
  /** The PostgreSQL database; null: the SQLite file at `path`. */
  readonly url: string | null;
  /** Called once the first slice of an upgrade of a file is done: its signal ends the upgrade. */
  readonly interrupted?: (() => AbortSignal) | undefined;
}

/**
 * @throws {DatabaseRefused} when the database cannot be used; the message states the cause and the remedy.
 * @throws {AnotherIsActive} when another receiver is active on it.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<ReceiverStore> {
  return options.url === null ? openFile(options) : openOnServer({ ...options, url: options.url });
}

async function openFile(options: OpenDatabaseOptions): Promise<ReceiverStore> {
  const store = await runInTurns(openStoreInSteps(options), options.interrupted);
  return {
    ...store,
    file: store,
    isRestoredBackup: store.restored?.from === 'backup',
    // The file has noted it already.
    adoptBackup: async () => {},
    isActive: () => true,
    replaced: new Promise(() => {}),
  };
}

async function openOnServer(options: OpenDatabaseOptions & { readonly url: string }): Promise<ReceiverStore> {
  const replaced = Promise.withResolvers<void>();
  // Connections live in the time of the server, whatever the clock of the receiver is.
  const world = { now: options.world.now, elapsed: systemWorld.elapsed, sleep: systemWorld.sleep };
  const store = await openPostgresStore({ ...options, world, isExclusive: true, onReplaced: replaced.resolve });
  const reason = store.inactiveReason();
  if (reason === null) return { ...store, file: null, isActive: store.isAlone, replaced: replaced.promise };
  await store.close();
  throw new AnotherIsActive(reason);
}

export interface WaitOptions {
  readonly url: string;
  readonly world: SqliteStoreOptions['world'];
  readonly log: SqliteStoreOptions['log'];
  readonly signal: AbortSignal;
  /** Called with the reason why this receiver is not active, as of each check. */
  readonly report: (reason: string) => void;
}

/** Resolves when no receiver is active on the PostgreSQL database, or when the signal aborts. */
export async function waitUntilVacant({ url, ...options }: WaitOptions): Promise<void> {
  const applicationName = `cxone-callback-receiver ${hostname()} ${process.pid} standby`;
  await standBy({ ...options, addresses: addressesIn(url), applicationName });
}
