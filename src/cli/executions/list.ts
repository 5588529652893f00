// `executions list`: the newest executions that match.

import { type Execution, totalLatencyMs } from '../../execution/execution.ts';
import { representExecution } from '../../execution/representation.ts';
import { isoTime } from '../../lib/time.ts';
import { findStoredExecution, scanExecutions } from '../../store/sqlite/queries/executions.ts';
import { type Action, CommandError, readFlags } from '../context.ts';
import { DATABASE_FLAG, firstOf, withDatabase } from '../database.ts';
import { TIME_HELP, wholeNumber } from '../filters.ts';
import { type Column, tableOf } from '../table.ts';
import { EXECUTION_FLAGS, EXECUTION_HELP, executionFilter } from './filters.ts';

const MOST = 1_000;

const FLAGS = {
  ...EXECUTION_FLAGS,
  ...DATABASE_FLAG,
  limit: { type: 'string', default: '20' },
  before: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

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

export const executionsList: Action = {
  help: `Usage: npm run executions -- list [FILTERS] [--limit N] [--before ID] [--json]

The newest executions that match, newest first.

${EXECUTION_HELP}
  --limit N       so many, 20 unless said, at most ${MOST}; for all of them there is "executions export"
  --before ID     only those older than this one: the next page
  --json          one JSON document {"items": [...], "more": true|false}
  --database PATH another file than DATABASE_PATH, such as a backup

${TIME_HELP}

Exit code: 0 done, also when there are none; 1 the execution of --before is not there; 2 it could not be done.

  npm run executions -- list --status TIMEOUT --from 24h
  npm run executions -- list --app shop --text 4711
  npm run -s executions -- list --status UNCONFIRMED --json | jq -r '.items[].correlationId'
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const limit = wholeNumber('--limit', values.limit, 1, MOST);
    const filter = executionFilter(values, context);
    const { items: found, more } = await withDatabase(context, values.database, (client) => {
      const before = values.before === undefined ? undefined : findStoredExecution(client, values.before);
      if (values.before !== undefined && before === undefined)
        throw new CommandError(`There is no ${values.before}.`, 1);
      const place = before === undefined ? {} : { before: before.execution.reference };
      return firstOf(scanExecutions(client, { ...filter, ...place }, 'newest-first'), limit);
    });
    const items = found.map(({ execution }) => execution);
    if (values.json) {
      context.write(`${JSON.stringify({ items: items.map(representExecution), more })}\n`);
      return 0;
    }
    if (items.length === 0) context.writeError('No execution matches.\n');
    else context.write(tableOf(COLUMNS, items, context));
    if (more) context.writeError(`There are more: --before ${items.at(-1)?.correlationId}\n`);
    return 0;
  },
};
