// `executions submit`: submits an execution as an app would, and waits for its outcome if requested.

import { existsSync, readFileSync } from 'node:fs';
import { createClient, hasEnded } from '../../client/client.ts';
import type { Execution, JsonObject, Submission } from '../../client/types.ts';
import { isJsonObject, parseJson } from '../../execution/json.ts';
import { defined } from '../../lib/defined.ts';
import { type CommandContext, CommandError, type Declare } from '../context.ts';
import { jsonOption, wholeNumber, withHelp } from '../options.ts';
import { asApp, callReceiver } from '../receiver.ts';
import { writeExecution } from './format-execution.ts';

/** Proxies often close a connection that is idle for 60 s. */
const MAX_WAIT_SECONDS = 50;
const seconds = wholeNumber(0, 86_400);

export const executionsSubmit: Declare = (command, context) =>
  withHelp(command, {
    description:
      'Submits an execution to the running receiver at RECEIVER_URL (default: http://HOST:PORT). The action runs at CXone.',
    exitCodes: '0 accepted, or with --wait COMPLETED; 1 refused, another outcome or none in time; 2 not carried out',
    examples: [
      `npm run -s executions -- submit look-up-customer --inputs '{"phone":"+43 1 234"}' --wait 60`,
      'npm run -s executions -- submit open-ticket --app shop --inputs @ticket.json --id ticket-17',
    ],
  })
    .argument('<action>', 'the Data Action')
    .option('--app <name>', 'the app, with its first key in APP_KEYS (default: RECEIVER_KEY, or the only app)')
    .option('--inputs <json>', 'an object; @FILE reads it from a file, - from stdin')
    .option('--context <json>', 'an object that is stored with the execution, likewise')
    .option('--id <id>', 'the correlation id (default: a UUID)')
    .option('--timeout <seconds>', 'timeoutSeconds of the API', seconds)
    .option('--grace <seconds>', 'graceSeconds of the API', seconds)
    .option('--priority <number>', 'priority of the API', wholeNumber(0, 86_400))
    .option('--retry-uncertain', 'retryUncertain of the API')
    .option('--notify-url <url>', 'notifyUrl of the API')
    .option('--idempotency-key <key>', 'Idempotency-Key of the request')
    .option('--wait <seconds>', 'wait at most this long for the outcome', seconds)
    .addOption(jsonOption)
    .action(async (actionId, options) => {
      const { wait, idempotencyKey } = options;
      const submission: object = defined({
        actionId,
        inputs: await jsonOf('--inputs', options.inputs, context),
        context: await jsonOf('--context', options.context, context),
        correlationId: options.id,
        timeoutSeconds: options.timeout,
        graceSeconds: options.grace,
        priority: options.priority,
        notifyUrl: options.notifyUrl,
        retryUncertain: options.retryUncertain,
      });
      const connection = asApp(context, options.app);
      const client = createClient(connection);
      const accepted = await callReceiver(connection, () =>
        client.submit(submission as unknown as Submission, { idempotencyKey }),
      );
      const get = (correlationId: string, waitSeconds: number) =>
        callReceiver(connection, () => client.get(correlationId, { waitSeconds }));
      const execution = await waitFor(accepted, wait ?? 0, get, context);
      writeExecution(execution, options.json ?? false, context);
      if (wait === undefined || execution.status === 'COMPLETED') return;
      if (!hasEnded(execution)) context.writeError(`It has not ended within ${wait} s and continues.\n`);
      context.exitCode = 1;
    });

async function waitFor(
  accepted: Execution,
  waitSeconds: number,
  get: (correlationId: string, waitSeconds: number) => Promise<Execution>,
  { world }: CommandContext,
): Promise<Execution> {
  const until = world.elapsed() + waitSeconds * 1000;
  let execution = accepted;
  while (!hasEnded(execution)) {
    const left = Math.ceil((until - world.elapsed()) / 1000);
    if (left <= 0) return execution;
    execution = await get(execution.correlationId, Math.min(left, MAX_WAIT_SECONDS));
  }
  return execution;
}

/** @throws {CommandError} */
async function jsonOf(
  flag: string,
  given: string | undefined,
  context: CommandContext,
): Promise<JsonObject | undefined> {
  if (given === undefined) return undefined;
  const text = await textOf(flag, given, context);
  try {
    const value = parseJson(text);
    if (isJsonObject(value)) return value as JsonObject;
  } catch {
    // Reported below.
  }
  throw new CommandError(`${flag}: it is not a JSON object, for example '{"phone":"+43 1 234"}'`);
}

async function textOf(flag: string, given: string, { input }: CommandContext): Promise<string> {
  if (given === '-') return input();
  if (!given.startsWith('@')) return given;
  const path = given.slice(1);
  if (!existsSync(path)) throw new CommandError(`${flag}: the file ${path} does not exist`);
  return readFileSync(path, 'utf8');
}
