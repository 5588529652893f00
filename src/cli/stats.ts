// `stats`: what became of the executions of today, or of another period, per action.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { isoTime } from '../lib/time.ts';
import { type ActionSummary, createPeriodSummary } from '../stats/period-summary.ts';
import { countExecutions, WINDOW_ROWS } from '../store/sqlite/queries/id-windows.ts';
import { createStatistics } from '../store/sqlite/queries/statistics.ts';
import { type Action, readFlags } from './context.ts';
import { DATABASE_FLAG, withDatabase } from './database.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP } from './filters.ts';
import { showProgress } from './print.ts';
import { type Column, tableOf } from './table.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const FLAGS = {
  ...PERIOD_FLAGS,
  ...DATABASE_FLAG,
  action: { type: 'string' },
  app: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const stats: Action = {
  help: `Usage: npm run stats [-- --from TIME] [--to TIME] [--action NAME] [--app NAME] [--json]

What became of the executions that were submitted today (UTC), per action: how many ended how, by which way CXone's outcome
came, how many callbacks were missed, and how long it took. It reads the database, while the receiver runs or is down.

  --from, --to    submitted in this time instead
  --action NAME   of this Data Action
  --app NAME      of this app
  --json          one JSON document {"from", "to", "total", "actions"}; shares are from 0 to 1, latencies in milliseconds
  --database PATH another file than DATABASE_PATH, such as a backup

CALLBACK, POLL and SUBMIT are shares of the outcomes that CXone gave; MISSED is the share that a poll had to find, or nobody
found, of all that a callback should have brought. P50, P95 and P99 are from submission to CXone's outcome. Past 1,000
actions the rest are counted together.

${TIME_HELP}

Exit code: 0 done, 2 it could not be done.

  npm run stats
  npm run stats -- --from 7d --action look-up-customer
  npm run -s stats -- --json | jq '.actions[] | select(.shares.missed > 0.1)'
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const now = context.world.now();
    const { from = now - (now % DAY_MS), to } = readPeriod(values, context);
    const filter = { from, to, app: values.app, actionId: values.action };
    const summaries = await withDatabase(context, values.database, async (client) => {
      const progress = showProgress('counting', context, 'executions');
      const all = countExecutions(client, filter);
      const summary = createPeriodSummary();
      let counted = 0;
      for (const groups of createStatistics(client).outcomesOf(filter)) {
        for (const group of groups) summary.add(group);
        counted += WINDOW_ROWS;
        progress.at(Math.min(counted, all), all);
        await yieldToEventLoop();
      }
      progress.done();
      return summary;
    });
    const period = { from: isoTime(from), to: isoTime(to ?? now) };
    const { actions, total } = summaries.read();
    if (values.json) {
      const { actionId: _, ...all } = total;
      context.write(`${JSON.stringify({ ...period, total: all, actions })}\n`);
      return 0;
    }
    context.writeError(`Submitted from ${period.from} to ${period.to}\n`);
    context.write(tableOf(COLUMNS, actions.length > 1 ? [...actions, total] : actions, context));
    return 0;
  },
};

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
    of: ({ shares }: ActionSummary) => percent(shares[name]),
    right: true,
  })),
  ...(['p50', 'p95', 'p99'] as const).map((name) => ({
    name: name.toUpperCase(),
    of: ({ latencyMs }: ActionSummary) => latencyMs[name],
    right: true,
  })),
];

function percent(part: number | null): string | null {
  return part === null ? null : `${(100 * part).toFixed(1)}%`;
}
