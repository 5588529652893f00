// `executions show`: prints one execution with its audit entries.

import { readJson } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import { representEntry, representExecution } from '../../execution/representation.ts';
import type { StoredExecution } from '../../store/reader-port.ts';
import { ENTRY_COLUMNS } from '../audit/entries.ts';
import { CommandError, type Declare } from '../context.ts';
import { withDatabase } from '../database.ts';
import { databaseOption, jsonOption, maskingOf, revealOption, withHelp } from '../options.ts';
import { tableOf } from '../table.ts';
import { formatExecution } from './format-execution.ts';

/** The other columns have the same value in all entries of an execution. */
const SHOWN = ENTRY_COLUMNS.filter(({ name }) => !['APP', 'ACTION', 'CORRELATION ID'].includes(name));

export const executionsShow: Declare = (command, context) =>
  withHelp(command, {
    description: 'Prints one execution with all of its audit entries, oldest first.',
    notes: 'With --json: {"execution": {...}, "audit": [...]}.',
    exitCodes: '0 done, 1 the execution does not exist, 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- show order-4711',
      'npm run -s executions -- show order-4711 --payloads --json | jq .execution.inputs',
    ],
  })
    .argument('<correlation-id>', 'the execution')
    .option('--payloads', 'include inputs, context, result and error, which may be confidential')
    .addOption(jsonOption)
    .addOption(revealOption)
    .addOption(databaseOption)
    .action(async (correlationId, options) => {
      const { payloads = false, json, database } = options;
      const masking = maskingOf(options, context);
      const found = await withDatabase(context, database, (reader) => reader.executionWithTrail(correlationId));
      if (found === null) throw new CommandError(`The execution ${correlationId} does not exist.`, 1);
      const execution = withPayloads(found.stored, payloads, masking);
      const entries = found.entries.map(masking.entry);
      if (json) context.write(`${JSON.stringify({ execution, audit: entries.map(representEntry) })}\n`);
      else context.write(`${formatExecution(execution)}\n${tableOf(SHOWN, entries, context)}`);
    });

function withPayloads(stored: StoredExecution, payloads: boolean, masking: Masking) {
  const { execution, inputs, context, payloadPrunedAt } = stored;
  const { result, error, lateResult, ...others } = representExecution(masking.execution(execution));
  const shown = { ...others, payloadPrunedAt };
  const visible = (text: string | null) => (text === null ? null : masking.json(readJson(text)));
  if (!payloads) {
    const late = lateResult && { status: lateResult.status, via: lateResult.via, receivedAt: lateResult.receivedAt };
    return { ...shown, lateResult: late };
  }
  return { ...shown, inputs: visible(inputs), context: visible(context), result, error, lateResult };
}
