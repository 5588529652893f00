// `health`: whether callbacks come, per action and hour, and since when they do not.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { createChannelCounts, HOUR_MS } from '../stats/callback-health/channels.ts';
import { BASELINE_MS, type Health, type HealthHour, healthOf, percent } from '../stats/callback-health/health.ts';
import { observeAll } from '../stats/observe-all.ts';
import { formatMs } from '../stats/timing-advice/advice.ts';
import { createObservations } from '../store/sqlite/queries/observations.ts';
import { type Action, type CommandContext, CommandUsage, readFlags } from './context.ts';
import { DATABASE_FLAG, withDatabase } from './database.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP } from './filters.ts';
import { readPace } from './poll-interval.ts';
import { printLines, showProgress } from './print.ts';
import { type Column, tableOf } from './table.ts';

const FLAGS = {
  ...PERIOD_FLAGS,
  ...DATABASE_FLAG,
  action: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const DAY_MS = 24 * HOUR_MS;

/** What was sent before the period may have ended in it: the longest grace and window, and a while in the queue. */
const LONGEST_MS = DAY_MS + HOUR_MS;

export const health: Action = {
  help: `Usage: npm run health [-- --from TIME] [--to TIME] [--action NAME] [--json]

Which way outcomes came in the last 24 hours, per action and hour: by callback, by poll, with the submit answer, or not in
time; how many callbacks were missed; and by how much callbacks came after polls where both told an outcome. An hour in which
more callbacks are missing than the action was used to in the 7 days before gets a line of its own, and the exit code is 1.
It reads the database, while the receiver runs or is down.

  --from, --to    ended in this time instead
  --action NAME   of this Data Action
  --json          one JSON document {"from", "to", "hours", "alerts"}; shares are from 0 to 1, skews in milliseconds
  --database PATH another file than DATABASE_PATH, such as a backup

MISSED: no callback had come when a poll, or nothing, ended it. LATER: of those, how many were called back afterwards. SKEW:
callback minus poll, median and 95th percentile, of the first 500 of the hour.

An hour is an alert when it has at least 20 outcomes, so many missing would come up in less than one of 1,000 hours if nothing
had changed, and the share is 5 points more than in the 7 days before. An action with fewer than 100 outcomes in those days
is held against one half. Where the upstream profile asks for no callbacks, none is missed, and there is no alert.

${TIME_HELP}

Exit code: 0 all is as it was, 1 there is an alert, 2 it could not be done.

  npm run health
  npm run health -- --from 3d --action look-up-customer
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const now = context.world.now();
    const { to = now, from = to - DAY_MS } = readPeriod(values, context);
    if (from >= to) throw new CommandUsage('--to must be later than --from');
    const { callbackless } = readPace(context.env());
    const found = await withDatabase(context, values.database, async (client) => {
      const book = createChannelCounts();
      const progress = showProgress('reading', context, 'thousandths of the time');
      const wanted = { from: from - BASELINE_MS - LONGEST_MS, to, ...ofAction(values.action) };
      await observeAll(createObservations(client), wanted, book.add, async (done) => {
        progress.at(Math.round(1000 * done), 1000);
        await yieldToEventLoop();
      });
      progress.done();
      return healthOf(book.all(), from, to, { callbackless });
    });
    show(found, values.json, callbackless ? 'are not asked for by the upstream profile' : AS_EVER, context);
    return found.alerts.length > 0 ? 1 : 0;
  },
};

function ofAction(actionId: string | undefined): { readonly actionId?: string } {
  return actionId === undefined ? {} : { actionId };
}

const AS_EVER = 'come as they did in the 7 days before';

function show(found: Health, json: boolean, wellness: string, context: CommandContext): void {
  if (json) {
    context.write(`${JSON.stringify(found)}\n`);
    return;
  }
  context.writeError(`Ended from ${found.from} to ${found.to}\n`);
  context.write(tableOf(COLUMNS, found.hours, context));
  const alerts = found.alerts.map(({ message }) => ({ name: 'alert', level: 'fail', message }) as const);
  const well = { name: 'callbacks', level: 'ok', message: wellness } as const;
  printLines(alerts.length === 0 ? [well] : alerts, context);
}

const COLUMNS: readonly Column<HealthHour>[] = [
  { name: 'HOUR', of: ({ hour }) => hour.slice(0, 16).replace('T', ' ') },
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'CALLBACK', of: ({ byCallback }) => byCallback, right: true },
  { name: 'POLL', of: ({ byPoll }) => byPoll, right: true },
  { name: 'SUBMIT', of: ({ bySubmit }) => bySubmit, right: true },
  { name: 'TIMEOUT', of: ({ timedOut }) => timedOut, right: true },
  { name: 'MISSED', of: missed, right: true },
  { name: 'LATER', of: ({ calledBackLater }) => calledBackLater, right: true },
  { name: 'SKEW P50', of: ({ skewMs }) => seconds(skewMs?.p50), right: true },
  { name: 'P95', of: ({ skewMs }) => seconds(skewMs?.p95), right: true },
  { name: '', of: ({ verdict }) => (verdict === 'risen' || verdict === 'missing' ? 'ALERT' : ' ') },
];

function missed({ missed: count, byCallback, byPoll, timedOut }: HealthHour): string {
  return percent(count, byCallback + byPoll + timedOut);
}

function seconds(ms: number | undefined): string | null {
  if (ms === undefined) return null;
  return `${ms < 0 ? '-' : '+'}${formatMs(Math.abs(ms))}`;
}
