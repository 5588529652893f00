// Puts a backup in place of a database that is gone. What waits in its queue may have been sent since: it is not sent again.

import type { Log } from '../../../lib/log.ts';
import { reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import type { Store } from '../../port.ts';
import { createSqliteStore } from '../store.ts';
import { BackupFailed, type BackupReport, copyVerified, discardCopy, publishCopy, unusedPath } from './backup.ts';

const PAGE = 500;

const MESSAGE = 'restored from a backup: it may have been sent after the backup was made';

export interface RestoreOptions {
  readonly world: World;
  readonly log: Log;
  /** The receiver never ran after the backup was made, so that what was queued then was never sent. */
  readonly sendQueued: boolean;
  readonly progress?: (done: number, total: number) => void;
}

export interface RestoreReport extends BackupReport {
  /** Executions that were queued and are now held to be perhaps sent. */
  readonly held: number;
}

/** @throws {DatabaseRefused} before anything is written. @throws {BackupFailed} with nothing under `target`. */
export async function restore(backup: string, target: string, options: RestoreOptions): Promise<RestoreReport> {
  const path = unusedPath(target);
  const partial = `${path}.partial`;
  const report = copyVerified(backup, partial, options.progress);
  try {
    const held = options.sendQueued ? 0 : await holdQueued(partial, options);
    publishCopy(partial, path);
    return { ...report, path, held };
  } catch (error) {
    discardCopy(partial);
    throw error instanceof BackupFailed
      ? error
      : new BackupFailed(`not restored: ${reasonOf(error)}`, { cause: error });
  }
}

async function holdQueued(path: string, { world, log }: RestoreOptions): Promise<number> {
  const fatal = (error: unknown) => {
    throw error;
  };
  const store = createSqliteStore({ path, world, log, fatal, isCopy: true });
  let held = 0;
  try {
    for (let before: string | null | undefined; before !== null; ) {
      const page = await store.list({
        app: null,
        status: 'QUEUED',
        limit: PAGE,
        ...(before === undefined ? {} : { before }),
      });
      const once = page.items.filter(({ retryUncertain }) => !retryUncertain);
      await Promise.all(once.map(({ reference }) => hold(store, reference, world.now())));
      held += once.length;
      before = page.next;
    }
  } finally {
    await store.close();
  }
  return held;
}

/** As if it had been handed to the network and no answer had come: its callback can still adopt it, until its deadline. */
async function hold(store: Store, reference: string, now: number): Promise<void> {
  await store.record(reference, { type: 'dispatched' }, now);
  const unanswered = { httpStatus: 0, latencyMs: 0, message: MESSAGE } as const;
  await store.record(reference, { type: 'uncertain', ...unanswered, retryAt: null, giveUpAt: now }, now);
}
