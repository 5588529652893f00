// `restore BACKUP`: a backup in the place of a database that is gone.

import { pino } from 'pino';
import { readVariable } from '../config/config.ts';
import { systemWorld } from '../lib/world.ts';
import { restore as restoreBackup } from '../store/sqlite/file/restore.ts';
import { failed } from './backup.ts';
import { type Command, CommandUsage, readFlags } from './context.ts';
import { grouped, showProgress } from './print.ts';

const FLAGS = {
  'send-queued': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export const restore: Command = {
  help: `Usage: npm run restore -- BACKUP [--send-queued] [--json]

Puts a backup at DATABASE_PATH, examined as a backup is. Nothing is overwritten: stop the receiver and move the damaged
database away first, together with its -wal and -shm (a WAL left behind would be replayed into the restored file).

What waited in the queue when the backup was made may have been sent after it. So it is not sent again: it becomes
UNCONFIRMED, where its callback can still adopt it until its deadline. Executions with retryUncertain stay queued.

  --send-queued   send it all the same: right only if the receiver did not run after the backup was made

What a backup cannot know: executions accepted after it are gone, and their callbacks get a 404. CXone may have run them.
Heads of the audit chain that were signed after it do not fit the restored trail: keep those lines with the old file.

Exit code: 0 done, 1 not restored, 2 refused.

  systemctl stop cxone-callback-receiver
  mkdir aside && mv data/receiver.db* aside/
  npm run restore -- /backups/receiver-2026-01-31T02-00-00-000Z.db
  npm run doctor && systemctl start cxone-callback-receiver
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [source] = positionals;
    if (source === undefined) throw new CommandUsage('Say which backup.');
    const target = readVariable(context.env(), 'DATABASE_PATH');
    const progress = showProgress('verifying the copy', context);
    try {
      const report = await restoreBackup(source, target, {
        world: systemWorld,
        log: pino({ level: 'silent' }),
        sendQueued: values['send-queued'],
        progress: progress.at,
      });
      progress.done();
      const { path, executions, open, held } = report;
      context.write(
        values.json
          ? `${JSON.stringify({ ok: true, source, ...report })}\n`
          : `${path}: ${grouped(executions)} executions, ${grouped(open)} of them open when it was made; ${grouped(held)} were queued and are not sent again\n`,
      );
      return 0;
    } catch (error) {
      return failed(error, context);
    }
  },
};
