// `executions poll` and `executions cancel`: act on one execution, or on all that match, through the running receiver.

import type { Command } from '@commander-js/extra-typings';
import type { Execution } from '../../client/types.ts';
import type { JsonObject } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import { grouped, many } from '../../lib/figures.ts';
import type { CommandContext, Declare } from '../context.ts';
import { addExecutionFilters, executionFilter, jsonOption, maskingOf, TIME_HELP, withHelp } from '../options.ts';
import { writeResult } from '../print.ts';
import { ALL_TIMEOUT_MS, asOperator, executionPath, RECEIVER_HELP } from '../receiver.ts';
import { filterBody, requireOneOrAll } from '../selection.ts';
import { writeExecution } from './format-execution.ts';

const DONE = {
  poll: ['is due for a poll now', 'are due for a poll now'],
  cancel: ['was cancelled', 'were cancelled'],
} as const;

export const executionsPoll: Declare = (command, context) =>
  withHelp(declare('poll', command, context), {
    description: `Makes the receiver poll CXone at once for an open execution, or for all open ones that match. The
audit trail has the result a moment later, with the name of the operator.`,
    notes: `${RECEIVER_HELP}\n${TIME_HELP}`,
    exitCodes:
      '0 the polls are due, 1 the execution does not exist or cannot be polled, 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- poll order-4711',
      'npm run -s executions -- poll --all --status PENDING --action look-up-customer',
    ],
  });

export const executionsCancel: Declare = (command, context) =>
  withHelp(declare('cancel', command, context), {
    description: `Cancels an execution, or all open ones that match. An execution that was not sent yet is never sent.
One that was sent is only marked as cancelled here; CXone may still run it. Outcomes do not change. The audit trail
names the operator.`,
    notes: `${RECEIVER_HELP}\n${TIME_HELP}`,
    exitCodes: '0 done, 1 the execution does not exist or has ended, 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- cancel order-4711',
      'npm run -s executions -- cancel --all --status QUEUED --app shop',
    ],
  });

function declare(verb: 'poll' | 'cancel', command: Command, context: CommandContext) {
  return addExecutionFilters(command)
    .argument('[correlation-id]', 'one execution')
    .option('--all', 'all open executions that match the other options')
    .addOption(jsonOption)
    .action(async (correlationId, { all, json = false, ...filters }) => {
      requireOneOrAll({ noun: 'execution', one: correlationId, all, filters });
      if (correlationId !== undefined) {
        const execution = await asOperator(context)<Execution>('POST', executionPath(correlationId, verb));
        // An execution that had ended is returned with its outcome.
        return writeExecution(withoutHidden(execution, maskingOf({}, context)), json, context);
      }
      // The API requires a status.
      const body = { status: 'OPEN', ...filterBody(executionFilter(filters, context)) };
      const request = asOperator(context, ALL_TIMEOUT_MS);
      const summary = await request<Summary>('POST', `/v1/executions/${verb}`, { body });
      const counted = `${grouped(summary.done)} of ${many(summary.matched, 'open execution')} ${DONE[verb][summary.done === 1 ? 0 : 1]}`;
      writeResult(context, json, summary, counted);
    });
}

function withoutHidden(execution: Execution, { json }: Masking): Execution {
  const { result, error, lateResult } = execution;
  return { ...execution, ...(json({ result, error, lateResult } as JsonObject) as Partial<Execution>) };
}

interface Summary {
  readonly matched: number;
  readonly done: number;
}
