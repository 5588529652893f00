// `executions export`: writes all executions that match as CSV or NDJSON.

import { readJson } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import { representExecution } from '../../execution/representation.ts';
import type { StoredExecution } from '../../store/reader-port.ts';
import type { Declare } from '../context.ts';
import { withDatabase } from '../database.ts';
import { addDestination, EXPORT_HELP, manifestFilter, writeExport } from '../export.ts';
import { addEndedFilters, databaseOption, executionFilter, maskingOf, revealOption, withHelp } from '../options.ts';

export const executionsExport: Declare = (command, context) =>
  withHelp(addDestination(addEndedFilters(command)), {
    description: `Writes all executions that match, oldest first, each as in the API and with its submission. Each row
shows the moment at which it is read. Executions that are submitted after the export begins are not included.`,
    notes: EXPORT_HELP,
    exitCodes: '0 done, 2 the command could not be carried out and no file was written',
    examples: [
      'npm run -s executions -- export --from 7d --out week.csv --bom',
      'npm run -s executions -- export --status TIMEOUT --no-payloads | jq -r .correlationId',
    ],
  })
    .option('--no-payloads', 'leave out inputs, context, result, error and late result')
    .addOption(revealOption)
    .addOption(databaseOption)
    .action((options) => {
      const masking = maskingOf(options, context);
      const filter = { ...executionFilter(options, context), hidden: masking.names };
      return withDatabase(context, options.database, async (reader) => {
        const source = {
          content: 'executions' as const,
          filter: manifestFilter(filter),
          isMasked: masking.names.length > 0,
          batches: reader.executions(filter, 'oldest-first'),
          total: await reader.countExecutions({ ...filter, app: filter.app ?? undefined }),
          represent: options.payloads ? (stored: StoredExecution) => whole(stored, masking) : withoutPayloads,
          names: options.payloads ? [...NAMES, ...PAYLOADS] : NAMES,
        };
        return writeExport(source, options, context);
      });
    });

function withoutPayloads({ execution, payloadPrunedAt }: StoredExecution) {
  const { result: _result, error: _error, lateResult: _late, ...others } = representExecution(execution);
  const { timeoutSeconds, graceSeconds, retryUncertain, priority, attempts, notifyUrl, idempotencyKey } = execution;
  const submitted = { timeoutSeconds, graceSeconds, retryUncertain, priority, notifyUrl, idempotencyKey };
  return { ...others, attempts, ...submitted, traceparent: execution.traceparent, payloadPrunedAt };
}

function whole(browsed: StoredExecution, masking: Masking) {
  const { result, error, lateResult } = representExecution(masking.execution(browsed.execution));
  const shown = (text: string | null) => (text === null ? null : masking.json(readJson(text)));
  const payloads = { inputs: shown(browsed.inputs), context: shown(browsed.context), result, error, lateResult };
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
