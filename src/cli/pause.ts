// `pause` and `resume`: show what is paused, pause and resume sending, and lift the pause that CXone has caused.

import type { Command } from '@commander-js/extra-typings';
import type { Client } from '../client/client.ts';
import type { UpstreamPause } from '../cxone/port.ts';
import { many } from '../lib/figures.ts';
import { type CountedPause, describeScope } from '../store/pauses-port.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { jsonOption, withHelp } from './options.ts';
import { writeResult } from './print.ts';
import { asOperator, RECEIVER_HELP } from './receiver.ts';

/** The pause that CXone has caused, as GET /v1/pause represents it. */
type Pause = Represented<UpstreamPause>;
/** A pause of an administrator, as GET /v1/pauses represents it. */
type SendingPause = Represented<CountedPause>;

/** In JSON, times are texts. */
type Represented<T> = { readonly [M in keyof T]: M extends 'since' | 'until' ? string : T[M] };

interface ScopeOptions {
  readonly action?: string | undefined;
  readonly app?: string | undefined;
  readonly all?: true | undefined;
  readonly reason?: string | undefined;
}

const SCOPE_HELP = 'Name one of --action, --app and --all.';

export const pause: Declare = (command, context) =>
  withHelp(addScope(command, 'pause sending of'), {
    description: `Pauses sending for one action, one app, or all, as an administrator, until "resume" ends it:
submissions wait in the queue; polls, callbacks, cancels, timeouts and notifications continue. Without a scope, shows
what administrators have paused, and whether a response of CXone (429 or 503 with Retry-After, or a used-up rate limit)
pauses all requests to CXone. With --lift, that pause ends and requests are sent again at once; the log of the receiver
names the operator.`,
    notes: `The queue timeout (QUEUE_TIMEOUT_SECONDS) continues: what waits longer ends with TIMEOUT.
With --json: the response of POST /v1/pauses or POST /v1/pause/lift; without a scope {"pause", "pauses"}.\n${RECEIVER_HELP}`,
    exitCodes:
      '0 done, or nothing is paused; 1 something is paused (without a scope), or the receiver refused; 2 the command could not be carried out',
    examples: [
      'npm run -s pause',
      'npm run -s pause -- --action charge-card --reason "charges twice, ticket 4711"',
      'npm run -s pause -- --lift',
    ],
  })
    .option('--lift', 'end the pause that CXone has caused, as an administrator')
    .action(async ({ lift = false, json = false, ...options }) => {
      const body = bodyOf(options);
      const request = asOperator(context);
      if (lift) {
        if (body !== null) throw new CommandError(`--lift ends what CXone has caused: leave out the scope.`);
        const response = await request<{ readonly lifted: Pause | null }>('POST', '/v1/pause/lift');
        const text = response.lifted === null ? 'There was no pause.' : `Lifted. ${describe(response.lifted)}`;
        return writeResult(context, json, response, text);
      }
      if (body === null) return show(request, json, context);
      const paused = await request<SendingPause>('POST', '/v1/pauses', { body });
      writeResult(context, json, paused, describeSending(paused));
    });

export const resume: Declare = (command, context) =>
  withHelp(addScope(command, 'resume sending of'), {
    description: `Resumes sending that an administrator has paused for exactly this action or app, or for all. What
waits is sent as fast as the limits of CXone allow, unless another pause covers it.`,
    notes: `With --json: the response of POST /v1/pauses/resume.\n${RECEIVER_HELP}`,
    exitCodes: '0 done, 1 there was no such pause, 2 the command could not be carried out',
    examples: [
      'npm run -s resume -- --action charge-card --reason "the provider is well again"',
      'npm run -s resume -- --all',
    ],
  }).action(async ({ json = false, ...options }) => {
    const body = bodyOf(options);
    if (body === null) throw new CommandError(SCOPE_HELP);
    const request = asOperator(context);
    const response = await request<{ readonly resumed: SendingPause | null }>('POST', '/v1/pauses/resume', { body });
    const { resumed } = response;
    if (resumed === null) context.exitCode = 1;
    const text =
      resumed === null
        ? 'There was no such pause.'
        : `Sending of ${describeScope(resumed)} is resumed: ${waiting(resumed)}.`;
    writeResult(context, json, response, text);
  });

function addScope(command: Command, verb: string) {
  return command
    .option('--action <name>', `${verb} this Data Action`)
    .option('--app <name>', `${verb} this app`)
    .option('--all', `${verb} all actions and apps`)
    .option('--reason <text>', 'why; the list of activity keeps it')
    .addOption(jsonOption);
}

/** Returns the body of the request; null without a scope. @throws {CommandError} */
function bodyOf({ action, app, all, reason }: ScopeOptions): object | null {
  const named = [action, app, all].filter((one) => one !== undefined);
  if (named.length > 1) throw new CommandError(SCOPE_HELP);
  if (named.length === 1) return { actionId: action, app, all, reason };
  if (reason !== undefined) throw new CommandError(`--reason requires a scope. ${SCOPE_HELP}`);
  return null;
}

async function show(request: Client['request'], json: boolean, context: CommandContext): Promise<void> {
  const { pause: ofCxone } = await request<{ readonly pause: Pause | null }>('GET', '/v1/pause');
  const { items } = await request<{ readonly items: readonly SendingPause[] }>('GET', '/v1/pauses');
  if (ofCxone !== null || items.length > 0) context.exitCode = 1;
  const lines = [...items.map(describeSending), ...(ofCxone === null ? [] : [describe(ofCxone)])];
  const text = lines.length === 0 ? 'Requests to CXone are sent.' : lines.join('\n');
  writeResult(context, json, { pause: ofCxone, pauses: items }, text);
}

function describeSending(paused: SendingPause): string {
  const { by, since, reason } = paused;
  const why = reason === null ? '' : ` (${reason})`;
  return `Sending of ${describeScope(paused)} is paused by ${by} since ${since}${why}: ${waiting(paused)}.`;
}

function waiting({ queued }: SendingPause): string {
  return `${many(queued, 'execution')} in the queue`;
}

function describe({ since, until, httpStatus, call, actionId, correlationId, app }: Pause): string {
  const requester =
    correlationId === null
      ? `a ${call} request`
      : `the ${call} request of ${correlationId} (action ${actionId}, app ${app})`;
  return `CXone answered ${httpStatus} to ${requester} at ${since}: requests are paused until ${until}.`;
}
