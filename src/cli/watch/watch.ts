// `watch`: a live overview of the receiver in the terminal, from its database.

import { readVariable } from '../../config/config.ts';
import type { CommandContext, Declare } from '../context.ts';
import { withDatabase } from '../database.ts';
import { databaseOption, wholeNumber, withHelp } from '../options.ts';
import { readPollInterval } from '../poll-interval.ts';
import { showProgress } from '../print.ts';
import { textOf } from './show.ts';
import { createSnapshots, type Snapshot } from './snapshot.ts';

const MAX_INTERVAL_SECONDS = 3_600;

export const watch: Declare = (command, context) =>
  withHelp(command, {
    description: `Shows alerts, the queue, the executions at CXone, outcomes per minute and notifications, and refreshes
them. On a terminal they stay in place; elsewhere each refresh is printed below the one before. Reads the database,
while the receiver runs or is down. Ctrl-C ends it.`,
    notes: `Incidents that last come first, as in the command incidents: a critical one is an alert (fail). An alert is also: no receiver
wrote into the file for 45 s, or more callbacks of an action are missing in the current or last hour than in the 7 days before,
as in health. A warning (warn) is: sending that an administrator has paused; a queue that is 80 % full; 10 % or more of the
outcomes of 5 min are TIMEOUT; failed requests to CXone; a notification that is overdue by a minute, or was given up; a clock
that was set back.

With --json: {"at", "alerts", "queue", "atCxone", "rates", "notifications"}; rates are per minute, of the last
minute and the last 5; shares are from 0 to 1, durations in milliseconds.`,
    exitCodes:
      '0 ended by Ctrl-C, SIGTERM or its reader; 1 with --once: there is an alert; 2 the command could not be carried out',
    examples: [
      'npm run -s watch',
      'npm run -s watch -- --once',
      "npm run -s watch -- --json --interval 60 | jq '.rates[0].ended'",
    ],
  })
    .option('--interval <seconds>', 'time between two refreshes', wholeNumber(1, MAX_INTERVAL_SECONDS), 2)
    .option('--once', 'print one overview and end')
    .option('--json', 'print one JSON document per refresh and line (NDJSON)')
    .addOption(databaseOption)
    .action(async ({ interval, once = false, json = false, database }) => {
      const variables = context.env();
      const { callbackless } = readPollInterval(variables);
      const expected = { queueCapacity: readVariable(variables, 'QUEUE_CAPACITY'), callbackless };
      const stop = context.interrupted();
      const show = createShow(json, once, context);
      const { world } = context;
      await withDatabase(context, database, async (reader) => {
        const read = createSnapshots(reader, world.now(), expected);
        const progress = showProgress('reading', context);
        while (!stop.aborted) {
          const snapshot = await read(world.now(), progress.at);
          progress.done();
          await show(snapshot);
          if (once) {
            if (snapshot.alerts.some(({ level }) => level === 'fail')) context.exitCode = 1;
            return;
          }
          await world.sleep(1000 * interval, stop);
        }
      });
    });

/** Returns a function that prints a reading; on a terminal over the one before. */
function createShow(json: boolean, once: boolean, context: CommandContext): (snapshot: Snapshot) => Promise<void> {
  let isFirst = true;
  return async (snapshot) => {
    if (json) return context.writeStream(`${JSON.stringify(snapshot)}\n`);
    const text = textOf(snapshot, context);
    const gap = isFirst ? '' : '\n';
    const isInPlace = context.terminal.out && !once;
    const home = isFirst ? '\x1b[2J\x1b[H' : '\x1b[H';
    isFirst = false;
    // Each line erases the rest of the longer one before it, and the last one what is below: nothing flickers.
    await context.writeStream(isInPlace ? `${home}${text.replaceAll('\n', '\x1b[K\n')}\x1b[J` : `${gap}${text}`);
  };
}
