// `reconcile`: makes the running receiver poll CXone again for executions that ended without a result.

import type { Client } from '../client/client.ts';
import { grouped } from '../lib/figures.ts';
import { isoTime } from '../lib/time.ts';
import type { ReconcileDifference, representReconciliation } from '../usecases/reconcile/report.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { actionOption, addPeriod, appOption, jsonOption, readPeriod, TIME_HELP, withHelp } from './options.ts';
import { showFraction, writeResult } from './print.ts';
import { asOperator, RECEIVER_HELP } from './receiver.ts';
import { type Column, tableOf } from './table.ts';

const PATH = '/v1/reconciliations';
const POLL_INTERVAL_MS = 1_000;

type Report = ReturnType<typeof representReconciliation>;

export const reconcile: Declare = (command, context) =>
  withHelp(addPeriod(command, 'submitted'), {
    description: `Makes the receiver poll CXone once more for every execution of the period that timed out, was not
found or was cancelled after it was sent, or whose response is unknown, and reports those for which CXone has another
status. No outcome changes: a result that is found is stored as the late result, and the app is notified. The receiver
uses spare capacity only, so it may take a while; one reconciliation runs at a time.`,
    notes: `With --json: the response of GET ${PATH}/ID.\n${RECEIVER_HELP}\n${TIME_HELP}`,
    exitCodes:
      '0 CXone answered for all executions, 1 it stopped or some could not be polled, 2 it was not carried out',
    examples: [
      'npm run -s reconcile -- --from 2h',
      'npm run -s reconcile -- --from 2026-01-31 --to 2026-02-01 --action charge-card',
    ],
  })
    .argument('[id]', 'shows this reconciliation instead, running or ended')
    .addOption(actionOption)
    .addOption(appOption)
    .option('--no-wait', 'print the id and do not wait (Ctrl-C does not stop the reconciliation either)')
    .addOption(jsonOption)
    .action(async (id, options) => {
      const { action, app, json = false } = options;
      const request = asOperator(context);
      if (id !== undefined) return show(await read(request, id), json, context);
      const { from, to = context.world.now() } = readPeriod(options, context);
      if (from === undefined) throw new CommandError('Set the start of the period with --from.');
      const period = { from: isoTime(from), to: isoTime(to) };
      const body = { ...period, actionId: action, app };
      const started = await request<Report>('POST', PATH, { body });
      if (options.wait) return show(await waitForEnd(request, started, context), json, context);
      writeResult(context, json, started, started.id);
    });

function read(request: Client['request'], id: string): Promise<Report> {
  return request<Report>('GET', `${PATH}/${encodeURIComponent(id)}`);
}

async function waitForEnd(request: Client['request'], started: Report, context: CommandContext): Promise<Report> {
  const progress = showFraction('reconciling', context);
  let report = started;
  while (report.status === 'RUNNING') {
    await context.world.sleep(POLL_INTERVAL_MS);
    report = await read(request, started.id);
    progress.at(report.progress);
  }
  progress.done();
  return report;
}

function show(report: Report, json: boolean, context: CommandContext): void {
  const { status, counts } = report;
  if (json) context.write(`${JSON.stringify(report)}\n`);
  else print(report, context);
  if (status === 'STOPPED' || counts.failed > 0) context.exitCode = 1;
}

function print({ id, status, reason, counts, differs }: Report, context: CommandContext): void {
  context.writeError(`${id} ${status}${reason === null ? '' : `: ${reason}`}\n`);
  const rows = Object.entries(counts).map(([name, count]) => ({ name, count }));
  context.write(tableOf(COUNTS, rows, context));
  if (differs.length === 0) return;
  context.write(`\n${tableOf(DIFFERENCES, differs, context)}`);
  const { late, resolved, conflict, running, gone } = counts;
  const left = late + resolved + conflict + running + gone - differs.length;
  if (left > 0) context.writeError(`${grouped(left)} more are in the audit trail, under "reconciliation": "${id}"\n`);
}

const MEANING: Readonly<Record<string, string>> = {
  asked: 'polled at CXone',
  same: 'CXone has the same outcome',
  late: 'a result was found and stored; the app is notified',
  resolved: 'was open and now has its outcome',
  conflict: 'CXone has another result than the receiver',
  running: 'still running at CXone',
  gone: 'CXone no longer knows it',
  failed: 'no usable response',
  unaskable: 'CXone never returned an id to poll',
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
