// `demo`: the options of the demo.

import { runDemo } from '../demo/command.ts';
import type { Declare } from './context.ts';
import { helpEnd } from './options.ts';

export const demo: Declare = (command, context) =>
  command
    .description(
      `Runs the CXone simulator and the receiver on loopback ports and lets every fate happen to an execution. The database is
data/demo.db in the working directory.`,
    )
    .option('--serve', 'keep both running afterwards; prints addresses to open, an operator key and curl lines')
    .option('--seed <text>', 'the same seed gives the same run times and ids at the simulator', 'demo')
    .addHelpText(
      'after',
      helpEnd('', '0 every execution ended as its fate says and its app was notified once, 1 one did not', [
        'npm run -s demo',
        'npm run -s demo -- --serve',
      ]),
    )
    .action(async ({ serve = false, seed }) => {
      if (!(await runDemo({ serve, seed }))) context.exitCode = 1;
    });
