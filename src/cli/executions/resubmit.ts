// `executions resubmit`: submits an execution that ended without a result again, through the running receiver.

import type { Execution } from '../../client/types.ts';
import { CommandError, type Declare } from '../context.ts';
import { jsonOption, withHelp } from '../options.ts';
import { writeResult } from '../print.ts';
import { asOperator, executionPath, RECEIVER_HELP } from '../receiver.ts';

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
