// `backup <path>`: copies the database while the receiver runs, and verifies the copy.

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readVariable } from '../config/config.ts';
import { grouped, many } from '../lib/figures.ts';
import { fileTimestamp } from '../lib/time.ts';
import { BackupFailed, backUp } from '../store/sqlite/file/backup.ts';
import { CommandError, type Declare } from './context.ts';
import { databaseFile } from './database.ts';
import { jsonOption, withHelp } from './options.ts';
import { bytes, showProgress, writeResult } from './print.ts';

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
    .action((place, { json }) => {
      const source = databaseFile(context, 'back it up with pg_dump, or with base backups and WAL archiving');
      const mode = readVariable(context.env(), 'DATABASE_MODE');
      const begun = performance.now();
      const progress = showProgress('verifying the copy', context);
      const report = failsWithOne(() =>
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
export function failsWithOne<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof BackupFailed ? new CommandError(error.message, 1) : error;
  }
}

function targetIn(place: string, source: string, now: number): string {
  if (!existsSync(place) || !statSync(place).isDirectory()) return place;
  return join(place, `${basename(source, extname(source))}-${fileTimestamp(now)}.db`);
}
