// `executions export`: all that match, with all that is kept of them, as CSV or NDJSON.

import { readJson } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import { type StoredExecution, scanExecutions } from '../../store/sqlite/queries/executions.ts';
import { countExecutions } from '../../store/sqlite/queries/id-windows.ts';
import { type Action, readFlags } from '../context.ts';
import { DATABASE_FLAG, withDatabase } from '../database.ts';
import { CSV_HELP, EXPORT_FLAGS, EXPORT_HELP, readFormat, writeExport } from '../export.ts';
import { TIME_HELP } from '../filters.ts';
import { EXECUTION_FLAGS, EXECUTION_HELP, executionFilter } from './filters.ts';

const FLAGS = {
  ...EXECUTION_FLAGS,
  ...EXPORT_FLAGS,
  ...DATABASE_FLAG,
  'no-payloads': { type: 'boolean', default: false },
} as const;

export const executionsExport: Action = {
  help: `Usage: npm run executions -- export [FILTERS] [--format csv|ndjson] [--out FILE] [--no-payloads]

All executions that match, oldest first, each as the API shows it and with what was submitted. Each is as it stands when it
is read; those that are submitted after it began are not in it. It may run while the receiver does.

${EXECUTION_HELP}
${EXPORT_HELP}
  --no-payloads   without inputs, context, result, error and late result
  --database PATH another file than DATABASE_PATH, such as a backup

${CSV_HELP}
${TIME_HELP}

Exit code: 0 done, also when whoever reads stdout has had enough; 2 it could not be done, and there is no FILE.

  npm run executions -- export --from 7d --out week.csv
  npm run -s executions -- export --status TIMEOUT --no-payloads | jq -r .correlationId
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const format = readFormat(values);
    const filter = executionFilter(values, context);
    const represent = values['no-payloads'] ? withoutPayloads : whole;
    return withDatabase(context, values.database, (client) => {
      const stretches = scanExecutions(client, filter, 'oldest-first');
      const names = values['no-payloads'] ? NAMES : [...NAMES, ...PAYLOADS];
      const source = {
        stretches,
        total: countExecutions(client, { ...filter, app: filter.app ?? undefined }),
        represent,
        names,
      };
      return writeExport(source, { format, out: values.out }, context);
    });
  },
};

function withoutPayloads({ execution, payloadPrunedAt }: StoredExecution) {
  const { result: _result, error: _error, lateResult: _late, ...facts } = representExecution(execution);
  const { timeoutSeconds, graceSeconds, retryUncertain, priority, attempts, notifyUrl, idempotencyKey } = execution;
  const asked = { timeoutSeconds, graceSeconds, retryUncertain, priority, notifyUrl, idempotencyKey };
  return { ...facts, attempts, ...asked, traceparent: execution.traceparent, payloadPrunedAt };
}

function whole(browsed: StoredExecution) {
  const { result, error, lateResult } = representExecution(browsed.execution);
  const payloads = { inputs: parsed(browsed.inputs), context: parsed(browsed.context), result, error, lateResult };
  return { ...withoutPayloads(browsed), ...payloads };
}

/** The columns of CSV, in their order. */
const NAMES = [
  'correlationId',
  'actionId',
  'executionId',
  'status',
  'resolvedBy',
  'submittedAt',
  'sentAt',
  'resolvedAt',
  'pollAfter',
  'deadline',
  'latencyMs',
  'totalLatencyMs',
  'pollCount',
  'app',
  'attempts',
  'timeoutSeconds',
  'graceSeconds',
  'retryUncertain',
  'priority',
  'notifyUrl',
  'idempotencyKey',
  'traceparent',
  'payloadPrunedAt',
] as const satisfies readonly (keyof ReturnType<typeof withoutPayloads>)[];

const PAYLOADS = ['inputs', 'context', 'result', 'error', 'lateResult'] as const satisfies readonly (keyof ReturnType<
  typeof whole
>)[];

function parsed(text: string | null) {
  return text === null ? null : readJson(text);
}
