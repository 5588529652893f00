// Something done to one execution, or to all that match, by the running receiver: what `poll` and `cancel` have in common.

import { createClient } from '../../client/client.ts';
import type { Execution } from '../../client/types.ts';
import { isoTime } from '../../lib/time.ts';
import type { ExecutionFilter } from '../../store/port.ts';
import { type CommandContext, CommandUsage, readFlags } from '../context.ts';
import { grouped } from '../print.ts';
import { ask, asOperator } from '../receiver.ts';
import { EXECUTION_FLAGS, executionFilter } from './filters.ts';
import { tellExecution } from './format-execution.ts';

const FLAGS = {
  ...EXECUTION_FLAGS,
  all: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Returns the exit code. */
export async function act(verb: 'poll' | 'cancel', args: readonly string[], context: CommandContext) {
  const { values, positionals } = readFlags(args, FLAGS, 1);
  const { json, all, ...filters } = values;
  const [id] = positionals;
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  if (id !== undefined && (all || isFiltered)) throw new CommandUsage('Name one execution, or say which with --all.');
  if (id === undefined && !all) throw new CommandUsage(`Say which execution, or --all and which are meant.`);
  const connection = asOperator(context);
  if (id !== undefined) {
    const { request } = createClient(connection);
    const asked = () => request<Execution>('POST', `/v1/executions/${encodeURIComponent(id)}/${verb}`);
    tellExecution(await ask(connection, asked), json, context);
    return 0;
  }
  const body = bodyOf(executionFilter(filters, context));
  const { request } = createClient({ ...connection, answerWithinMs: MANY_WITHIN_MS });
  const question = () => request<Answer>('POST', `/v1/executions/${verb}`, { body });
  const answer = await ask(connection, question);
  const done = `${grouped(answer.done)} of ${grouped(answer.matched)} open executions`;
  context.write(json ? `${JSON.stringify(answer)}\n` : `${done} ${DONE[verb]}\n`);
  return 0;
}

/** Many are worked through before the answer comes. */
const MANY_WITHIN_MS = 600_000;

const DONE = { poll: 'are asked for now', cancel: 'are given up' } as const;

interface Answer {
  readonly matched: number;
  readonly done: number;
}

/** As the API names its filters; it wants to be told that all are meant. */
function bodyOf({ app, from, to, ...filter }: ExecutionFilter): object {
  return { status: 'OPEN', ...filter, app: app ?? undefined, from: isoTime(from), to: isoTime(to) };
}
