// `compact`: returns the free space in the database to the disk, while no receiver runs.

import { many } from '../lib/figures.ts';
import { compact as compactDatabase } from '../store/sqlite/file/compact.ts';
import { failsWithOne } from './backup.ts';
import type { Declare } from './context.ts';
import { databaseFile } from './database.ts';
import { jsonOption, withHelp } from './options.ts';
import { bytes, showProgress, writeResult } from './print.ts';

export const compact: Declare = (command, context) =>
  withHelp(command, {
    description: `Makes the database at DATABASE_PATH as small as its content. Stop the receiver first; the disk needs
room for a copy. The copy is verified as a backup is and replaces the file in one step: an interruption leaves either
the old file or the new.

Only a database made by a version before 0.2 needs this, once: since then the receiver returns the space that pruning
frees.`,
    exitCodes: '0 done, 1 failed and nothing changed, 2 refused',
    examples: [
      'systemctl stop cxone-callback-receiver',
      'npm run -s compact && systemctl start cxone-callback-receiver',
    ],
  })
    .addOption(jsonOption)
    .action(({ json }) => {
      const path = databaseFile(context, 'autovacuum makes the space of pruned rows available again');
      const progress = showProgress('verifying the copy', context);
      const report = failsWithOne(() => compactDatabase(path, progress.at));
      progress.done();
      const { executions, entries, head } = report;
      const counted = `${many(executions, 'execution')}, ${many(entries, 'audit entry')} through ${head.id}, verified`;
      const text = `${report.path}: ${bytes(report.bytesBefore)} before, ${bytes(report.bytes)} now, ${counted}`;
      writeResult(context, json, { ok: true, ...report }, text);
    });
