// `backup PATH`: a sound copy of the database, made while the receiver runs.

import { existsSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { readVariable } from '../config/config.ts';
import { fileTimestamp } from '../lib/time.ts';
import { systemWorld } from '../lib/world.ts';
import { BackupFailed, backUp } from '../store/sqlite/file/backup.ts';
import { type Command, type CommandContext, CommandUsage, readFlags } from './context.ts';
import { bytes, grouped, showProgress } from './print.ts';

export const backup: Command = {
  help: `Usage: npm run backup -- PATH [--json]

Copies the database at DATABASE_PATH to PATH while the receiver runs: one consistent snapshot, in a single file that only
its owner may read. The copy is opened again and examined (integrity, tables and triggers, hash chain, rows against their
trails, conservation) before it gets its name; nothing is ever overwritten. If PATH is a folder, the file in it is named
by the moment. The copy holds what apps sent and got: keep it as safe as the database, and off this machine.

Exit code: 0 done, 1 no backup was made (or it is not sound: it is then kept as PATH.unsound), 2 refused.

  npm run backup -- /backups
  npm run backup -- /backups/before-upgrade.db
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, { json: { type: 'boolean', default: false } }, 1);
    const [place] = positionals;
    if (place === undefined) throw new CommandUsage('Say where to.');
    const source = readVariable(context.env(), 'DATABASE_PATH');
    const begun = performance.now();
    const progress = showProgress('verifying the copy', context);
    try {
      const report = backUp(source, targetIn(place, source), progress.at);
      progress.done();
      const took = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
      const { path, executions, open, entries, head } = report;
      context.write(
        values.json
          ? `${JSON.stringify({ ok: true, source, ...report })}\n`
          : `${path}: ${bytes(report.bytes)}, ${grouped(executions)} executions (${grouped(open)} open), ${grouped(entries)} audit entries through ${head.id}, verified, in ${took}\n`,
      );
      return 0;
    } catch (error) {
      return failed(error, context);
    }
  },
};

/** @throws what is no failure to copy. */
export function failed(error: unknown, { writeError }: Pick<CommandContext, 'writeError'>): number {
  if (!(error instanceof BackupFailed)) throw error;
  writeError(`${error.message}\n`);
  return 1;
}

function targetIn(place: string, source: string): string {
  if (!existsSync(place) || !statSync(place).isDirectory()) return place;
  const moment = fileTimestamp(systemWorld.now());
  return join(place, `${basename(source, extname(source))}-${moment}.db`);
}
