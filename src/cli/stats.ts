// `stats`: counts the outcomes of the executions of a period, per action.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { formatDuration, percent } from '../lib/figures.ts';
import { DAY_MS, isoTime } from '../lib/time.ts';
import type { ActionSummary } from '../stats/period-summary.ts';
import { MAX_READ, summarizePeriod } from '../stats/summarize-period.ts';
import { OUTCOMES_BATCH, type SubmittedPeriod } from '../store/statistics-port.ts';
import type { Declare } from './context.ts';
import { withDatabase } from './database.ts';
import {
  actionOption,
  addPeriod,
  appOption,
  databaseOption,
  jsonOption,
  readPeriod,
  refuseReversed,
  TIME_HELP,
  withHelp,
} from './options.ts';
import { showProgress } from './print.ts';
import { type Column, tableOf } from './table.ts';

export const stats: Declare = (command, context) =>
  withHelp(addPeriod(command, 'submitted'), {
    description: `Counts the outcomes of the executions that were submitted today (UTC), per action: statuses, the
channel on which CXone's outcome arrived, missed callbacks, and latencies. Reads the database, while the receiver runs
or is down.`,
    notes: `CALLBACK, POLL and SUBMIT are shares of the outcomes from CXone. MISSED is the share of expected callbacks that did not
arrive before a poll or the deadline. P50, P95 and P99 are from submission to CXone's outcome; in a period with more than
${MAX_READ.toLocaleString('en')} executions they are rounded by at most 2.5 %. After 1,000 actions the rest is counted together.

With --json: {"from", "to", "total", "actions"}; shares are from 0 to 1, latencies in milliseconds.
${TIME_HELP}`,
    exitCodes: '0 done, 2 the command could not be carried out',
    examples: [
      'npm run -s stats',
      'npm run -s stats -- --from 7d --action look-up-customer',
      "npm run -s stats -- --json | jq '.actions[] | select(.shares.missed > 0.1)'",
    ],
  })
    .addOption(actionOption)
    .addOption(appOption)
    .addOption(jsonOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const now = context.world.now();
      const { from = now - (now % DAY_MS), to } = readPeriod(options, context);
      refuseReversed(options, { from, to: to ?? now });
      const filter = { from, to, app: options.app, actionId: options.action };
      const summaries = await withDatabase(context, options.database, async (store) => {
        const progress = showProgress('counting', context, 'executions');
        const counted = { period: {}, done: 0, all: 0 };
        const pause = async (period: SubmittedPeriod) => {
          if (counted.period !== period)
            Object.assign(counted, { period, done: 0, all: await store.countExecutions(period) });
          counted.done += OUTCOMES_BATCH;
          progress.at(Math.min(counted.done, counted.all), counted.all);
          await yieldToEventLoop();
        };
        const summary = await summarizePeriod({ store, pause }, filter);
        progress.done();
        return summary;
      });
      const period = { from: isoTime(from), to: isoTime(to ?? now) };
      const { actions, total } = summaries.read();
      if (options.json) {
        const { actionId: _, ...all } = total;
        context.write(`${JSON.stringify({ ...period, total: all, actions })}\n`);
        return;
      }
      context.writeError(`Submitted from ${period.from} to ${period.to}\n`);
      context.write(tableOf(COLUMNS, actions.length > 1 ? [...actions, total] : actions, context));
    });

const COLUMNS: readonly Column<ActionSummary>[] = [
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'ACCEPTED', of: ({ accepted }) => accepted, right: true },
  { name: 'OPEN', of: ({ open }) => open, right: true },
  ...(['COMPLETED', 'FAILED', 'REJECTED', 'NOT_FOUND', 'TIMEOUT', 'CANCELLED'] as const).map((status) => ({
    name: status,
    of: ({ ended }: ActionSummary) => ended[status] ?? 0,
    right: true,
  })),
  { name: 'LATE', of: ({ late }) => late, right: true },
  ...(['callback', 'poll', 'submit', 'missed'] as const).map((name) => ({
    name: name.toUpperCase(),
    of: ({ shares }: ActionSummary) => shareOf(shares[name]),
    right: true,
  })),
  ...(['p50', 'p95', 'p99'] as const).map((name) => ({
    name: name.toUpperCase(),
    of: ({ latencyMs }: ActionSummary) => durationOf(latencyMs[name]),
    right: true,
  })),
];

function shareOf(share: number | null): string | null {
  return share === null ? null : percent(share, 1);
}

function durationOf(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}
