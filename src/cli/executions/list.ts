// `executions list`: prints the newest executions that match.

import { type Execution, totalLatencyMs } from '../../execution/execution.ts';
import { representExecution } from '../../execution/representation.ts';
import { isoTime } from '../../lib/time.ts';
import { CommandError, type Declare } from '../context.ts';
import { firstOf, withDatabase } from '../database.ts';
import {
  addEndedFilters,
  databaseOption,
  executionFilter,
  jsonOption,
  limitOption,
  maskingOf,
  revealOption,
  sortOption,
  TIME_HELP,
  withHelp,
} from '../options.ts';
import { type Column, tableOf } from '../table.ts';

const MAX_EXECUTIONS = 1_000;

const COLUMNS: readonly Column<Execution>[] = [
  { name: 'SUBMITTED', of: ({ submittedAt }) => isoTime(submittedAt) },
  { name: 'CORRELATION ID', of: ({ correlationId }) => correlationId },
  { name: 'STATUS', of: ({ status }) => status },
  { name: 'BY', of: ({ resolvedBy }) => resolvedBy },
  { name: 'MS', of: totalLatencyMs, right: true },
  { name: 'POLLS', of: ({ pollCount }) => pollCount, right: true },
  { name: 'APP', of: ({ app }) => app },
  { name: 'ACTION', of: ({ actionId }) => actionId },
  { name: 'LATE', of: ({ lateResult }) => lateResult?.status ?? null },
  { name: 'ERROR', of: ({ error }) => (error === null ? null : JSON.stringify(error)) },
];

export const executionsList: Declare = (command, context) =>
  withHelp(addEndedFilters(command), {
    description: 'Prints the executions that match, newest first unless --sort states otherwise.',
    notes: `With --json: {"items": [...], "more": true|false}. "executions export" writes all executions.\n${TIME_HELP}`,
    exitCodes:
      '0 done, also when none matches; 1 the execution of --before does not exist; 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- list --status TIMEOUT --from 24h',
      'npm run -s executions -- list --app shop --text 4711',
      "npm run -s executions -- list --status UNCONFIRMED --json | jq -r '.items[].correlationId'",
    ],
  })
    .addOption(sortOption())
    .addOption(limitOption(20, MAX_EXECUTIONS))
    .option('--before <id>', 'only executions older than the one with this correlation id: the next page')
    .addOption(jsonOption)
    .addOption(revealOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const masking = maskingOf(options, context);
      const filter = { ...executionFilter(options, context), hidden: masking.names };
      const { items: found, more } = await withDatabase(context, options.database, async (reader) => {
        const before = options.before === undefined ? undefined : await reader.execution(options.before);
        if (options.before !== undefined && before === undefined) {
          throw new CommandError(`The execution ${options.before} does not exist.`, 1);
        }
        const place = before === undefined ? {} : { before: before.execution.reference };
        const order = options.sort === 'oldest' ? 'oldest-first' : 'newest-first';
        return firstOf(reader.executions({ ...filter, ...place }, order), options.limit);
      });
      const items = found.map(({ execution }) => masking.execution(execution));
      if (options.json) {
        context.write(`${JSON.stringify({ items: items.map(representExecution), more })}\n`);
        return;
      }
      if (items.length === 0) context.writeError('No execution matches.\n');
      else context.write(tableOf(COLUMNS, items, context));
      if (!more) return;
      const next =
        options.sort === 'oldest'
          ? '--limit, or --from with the time of the last one'
          : `--before ${items.at(-1)?.correlationId}`;
      context.writeError(`There are more: ${next}\n`);
    });
