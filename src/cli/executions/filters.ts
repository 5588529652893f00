// Which executions are meant: the flags that list, export, poll and cancel share.

import { OPEN_STATUSES, TERMINAL_STATUSES } from '../../execution/execution.ts';
import type { ExecutionFilter } from '../../store/port.ts';
import type { CommandContext } from '../context.ts';
import { oneOf, PERIOD_FLAGS, readPeriod } from '../filters.ts';

const STATUSES = ['OPEN', ...OPEN_STATUSES, ...TERMINAL_STATUSES] as const;

export const EXECUTION_FLAGS = {
  status: { type: 'string' },
  action: { type: 'string' },
  app: { type: 'string' },
  id: { type: 'string' },
  'execution-id': { type: 'string' },
  text: { type: 'string' },
  ...PERIOD_FLAGS,
} as const;

export const EXECUTION_HELP = `  --status S      OPEN (whatever has not ended), ${OPEN_STATUSES.join(', ')}, ${TERMINAL_STATUSES[0]},
                  ${TERMINAL_STATUSES.slice(1).join(', ')}
  --action NAME   of this Data Action
  --app NAME      of this app
  --id BEGINNING  whose correlation id begins so
  --execution-id  that CXone calls by this name
  --text TEXT     in whose inputs, context, result, error or late result this stands, in any case
  --from, --to    submitted in this time`;

type Values = { readonly [F in keyof typeof EXECUTION_FLAGS]?: string | undefined };

/** @throws {CommandUsage} */
export function executionFilter(values: Values, context: Pick<CommandContext, 'world'>): ExecutionFilter {
  const { status, action, app, id, text, 'execution-id': executionId } = values;
  return {
    app: app ?? null,
    ...(status === undefined ? {} : { status: oneOf('--status', status, STATUSES) }),
    ...(action === undefined ? {} : { actionId: action }),
    ...(id === undefined ? {} : { id }),
    ...(executionId === undefined ? {} : { executionId }),
    ...(text === undefined || text === '' ? {} : { text }),
    ...readPeriod(values, context),
  };
}
