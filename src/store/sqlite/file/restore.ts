// Puts a backup in place of a database that is lost. Ids continue after a gap, and the queue of the backup is held.

import type { Log } from '../../../lib/log.ts';
import { reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';
import { holdQueued } from '../../shared/hold-queued.ts';
import { createSqliteStore } from '../store.ts';
import { BackupFailed, type BackupReport, copyVerified, discardCopy, publishCopy, unusedPath } from './backup.ts';
import type { UpgradeDisplay } from './data-migration/report.ts';
import { PRIVATE_MODE } from './file-mode.ts';

export interface RestoreOptions {
  readonly world: World;
  readonly log: Log;
  /** True if the receiver did not run after the backup was made, so that its queue was never sent. */
  readonly sendQueued: boolean;
  readonly progress?: (done: number, total: number) => void;
  /** Shows the upgrade of a backup that an older version made. */
  readonly upgradeDisplay?: UpgradeDisplay;
  /** Mode of the file; default: 0600. */
  readonly mode?: number;
}

export interface RestoreReport extends BackupReport {
  /** Number of queued executions that are now treated as possibly sent. */
  readonly held: number;
  /** The first id of audit entries and notifications that is issued from now on; null if the backup has no entries. */
  readonly nextId: number | null;
}

/** @throws {DatabaseRefused} before anything is written. @throws {BackupFailed} with nothing under `target`. */
export async function restore(backup: string, target: string, options: RestoreOptions): Promise<RestoreReport> {
  const { world, log, sendQueued, progress, upgradeDisplay, mode = PRIVATE_MODE } = options;
  const path = unusedPath(target);
  const partial = `${path}.partial`;
  const report = copyVerified(backup, partial, { progress, mode });
  try {
    const fatal = (error: unknown) => {
      throw error;
    };
    const store = createSqliteStore({ path: partial, world, log, fatal, isCopy: true, mode, upgradeDisplay });
    let held = 0;
    try {
      held = sendQueued ? 0 : await holdQueued(store, world);
      await store.noteQueueHeld();
      store.markPlaced();
    } finally {
      await store.close();
    }
    publishCopy(partial, path);
    return { ...report, path, held, nextId: store.restored?.nextId ?? null };
  } catch (error) {
    discardCopy(partial);
    throw error instanceof BackupFailed
      ? error
      : new BackupFailed(`not restored: ${reasonOf(error)}`, { cause: error });
  }
}
