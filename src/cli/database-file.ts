// `backup`, `restore` and `compact`: copy the database while the receiver runs, put a copy at its path, and return its free space to the disk.

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readVariable } from '../config/config.ts';
import { grouped, many } from '../lib/figures.ts';
import { SILENT } from '../lib/log.ts';
import { fileTimestamp } from '../lib/time.ts';
import { BackupFailed, backUp } from '../store/sqlite/file/backup.ts';
import { compact as compactDatabase } from '../store/sqlite/file/compact.ts';
import { restore as restoreBackup } from '../store/sqlite/file/restore.ts';
import { CommandError, type Declare } from './context.ts';
import { databaseFile } from './database.ts';
import { jsonOption, withHelp } from './options.ts';
import { bytes, showProgress, writeResult } from './print.ts';
import { showUpgrade } from './upgrade-display.ts';

export const backup: Declare = (command, context) =>
  withHelp(command, {
    description: `Copies the database at DATABASE_PATH to PATH while the receiver runs: one consistent snapshot in a
single file with the mode DATABASE_MODE. The copy is opened and verified (integrity, tables and triggers, hash chain,
rows against their audit entries, conservation) before it gets its name. Nothing is overwritten. If PATH is a folder,
the file is named by the time. The copy contains what apps sent and received: protect it like the database, and keep it
on another machine.`,
    exitCodes: '0 done, 1 no sound backup was made (an unsound one is kept as PATH.unsound), 2 refused',
    examples: ['npm run -s backup -- /backups', 'npm run -s backup -- /backups/before-upgrade.db'],
  })
    .argument('<path>', 'the new file, or an existing folder')
    .addOption(jsonOption)
    .action(async (place, { json }) => {
      const source = databaseFile(context, 'back it up with pg_dump, or with base backups and WAL archiving');
      const mode = readVariable(context.env(), 'DATABASE_MODE');
      const begun = performance.now();
      const progress = showProgress('verifying the copy', context);
      const report = await failsWithOne(() =>
        backUp(source, targetIn(place, source, context.world.now()), progress.at, mode),
      );
      progress.done();
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      const { path, executions, open, entries, head } = report;
      const counted = `${many(executions, 'execution')} (${grouped(open)} open), ${many(entries, 'audit entry')} through ${head.id}`;
      const text = `${path}: ${bytes(report.bytes)}, ${counted}, verified, in ${seconds} s`;
      writeResult(context, json, { ok: true, source, ...report }, text);
    });

/** Returns what the work returns. @throws {CommandError} with exit code 1 if it failed to copy. */
async function failsWithOne<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof BackupFailed ? new CommandError(error.message, 1) : error;
  }
}

function targetIn(place: string, source: string, now: number): string {
  if (!existsSync(place) || !statSync(place).isDirectory()) return place;
  return join(place, `${basename(source, extname(source))}-${fileTimestamp(now)}.db`);
}

export const restore: Declare = (command, context) =>
  withHelp(command, {
    description: `Verifies a backup and puts it at DATABASE_PATH. Nothing is overwritten: stop the receiver and move the
damaged database away first, together with its -wal and -shm files (a WAL that stays would be replayed into the restored
file).

Executions that were queued in the backup may have been sent since. They are not sent again: they become UNCONFIRMED,
and a callback can still resolve them until their deadline. Executions with retryUncertain stay queued.

Executions that were accepted after the backup are lost, and their callbacks get 404. CXone may have run them. Ids of
audit entries and notifications continue after a gap, so that no id is issued twice: readers with a newer position get
410 and the position from which to continue, and "audit verify" reports the gap.`,
    exitCodes: '0 done, 1 not restored, 2 refused',
    examples: [
      'systemctl stop cxone-callback-receiver',
      'mkdir aside && mv data/receiver.db* aside/',
      'npm run -s restore -- /backups/receiver-2026-01-31T02-00-00-000Z.db',
      'npm run -s doctor && systemctl start cxone-callback-receiver',
    ],
  })
    .argument('<backup>', 'the file that "backup" made')
    .option('--send-queued', 'send queued executions; only right if the receiver did not run after the backup')
    .addOption(jsonOption)
    .action(async (source, { sendQueued = false, json }) => {
      const target = databaseFile(context, 'restore it with pg_restore, or recover it to a point in time');
      const progress = showProgress('verifying the copy', context);
      const mode = readVariable(context.env(), 'DATABASE_MODE');
      const shown = { progress: progress.at, upgradeDisplay: showUpgrade(context) };
      const options = { world: context.world, log: SILENT, sendQueued, mode, ...shown };
      const report = await failsWithOne(() => restoreBackup(source, target, options));
      progress.done();
      const { path, executions, open, held } = report;
      const counted = `${many(executions, 'execution')}, ${grouped(open)} of them open in the backup`;
      const text = `${path}: ${counted}; not sent again: ${grouped(held)} that were queued`;
      writeResult(context, json, { ok: true, source, ...report }, text);
    });

export const compact: Declare = (command, context) =>
  withHelp(command, {
    description: `Makes the database at DATABASE_PATH as small as its content. Stop the receiver first; the disk needs
room for a copy. The copy is verified as a backup is and replaces the file in one step: an interruption leaves either
the old file or the new.

Only a database made by a version before 0.2 needs this, once: since then the receiver returns the space that pruning
frees.`,
    exitCodes: '0 done, 1 failed and nothing changed, unless the message says otherwise, 2 refused',
    examples: [
      'systemctl stop cxone-callback-receiver',
      'npm run -s compact && systemctl start cxone-callback-receiver',
    ],
  })
    .addOption(jsonOption)
    .action(async ({ json }) => {
      const path = databaseFile(context, 'autovacuum makes the space of pruned rows available again');
      const progress = showProgress('verifying the copy', context);
      const report = await failsWithOne(() => compactDatabase(path, progress.at));
      progress.done();
      const { executions, entries, head } = report;
      const counted = `${many(executions, 'execution')}, ${many(entries, 'audit entry')} through ${head.id}, verified`;
      const text = `${report.path}: ${bytes(report.bytesBefore)} before, ${bytes(report.bytes)} now, ${counted}`;
      writeResult(context, json, { ok: true, ...report }, text);
    });
