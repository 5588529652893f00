// `advise`: suggests a grace period and polling window for each action, with the effect on polls and latency.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { grouped, percent } from '../lib/figures.ts';
import { isoTime } from '../lib/time.ts';
import { BASELINE_MS } from '../stats/callback-health/health.ts';
import { type Advice, formatMs } from '../stats/timing-advice/advice.ts';
import { adviseAll } from '../stats/timing-advice/advise.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { withDatabase } from './database.ts';
import {
  actionOption,
  addPeriod,
  databaseOption,
  jsonOption,
  readClosedPeriod,
  TIME_HELP,
  withHelp,
} from './options.ts';
import { readPollInterval } from './poll-interval.ts';
import { showFraction } from './print.ts';
import { type Column, clean, tableOf } from './table.ts';

export const advise: Declare = (command, context) =>
  withHelp(addPeriod(command, 'submitted'), {
    description: `Suggests graceSeconds and timeoutSeconds for each Data Action from its executions of the last 7 days,
with the savings and costs against the present values. Reads the database, while the receiver runs or is down.`,
    notes: `The duration at CXone is estimated from callbacks; an execution without an observed end (timed out, cancelled, open)
counts as lasting at least that long (Kaplan-Meier). If a poll found the outcome, the execution ended since the poll before,
at a time that the callbacks make likely. Each candidate is replayed through the polling schedule, with
POLL_INTERVAL_SECONDS as configured, or as the upstream profile allows. A poll costs as much as knowing a result one such
interval later. Lost callbacks count with the upper end of their likely share. At most 2,000 executions of an action are
used, drawn at random. If the upstream profile does not request callbacks, there is no advice.

POLLS/1000 is polls for 1,000 executions, and LAG the mean time from the end at CXone to the receiver: present, and as advised. CONFIDENCE is
none under 30 results, low under 200, fair under 1,000, else good; one step lower if more than 10 % have no observed end.

With --json: {"from", "to", "pollIntervalSeconds", "actions"}; costs are for 1,000 executions.
${TIME_HELP}`,
    exitCodes: '0 done, 1 the action was not sent in this time, 2 the command could not be carried out',
    examples: ['npm run -s advise', 'npm run -s advise -- --action look-up-customer --from 30d'],
  })
    .addOption(actionOption)
    .addOption(jsonOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const { action, json } = options;
      const { from, to } = readClosedPeriod(options, BASELINE_MS, context);
      const { pollIntervalMs, callbackless } = readPollInterval(context.env());
      const actions = await withDatabase(context, options.database, async (store) => {
        const progress = showFraction('reading', context);
        const pause = async (done: number) => {
          progress.at(done);
          await yieldToEventLoop();
        };
        const { random } = context.world;
        const tools = { store, intervalMs: pollIntervalMs, random, pause };
        const all = await adviseAll(tools, { from, to, ...(action !== undefined && { actionId: action }) });
        progress.done();
        return all;
      });
      if (action !== undefined && actions.length === 0) {
        throw new CommandError(`No execution of "${action}" was sent in this time.`, 1);
      }
      const period = { from: isoTime(from), to: isoTime(to) };
      const advised = callbackless ? [] : actions;
      const pollIntervalSeconds = pollIntervalMs / 1000;
      if (callbackless) context.writeError('The upstream profile does not request callbacks: no advice.\n');
      if (json) context.write(`${JSON.stringify({ ...period, pollIntervalSeconds, actions: advised })}\n`);
      else show(advised, period, context);
    });

function show(actions: readonly Advice[], period: { from: string; to: string }, context: CommandContext): void {
  context.writeError(`Submitted from ${period.from} to ${period.to}\n`);
  context.write(tableOf(COLUMNS, actions, context));
  for (const { actionId, words } of actions) context.write(`\n${clean(actionId)}: ${words.join('; ')}.\n`);
}

const COLUMNS: readonly Column<Advice>[] = [
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'SENT', of: ({ executions }) => executions, right: true },
  { name: 'LOST', of: ({ lost }) => percent(lost.share, 1), right: true },
  { name: 'P50', of: ({ durationMs }) => duration(durationMs.p50), right: true },
  { name: 'P95', of: ({ durationMs }) => duration(durationMs.p95), right: true },
  {
    name: 'GRACE',
    of: ({ current, advised }) => change(current.graceSeconds, advised?.graceSeconds, ' s'),
    right: true,
  },
  {
    name: 'WINDOW',
    of: ({ current, advised }) => change(current.timeoutSeconds, advised?.timeoutSeconds, ' s'),
    right: true,
  },
  { name: 'POLLS/1000', of: ({ current, advised }) => change(current.cost.polls, advised?.cost.polls), right: true },
  {
    name: 'LAG',
    of: ({ current, advised }) =>
      `${formatMs(current.cost.lagMeanMs)}${advised === null ? '' : ` → ${formatMs(advised.cost.lagMeanMs)}`}`,
    right: true,
  },
  { name: 'CONFIDENCE', of: ({ confidence }) => confidence },
];

function duration(ms: number | null): string {
  return ms === null ? '?' : formatMs(ms);
}

function change(now: number, then: number | undefined, unit = ''): string {
  const [before, after] = [Math.round(now), then === undefined ? null : Math.round(then)];
  const shown = (count: number) => `${grouped(count)}${unit}`;
  return after === null || before === after ? shown(before) : `${shown(before)} → ${shown(after)}`;
}
