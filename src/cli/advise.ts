// `advise`: which grace period and polling window fit each action, and what they would save and cost.

import { yieldToEventLoop } from '../lib/event-loop.ts';
import { isoTime } from '../lib/time.ts';
import { BASELINE_MS } from '../stats/callback-health/health.ts';
import { type Advice, formatMs } from '../stats/timing-advice/advice.ts';
import { adviseAll } from '../stats/timing-advice/advise.ts';
import { createObservations } from '../store/sqlite/queries/observations.ts';
import { type Action, type CommandContext, CommandError, CommandUsage, readFlags } from './context.ts';
import { DATABASE_FLAG, withDatabase } from './database.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP } from './filters.ts';
import { readPace } from './poll-interval.ts';
import { showProgress } from './print.ts';
import { type Column, clean, tableOf } from './table.ts';

const FLAGS = {
  ...PERIOD_FLAGS,
  ...DATABASE_FLAG,
  action: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const advise: Action = {
  help: `Usage: npm run advise [-- --action NAME] [--from TIME] [--to TIME] [--json]

Which graceSeconds and timeoutSeconds fit each Data Action, from how its executions of the last 7 days went, and what they
would save and cost against what is used now. It reads the database, while the receiver runs or is down.

  --action NAME   of this Data Action
  --from, --to    submitted in this time instead
  --json          one JSON document {"from", "to", "pollIntervalSeconds", "actions"}; costs are for 1,000 executions
  --database PATH another file than DATABASE_PATH, such as a backup

How long CXone takes is estimated from callbacks, with what nobody saw the end of (time-outs, cancelled, open) counted as
lasting at least that long (Kaplan-Meier); when a poll found it, it was done since the poll before, as the callbacks make
likely. Each candidate is then replayed through the polling schedule, with POLL_INTERVAL_SECONDS as it is set, or what the
upstream profile allows. A poll counts as much as knowing a result one such interval earlier. Callbacks that never come are
reckoned with at the upper end of what their share may be. At most 2,000 executions of an action are looked at, drawn by
chance. Where the upstream profile asks for no callbacks, nothing is advised.

POLLS and LAG (mean, from done at CXone to known here) are of 1,000 executions: now, and as advised. CONFIDENCE is none under
30 results, low under 200, fair under 1,000, else good; one step lower where more than 10 % is in the dark.

${TIME_HELP}

Exit code: 0 done, 1 there is no such action in this time, 2 it could not be done.

  npm run advise
  npm run advise -- --action look-up-customer --from 30d
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const { world } = context;
    const { to = world.now(), from = to - BASELINE_MS } = readPeriod(values, context);
    if (from >= to) throw new CommandUsage('--to must be later than --from');
    const { pollIntervalMs, callbackless } = readPace(context.env());
    const actions = await withDatabase(context, values.database, async (client) => {
      const progress = showProgress('reading', context, 'thousandths of the time');
      const pause = async (done: number) => {
        progress.at(Math.round(1000 * done), 1000);
        await yieldToEventLoop();
      };
      const tools = {
        store: createObservations(client),
        intervalMs: pollIntervalMs,
        random: world.random,
        pause,
      };
      const wanted = { from, to, ...(values.action === undefined ? {} : { actionId: values.action }) };
      const all = await adviseAll(tools, wanted);
      progress.done();
      return all;
    });
    if (values.action !== undefined && actions.length === 0) {
      throw new CommandError(`Nothing of "${values.action}" was sent in this time.`, 1);
    }
    const period = { from: isoTime(from), to: isoTime(to) };
    const advised = callbackless ? [] : actions;
    const pollIntervalSeconds = pollIntervalMs / 1000;
    if (callbackless) context.writeError(CALLBACKLESS);
    if (values.json) context.write(`${JSON.stringify({ ...period, pollIntervalSeconds, actions: advised })}\n`);
    else show(advised, period, context);
    return 0;
  },
};

const CALLBACKLESS = 'The upstream profile asks for no callbacks: no grace period fits better than another.\n';

function show(actions: readonly Advice[], period: { from: string; to: string }, context: CommandContext): void {
  context.writeError(`Submitted from ${period.from} to ${period.to}\n`);
  context.write(tableOf(COLUMNS, actions, context));
  for (const { actionId, words } of actions) context.write(`\n${clean(actionId)}: ${words.join('; ')}.\n`);
}

const COLUMNS: readonly Column<Advice>[] = [
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'SENT', of: ({ executions }) => executions, right: true },
  { name: 'LOST', of: ({ lost }) => `${(100 * lost.share).toFixed(1)}%`, right: true },
  { name: 'P50', of: ({ durationMs }) => duration(durationMs.p50), right: true },
  { name: 'P95', of: ({ durationMs }) => duration(durationMs.p95), right: true },
  { name: 'GRACE', of: ({ current, advised }) => change(current.graceSeconds, advised?.graceSeconds), right: true },
  {
    name: 'WINDOW',
    of: ({ current, advised }) => change(current.timeoutSeconds, advised?.timeoutSeconds),
    right: true,
  },
  { name: 'POLLS', of: ({ current, advised }) => change(current.cost.polls, advised?.cost.polls), right: true },
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

function change(now: number, then: number | undefined): string {
  const [one, other] = [now, then].map((value) => (value === undefined ? null : Math.round(value)));
  return other === null || one === other ? `${one}` : `${one} → ${other}`;
}
