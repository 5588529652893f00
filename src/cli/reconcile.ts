// `reconcile`: has the running receiver ask CXone once more about what ended without a result.

import { createClient } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { isoTime } from '../lib/time.ts';
import type { ReconcileDifference, representReconciliation } from '../usecases/reconcile/report.ts';
import { type Action, type CommandContext, CommandUsage, readFlags } from './context.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP } from './filters.ts';
import { grouped, showProgress } from './print.ts';
import { ask, asOperator, RECEIVER_HELP } from './receiver.ts';
import { type Column, tableOf } from './table.ts';

const FLAGS = {
  ...PERIOD_FLAGS,
  action: { type: 'string' },
  app: { type: 'string' },
  'no-wait': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const PATH = '/v1/reconciliations';
const LOOK_EVERY_MS = 1_000;

type Report = ReturnType<typeof representReconciliation>;

export const reconcile: Action = {
  help: `Usage: npm run reconcile -- --from TIME [--to TIME] [--action NAME] [--app NAME] [--no-wait] [--json]
       npm run reconcile -- ID [--json]

Has the receiver ask CXone once more about every execution of the time that was sent and timed out, was not found or was
cancelled, or whose answer is not known, and reports for which CXone says something else. No outcome changes: a result that
is found is kept as the late result, and the app is told. It asks when CXone is not wanted for anything else, so it may take
a while, and one runs at a time. With an ID it looks at one that runs or has ended.

  --from, --to    submitted in this time; --to is now unless said
  --action NAME   of this Data Action
  --app NAME      of this app
  --no-wait       prints the ID and does not wait; Ctrl-C while it waits does not stop it either
  --json          one JSON document, as GET ${PATH}/ID answers

${RECEIVER_HELP}
${TIME_HELP}

Exit code: 0 it ended and CXone answered for all, 1 it stopped or some could not be asked about, 2 it could not be done.

  npm run reconcile -- --from 2h
  npm run reconcile -- --from 2026-01-31 --to 2026-02-01 --action charge-card
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [id] = positionals;
    const connection = asOperator(context);
    if (id !== undefined) return show(await look(connection, id), values.json, context);
    const { from, to = context.world.now() } = readPeriod(values, context);
    if (from === undefined) throw new CommandUsage('Say from when, with --from.');
    const period = { from: isoTime(from), to: isoTime(to) };
    const { action, app } = values;
    const body = { ...period, actionId: action, app };
    const { request } = createClient(connection);
    const started = await ask(connection, () => request<Report>('POST', PATH, { body }));
    if (values['no-wait']) {
      context.write(values.json ? `${JSON.stringify(started)}\n` : `${started.id}\n`);
      return 0;
    }
    return show(await end(connection, started, context), values.json, context);
  },
};

function look(connection: Connection, id: string): Promise<Report> {
  const { request } = createClient(connection);
  return ask(connection, () => request<Report>('GET', `${PATH}/${encodeURIComponent(id)}`));
}

async function end(connection: Connection, started: Report, context: CommandContext): Promise<Report> {
  const progress = showProgress('reconciling', context, 'thousandths of the time');
  let report = started;
  while (report.status === 'RUNNING') {
    await context.world.sleep(LOOK_EVERY_MS);
    report = await look(connection, started.id);
    progress.at(Math.round(1000 * report.progress), 1000);
  }
  progress.done();
  return report;
}

function show(report: Report, json: boolean, context: CommandContext): number {
  const { status, counts } = report;
  if (json) context.write(`${JSON.stringify(report)}\n`);
  else print(report, context);
  return status === 'STOPPED' || counts.failed > 0 ? 1 : 0;
}

function print({ id, status, reason, counts, differs }: Report, context: CommandContext): void {
  context.writeError(`${id} ${status}${reason === null ? '' : `: ${reason}`}\n`);
  const rows = Object.entries(counts).map(([name, count]) => ({ name, count }));
  context.write(tableOf(COUNTS, rows, context));
  if (differs.length === 0) return;
  context.write(`\n${tableOf(DIFFERENCES, differs, context)}`);
  const { late, resolved, conflict, running, gone } = counts;
  const left = late + resolved + conflict + running + gone - differs.length;
  if (left > 0) context.writeError(`${grouped(left)} more stand in the audit trail, under "reconciliation": "${id}"\n`);
}

const MEANING: Readonly<Record<string, string>> = {
  asked: 'CXone was asked about so many',
  same: 'CXone says what is known here',
  late: 'a result was found; it is kept, and the app is told',
  resolved: 'open, and now has its outcome',
  conflict: 'CXone gives another result than the one that had come',
  running: 'CXone is still at it',
  gone: 'CXone no longer knows it',
  failed: 'no answer that can be used',
  unaskable: 'CXone never gave a name to ask by',
};

const COUNTS: readonly Column<{ readonly name: string; readonly count: number }>[] = [
  { name: 'FOUND', of: ({ name }) => name },
  { name: 'COUNT', of: ({ count }) => count, right: true },
  { name: 'MEANING', of: ({ name }) => MEANING[name] ?? '' },
];

const DIFFERENCES: readonly Column<ReconcileDifference>[] = [
  { name: 'EXECUTION', of: ({ correlationId }) => correlationId },
  { name: 'HERE', of: ({ status }) => status },
  { name: 'FOUND', of: ({ finding }) => finding },
  { name: 'AT CXONE', of: ({ found }) => found },
];
