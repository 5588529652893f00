// `executions …`: submits, shows and repairs executions.

import { importExports } from '../audit/import.ts';
import type { Declare } from '../context.ts';
import { withHelp } from '../options.ts';
import { executionsErase, executionsHold, executionsRelease } from './erase.ts';
import { executionsExport } from './export.ts';
import { executionsList } from './list.ts';
import { executionsCancel, executionsPoll } from './poll-and-cancel.ts';
import { executionsReread, executionsResubmit } from './repair.ts';
import { executionsShow } from './show.ts';
import { executionsSubmit } from './submit.ts';

export const executions: Declare = (command, context) => {
  withHelp(command, {
    description: `Submits, shows and repairs executions. list, show and export only read the database, while the
receiver runs or is down. submit, poll, reread, cancel, resubmit, erase, hold and release call the running receiver.`,
    exitCodes: '0 done, 1 the execution does not exist or the receiver refused, 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- list --status UNCONFIRMED --from 2h',
      'npm run -s executions -- show order-4711',
      'npm run -s executions -- export --from 7d --out week.csv',
    ],
  });
  executionsList(command.command('list').summary('print the newest executions that match'), context);
  executionsShow(command.command('show').summary('print one execution with its audit entries'), context);
  executionsExport(command.command('export').summary('write executions as CSV or NDJSON'), context);
  importExports(command.command('import').summary('make a database from exports, for inspection'), context);
  executionsSubmit(command.command('submit').summary('submit a new execution, as an app'), context);
  executionsPoll(command.command('poll').summary('poll CXone now for one execution, or all that match'), context);
  executionsReread(command.command('reread').summary('read the kept bodies of one execution again'), context);
  executionsCancel(command.command('cancel').summary('cancel one execution, or all that match'), context);
  executionsResubmit(command.command('resubmit').summary('submit one ended execution again'), context);
  executionsErase(command.command('erase').summary('erase the content of one execution, or all that match'), context);
  executionsHold(command.command('hold').summary('exempt one execution from pruning and erasure'), context);
  executionsRelease(command.command('release').summary('end such an exemption'), context);
};
