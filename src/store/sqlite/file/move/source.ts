// Opens a file whose content is to be moved: alone, as the receiver left it, and of this version.

import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isoTime } from '../../../../lib/time.ts';
import { DatabaseRefused } from '../../../shared/database-refused.ts';
import { isImported } from '../../import/imported.ts';
import { createRollupCounts } from '../../rollups/count.ts';
import { withFileError } from '../database-refused.ts';
import { isInWalMode, refuseForeignWal } from '../foreign-wal.ts';
import { auditGaps } from '../id-gaps.ts';
import { unadopted } from '../identity.ts';
import { type DatabaseLock, realDatabasePath, takeLock } from '../lock.ts';
import { APPLICATION_ID, truncateWal, UNVERIFIED } from '../open.ts';
import { setAndReadBack } from '../pragma.ts';
import { schemaVersionOf } from '../schema-version.ts';

const ONCE = 'start the receiver of this version on it once, stop it, and move it then';

/** Executions that are counted in one transaction. */
const COUNTED_AT_ONCE = 1_000;

export interface FileSource {
  /** The real path. */
  readonly file: string;
  readonly client: Database.Database;
  close(): void;
}

/** Takes the lock of the file until it is closed. @throws {DatabaseRefused} with the remedy; the file is then as it was. */
export function openFileSource(path: string, mode: number): FileSource {
  const file = withFileError(path, () => realDatabasePath(path));
  if (!existsSync(file)) throw new DatabaseRefused(`${file} does not exist: name the file to move with --from`);
  const lock = withFileError(file, () => takeLock(file, mode));
  let client: Database.Database | null = null;
  try {
    withFileError(file, () => refuseForeignWal(file, lock.note));
    const isBackup = isInWalMode(file) === false;
    const opened = withFileError(file, () => new Database(file));
    client = opened;
    withFileError(file, () => {
      refuseUnfit(file, opened);
      refuseCopy(file, opened, lock, isBackup);
      setAndReadBack(opened, 'synchronous', 'FULL', 2);
      pruneGaps(opened);
      countHistory(opened);
    });
    return {
      file,
      client: opened,
      close: () => {
        // What was moved is moved, also on a full disk.
        // promise: end-of-a-move-needs-no-room
        truncateWal(opened);
        opened.close();
        lock.close();
      },
    };
  } catch (error) {
    client?.close();
    lock.close();
    throw error;
  }
}

function refuseUnfit(file: string, client: Database.Database): void {
  if (client.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new DatabaseRefused(`${file} is not a database of this receiver`);
  }
  const { age } = schemaVersionOf(client);
  if (age === 'newer')
    throw new DatabaseRefused(`${file} was written by a newer version of this receiver: use that one`);
  const isUnverified = client.pragma('user_version', { simple: true }) === UNVERIFIED;
  if (age !== 'current' || isUnverified) throw new DatabaseRefused(`${file} is of an older version: ${ONCE}`);
  if (isImported(client)) throw new DatabaseRefused(`${file} was made from exports, for inspection: it is not moved`);
  const pruned = client.prepare<[], number>('SELECT pruned_through FROM audit_checkpoint').pluck().get() ?? 0;
  const gap = auditGaps(client).findLast(({ after }) => after > pruned);
  if (gap !== undefined) {
    throw new DatabaseRefused(
      `${file} was restored from a backup, after which its ids continue behind a gap, which PostgreSQL cannot store: stay with SQLite until retention (AUDIT_RETENTION_DAYS) has pruned all entries up to ${isoTime(gap.lostFrom)}, and move it then`,
    );
  }
}

/** A gap behind the last entry that was pruned has no entries on either side of it: its ids count as pruned, too. */
function pruneGaps(client: Database.Database): void {
  const through = client.prepare('UPDATE audit_checkpoint SET pruned_through = max(pruned_through, ?)');
  for (const { next } of auditGaps(client)) through.run(next - 1);
}

/** What a copy has queued may have been sent since it was made, so that a receiver holds it first. */
function refuseCopy(file: string, client: Database.Database, lock: DatabaseLock, isBackup: boolean): void {
  const from = unadopted({ file, client, lock, isBackup });
  if (from === null) return;
  const what = from === 'backup' ? 'a backup' : 'a copy of another file';
  throw new DatabaseRefused(`${file} is ${what}, so that its queue may have been sent: ${ONCE}`);
}

/** Executions from before the roll-ups are counted in the background, which PostgreSQL has no need of. */
function countHistory(client: Database.Database): void {
  const rollups = createRollupCounts(client);
  const count = client.transaction(() => {
    const { countedFrom } = rollups.countHistory(COUNTED_AT_ONCE);
    rollups.flush();
    return countedFrom === 0;
  });
  while (!count());
}
