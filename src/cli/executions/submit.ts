// `executions submit`: a new execution, as an app would submit it, waited for if wanted.

import { existsSync, readFileSync } from 'node:fs';
import { createClient, hasEnded } from '../../client/client.ts';
import type { Execution, JsonObject, Submission } from '../../client/types.ts';
import { isJsonObject, parseJson } from '../../execution/json.ts';
import { type Action, type CommandContext, CommandUsage, readFlags } from '../context.ts';
import { wholeNumber } from '../filters.ts';
import { asApp, ask } from '../receiver.ts';
import { tellExecution } from './format-execution.ts';

/** Below the 60 s after which proxies lose patience. */
const LONGEST_HELD_SECONDS = 50;

const FLAGS = {
  app: { type: 'string' },
  inputs: { type: 'string' },
  context: { type: 'string' },
  id: { type: 'string' },
  timeout: { type: 'string' },
  grace: { type: 'string' },
  priority: { type: 'string' },
  'notify-url': { type: 'string' },
  'retry-uncertain': { type: 'boolean', default: false },
  'idempotency-key': { type: 'string' },
  wait: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const executionsSubmit: Action = {
  help: `Usage: npm run executions -- submit ACTION [--inputs JSON|@FILE|-] [--app NAME] [--wait SECONDS] […]

Submits an execution to the running receiver at RECEIVER_URL (http://HOST:PORT unless set). It runs at CXone: mind what it
does.

  --app NAME      as this app, with its first key in APP_KEYS; else with RECEIVER_KEY, or as the only app there is
  --inputs JSON   an object; @FILE reads it from a file, - from stdin. --context likewise
  --id ID         its correlation id; a UUID unless said
  --timeout S, --grace S, --priority N, --retry-uncertain, --notify-url URL, --idempotency-key KEY
                  as the API has them
  --wait SECONDS  until it has ended, at most so long; else it is only accepted
  --json          one JSON document instead of lines

Exit code: 0 accepted, or with --wait COMPLETED; 1 refused, ended otherwise or not in time; 2 it could not be done.

  npm run executions -- submit look-up-customer --inputs '{"phone":"+43 1 234"}' --wait 60
  npm run executions -- submit open-ticket --app shop --inputs @ticket.json --id ticket-17
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const [actionId] = positionals;
    if (actionId === undefined) throw new CommandUsage('Say which Data Action.');
    const waitSeconds = values.wait === undefined ? 0 : wholeNumber('--wait', values.wait, 0, 86_400);
    const number = (name: 'timeout' | 'grace' | 'priority') => {
      const text = values[name];
      return text === undefined ? undefined : wholeNumber(`--${name}`, text, 0, 86_400);
    };
    const submission = dropUndefined({
      actionId,
      inputs: await jsonOf('--inputs', values.inputs, context),
      context: await jsonOf('--context', values.context, context),
      correlationId: values.id,
      timeoutSeconds: number('timeout'),
      graceSeconds: number('grace'),
      priority: number('priority'),
      notifyUrl: values['notify-url'],
      retryUncertain: values['retry-uncertain'] ? true : undefined,
    });
    const connection = asApp(context, values.app);
    const client = createClient(connection);
    const idempotencyKey = values['idempotency-key'];
    const accepted = await ask(connection, () =>
      client.submit(submission as unknown as Submission, { idempotencyKey }),
    );
    const get = (correlationId: string, seconds: number) =>
      ask(connection, () => client.get(correlationId, { waitSeconds: seconds }));
    const execution = await waitFor(accepted, waitSeconds, get, context);
    tellExecution(execution, values.json, context);
    if (values.wait === undefined || execution.status === 'COMPLETED') return 0;
    if (!hasEnded(execution)) context.writeError(`It has not ended within ${waitSeconds} s; it goes on.\n`);
    return 1;
  },
};

async function waitFor(
  accepted: Execution,
  seconds: number,
  get: (correlationId: string, seconds: number) => Promise<Execution>,
  { world }: CommandContext,
): Promise<Execution> {
  const until = world.now() + seconds * 1000;
  let execution = accepted;
  while (!hasEnded(execution)) {
    const left = Math.ceil((until - world.now()) / 1000);
    if (left <= 0) return execution;
    execution = await get(execution.correlationId, Math.min(left, LONGEST_HELD_SECONDS));
  }
  return execution;
}

/** @throws {CommandUsage} */
async function jsonOf(
  flag: string,
  said: string | undefined,
  context: CommandContext,
): Promise<JsonObject | undefined> {
  if (said === undefined) return undefined;
  const text = await textOf(flag, said, context);
  try {
    const value = parseJson(text);
    if (isJsonObject(value)) return value as JsonObject;
  } catch {
    // Said below.
  }
  throw new CommandUsage(`${flag}: is no JSON object, such as '{"phone":"+43 1 234"}'`);
}

async function textOf(flag: string, said: string, { input }: CommandContext): Promise<string> {
  if (said === '-') return input();
  if (!said.startsWith('@')) return said;
  const path = said.slice(1);
  if (!existsSync(path)) throw new CommandUsage(`${flag}: there is no file ${path}`);
  return readFileSync(path, 'utf8');
}

function dropUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
