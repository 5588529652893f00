// `executions resubmit` and `executions reread`: submit an execution without a result again, and read kept bodies again, through the running receiver.

import type { Execution } from '../../client/types.ts';
import { CommandError, type Declare } from '../context.ts';
import { jsonOption, withHelp } from '../options.ts';
import { writeResult } from '../print.ts';
import { asOperator, executionPath, RECEIVER_HELP } from '../receiver.ts';
import { tableOf } from '../table.ts';

export const executionsResubmit: Declare = (command, context) =>
  withHelp(command, {
    description: `Submits an execution that ended without a result again, as a new execution with the same inputs and
settings, as an administrator. The old one may have run at CXone, so that the action may run twice: --may-run-twice
accepts that. The two are linked, and the audit trails name the operator. An execution is submitted again once: a
repeated call returns the new one.`,
    notes: `With --json: the new execution.\n${RECEIVER_HELP}`,
    exitCodes:
      '0 done, 1 the execution does not exist or cannot be submitted again, 2 the command could not be carried out',
    examples: ['npm run -s executions -- resubmit order-4711 --may-run-twice --reason "did not run, ticket 4711"'],
  })
    .argument('<correlation-id>', 'the ended execution')
    .option('--may-run-twice', 'accept that the old execution may have run at CXone')
    .option('--reason <text>', 'why; the audit trail keeps it')
    .addOption(jsonOption)
    .action(async (correlationId, { mayRunTwice, reason, json = false }) => {
      if (mayRunTwice === undefined) {
        throw new CommandError(
          `${correlationId} may have run at CXone and would then run twice: repeat the command with --may-run-twice to accept that.`,
        );
      }
      const path = executionPath(correlationId, 'resubmit');
      const execution = await asOperator(context)<Execution>('POST', path, { body: { mayRunTwice, reason } });
      const text = `${correlationId} is submitted again as ${execution.correlationId}, which is ${execution.status}.`;
      writeResult(context, json, execution, text);
    });

interface Reread {
  readonly items: readonly { readonly auditId: number; readonly outcome: string; readonly reason: string | null }[];
  readonly execution: Execution;
}

export const executionsReread: Declare = (command, context) =>
  withHelp(command, {
    description: `Makes the receiver read the kept bodies of an execution again, after a correction of its profile and a
restart. A status in them counts as when they arrived, and a result after the outcome is kept as late result. The audit
trail names the operator.`,
    notes: RECEIVER_HELP,
    exitCodes:
      '0 done, 1 the execution does not exist or no body could be read, 2 the command could not be carried out',
    examples: ['npm run -s executions -- reread order-4711'],
  })
    .argument('<correlation-id>', 'one execution')
    .addOption(jsonOption)
    .action(async (correlationId, { json = false }) => {
      const reread = await asOperator(context)<Reread>('POST', executionPath(correlationId, 'reread'));
      if (reread.items.every(({ outcome }) => outcome === 'unreadable')) context.exitCode = 1;
      if (json) return context.write(`${JSON.stringify(reread)}\n`);
      if (reread.items.length === 0) return context.writeError('No body of this execution is kept.\n');
      context.write(tableOf(COLUMNS, reread.items, context));
      context.write(`\n${reread.execution.correlationId} is ${reread.execution.status}\n`);
    });

const COLUMNS = [
  { name: 'ENTRY', of: ({ auditId }: Reread['items'][number]) => String(auditId), right: true },
  { name: 'OUTCOME', of: ({ outcome }: Reread['items'][number]) => outcome },
  { name: 'REASON', of: ({ reason }: Reread['items'][number]) => reason ?? '' },
];
