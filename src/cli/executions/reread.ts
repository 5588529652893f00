// `executions reread`: has kept bodies read again with the present profile, through the running receiver.

import type { Execution } from '../../client/types.ts';
import type { Declare } from '../context.ts';
import { jsonOption, withHelp } from '../options.ts';
import { asOperator, executionPath, RECEIVER_HELP } from '../receiver.ts';
import { tableOf } from '../table.ts';

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
