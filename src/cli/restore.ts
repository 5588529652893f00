// `restore <backup>`: puts a backup at the path of a database that is lost.

import { pino } from 'pino';
import { readVariable } from '../config/config.ts';
import { grouped, many } from '../lib/figures.ts';
import { BackupFailed } from '../store/sqlite/file/backup.ts';
import { restore as restoreBackup } from '../store/sqlite/file/restore.ts';
import { CommandError, type Declare } from './context.ts';
import { databaseFile } from './database.ts';
import { jsonOption, withHelp } from './options.ts';
import { showProgress, writeResult } from './print.ts';
import { showUpgrade } from './upgrade-display.ts';

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
      const report = await restoreBackup(source, target, {
        world: context.world,
        log: pino({ level: 'silent' }),
        sendQueued,
        mode: readVariable(context.env(), 'DATABASE_MODE'),
        progress: progress.at,
        upgradeDisplay: showUpgrade(context),
      }).catch((error: unknown) => {
        throw error instanceof BackupFailed ? new CommandError(error.message, 1) : error;
      });
      progress.done();
      const { path, executions, open, held } = report;
      const counted = `${many(executions, 'execution')}, ${grouped(open)} of them open in the backup`;
      const text = `${path}: ${counted}; not sent again: ${grouped(held)} that were queued`;
      writeResult(context, json, { ok: true, source, ...report }, text);
    });
