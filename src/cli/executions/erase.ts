// `executions erase`, `hold` and `release`: erase content, or exempt an execution from that, through the running receiver.

import type { Execution } from '../../client/types.ts';
import { grouped, many } from '../../lib/figures.ts';
import { type CommandContext, CommandError, type Declare } from '../context.ts';
import {
  addEndedFilters,
  executionFilter,
  jsonOption,
  reasonOption,
  TIME_HELP,
  wholeNumber,
  withHelp,
} from '../options.ts';
import { writeResult } from '../print.ts';
import { ALL_TIMEOUT_MS, asOperator, executionPath, RECEIVER_HELP } from '../receiver.ts';
import { filterBody, requireOneOrAll } from '../selection.ts';

interface Erased {
  readonly execution: Execution;
  readonly copies: readonly string[];
  readonly walEmptied: boolean;
}

interface ErasedMany extends Pick<Erased, 'copies'> {
  readonly matched: number;
  readonly open: number;
  readonly held: number;
  readonly erased: number;
  readonly walEmptied: boolean | null;
}

export const executionsErase: Declare = (command, context) =>
  withHelp(addEndedFilters(command), {
    description: `Erases the content of an ended execution, or of all that match: inputs, context, results, errors,
stored bodies, and the parts of audit entries and deliveries that quote them. Hashes, identifiers and times stay, and
"audit verify" passes. With --all, the first call only counts; the second one has --confirm with that count. Backups and
exports are not changed.`,
    notes: `${RECEIVER_HELP}\n${TIME_HELP}`,
    exitCodes:
      '0 done or counted, 1 the execution does not exist, is open or is held, or another number matches; 2 the command could not be carried out',
    examples: [
      'npm run -s executions -- erase order-4711 --reason "Art. 17 GDPR, request 4711"',
      'npm run -s executions -- erase --all --text ada@example.com --reason "request 4711"',
      'npm run -s executions -- erase --all --text ada@example.com --reason "request 4711" --confirm 3',
    ],
  })
    .argument('[correlation-id]', 'one execution')
    .option('--all', 'all ended executions that match the other options')
    .option('--confirm <count>', 'with --all: erase, if this many match', wholeNumber(0, 1e9))
    .addOption(reasonOption)
    .addOption(jsonOption)
    .action(async (correlationId, { all, confirm, reason, json = false, ...filters }) => {
      requireOneOrAll({ noun: 'execution', one: correlationId, all, filters });
      if (correlationId === undefined) return eraseAll(filters, { reason, confirm, json }, context);
      if (confirm !== undefined) throw new CommandError('--confirm requires --all.');
      const path = executionPath(correlationId, 'erase');
      const erased = await asOperator(context)<Erased>('POST', path, { body: { reason } });
      if (json) return context.write(`${JSON.stringify(erased)}\n`);
      context.write(`The content of ${correlationId} is erased.\n`);
      writeRemains(erased, context);
    });

interface EraseAll {
  readonly reason: string;
  readonly confirm: number | undefined;
  readonly json: boolean;
}

async function eraseAll(
  filters: Parameters<typeof executionFilter>[0],
  { reason, confirm, json }: EraseAll,
  context: CommandContext,
): Promise<void> {
  const body = { ...filterBody(executionFilter(filters, context)), reason, confirm };
  const request = asOperator(context, ALL_TIMEOUT_MS);
  const result = await request<ErasedMany>('POST', '/v1/executions/erase', { body });
  if (json) return context.write(`${JSON.stringify(result)}\n`);
  const { matched, open, held, erased } = result;
  const left = `${grouped(open)} open and ${grouped(held)} held ones match and stay as they are`;
  if (confirm === undefined) {
    context.write(`${many(matched, 'execution')} would be erased; ${left}.\n`);
    context.writeError(`Nothing was erased: repeat the command with --confirm ${matched}\n`);
  } else context.write(`The content of ${many(erased, 'execution')} is erased; ${left}.\n`);
  writeRemains(result, context);
}

function writeRemains(
  { copies, walEmptied }: Pick<ErasedMany, 'copies' | 'walEmptied'>,
  context: CommandContext,
): void {
  for (const path of copies) context.write(`may still hold it: ${path}\n`);
  if (walEmptied === false) {
    context.writeError(
      `Earlier states of the rows remain in files of the database. With SQLite another program reads them, and a later checkpoint frees
them. A PostgreSQL server keeps them until VACUUM, and longer in its write-ahead log, standbys and archives.\n`,
    );
  }
}

export const executionsHold: Declare = (command, context) => declareHold('hold', command, context);

export const executionsRelease: Declare = (command, context) => declareHold('release', command, context);

const HOLD_DESCRIPTIONS = {
  hold: `Holds an execution: nothing of it is pruned or erased until it is released. Audit entries are pruned from the old end of the
trail, so that all entries after its first one stay as well.`,
  release: 'Releases a held execution: retention applies to it again, and it can be erased.',
};

function declareHold(verb: 'hold' | 'release', ...[command, context]: Parameters<Declare>) {
  return withHelp(command, {
    description: HOLD_DESCRIPTIONS[verb],
    notes: RECEIVER_HELP,
    exitCodes:
      '0 done, also if nothing changed; 1 the execution does not exist; 2 the command could not be carried out',
    examples: [`npm run -s executions -- ${verb} order-4711 --reason "case 12/26"`],
  })
    .argument('<correlation-id>', 'one execution')
    .addOption(reasonOption)
    .addOption(jsonOption)
    .action(async (correlationId, { reason, json = false }) => {
      const path = executionPath(correlationId, verb);
      const hold = await asOperator(context)<{ readonly heldAt: string | null }>('POST', path, { body: { reason } });
      const state = hold.heldAt === null ? 'is not held' : `is held since ${hold.heldAt}`;
      writeResult(context, json, hold, `${correlationId} ${state}.`);
    });
}
