// `compact`: gives the free space in the database back to the disk, while no receiver runs.

import { readVariable } from '../config/config.ts';
import { compact as compactDatabase } from '../store/sqlite/file/compact.ts';
import { failed } from './backup.ts';
import { type Command, readFlags } from './context.ts';
import { bytes, grouped, showProgress } from './print.ts';

export const compact: Command = {
  help: `Usage: npm run compact -- [--json]

Makes the database at DATABASE_PATH as small as what is in it. Stop the receiver first; the disk needs room for a copy. The
copy is examined as a backup is (integrity, tables and triggers, hash chain, rows, conservation) and takes the file's place
in one step: whenever it is interrupted, the database is the one file or the other.

Needed once, for a database made by a version before 0.2: from then on the receiver itself gives back what pruning frees.

Exit code: 0 done, 1 not done and nothing changed, 2 refused.

  systemctl stop cxone-callback-receiver
  npm run compact && systemctl start cxone-callback-receiver
`,
  run: async (args, context) => {
    const { values } = readFlags(args, { json: { type: 'boolean', default: false } }, 0);
    const path = readVariable(context.env(), 'DATABASE_PATH');
    const progress = showProgress('verifying the copy', context);
    try {
      const report = compactDatabase(path, progress.at);
      progress.done();
      context.write(
        values.json
          ? `${JSON.stringify({ ok: true, ...report })}\n`
          : `${report.path}: ${bytes(report.bytesBefore)} before, ${bytes(report.bytes)} now, ${grouped(report.executions)} executions, ${grouped(report.entries)} audit entries through ${report.head.id}, verified\n`,
      );
      return 0;
    } catch (error) {
      return failed(error, context);
    }
  },
};
