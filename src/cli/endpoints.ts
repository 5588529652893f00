// `endpoints …`: shows the endpoints of apps, and probes, pauses and resumes one through the running receiver.

import type { Command } from '@commander-js/extra-typings';
import type { Endpoint, Notification } from '../client/types.ts';
import { many } from '../lib/figures.ts';
import { secondsTime } from '../lib/time.ts';
import type { CommandContext, Declare } from './context.ts';
import { jsonOption, withHelp } from './options.ts';
import { writeResult } from './print.ts';
import { asOperator, RECEIVER_HELP } from './receiver.ts';
import { type Column, tableOf } from './table.ts';

const EXIT_CODES = '0 done, 1 the receiver refused, 2 the command could not be carried out';

/** The newest notifications that `show` prints. */
const MAX_SHOWN = 10;

export const endpoints: Declare = (command, context) => {
  withHelp(command, {
    description: `Shows what waits for the endpoints of apps, and why, and probes, pauses and resumes one. An endpoint
is the scheme, host and port to which notifications of one app go. Calls the running receiver.`,
    exitCodes: EXIT_CODES,
    examples: [
      'npm run -s endpoints -- list',
      'npm run -s endpoints -- pause shop https://hooks.example --reason "maintenance until 13:00"',
    ],
  });
  endpointsList(command.command('list').summary('print those with something that waits, and paused ones'), context);
  endpointsShow(command.command('show').summary('print one, with its newest notifications'), context);
  for (const verb of ['probe', 'pause', 'resume'] as const) {
    declareOrder(verb, command.command(verb).summary(ORDERS[verb].summary), context);
  }
};

const time = (iso: string | null | undefined) => (iso ? secondsTime(Date.parse(iso)) : null);

const COLUMNS: readonly Column<Endpoint>[] = [
  { name: 'APP', of: ({ app }) => app },
  { name: 'ENDPOINT', of: ({ origin }) => origin },
  { name: 'WAITING', of: ({ waiting }) => waiting, right: true },
  { name: 'STATE', of: stateOf },
  { name: 'SINCE', of: ({ pause, circuit }) => time(pause?.since ?? circuit?.since) },
  { name: 'NEXT PROBE', of: ({ pause, circuit }) => (pause === null ? time(circuit?.nextProbeAt) : null) },
  { name: 'REASON', of: ({ pause, circuit }) => (pause === null ? (circuit?.reason ?? null) : byAndWhy(pause)) },
];

const NOTIFICATIONS: readonly Column<Notification>[] = [
  { name: 'CREATED', of: ({ createdAt }) => time(createdAt) },
  { name: 'STATUS', of: ({ status }) => status },
  { name: 'TRIES', of: ({ attempts }) => attempts, right: true },
  { name: 'HTTP', of: ({ lastHttpStatus }) => lastHttpStatus, right: true },
  { name: 'NEXT', of: ({ nextAttemptAt }) => time(nextAttemptAt) },
  { name: 'CORRELATION ID', of: ({ correlationId }) => correlationId },
  { name: 'ERROR', of: ({ lastError }) => lastError },
];

function stateOf({ pause, circuit }: Endpoint): string {
  if (pause !== null) return 'paused';
  return circuit === null ? 'well' : 'fails';
}

function byAndWhy({ by, reason }: NonNullable<Endpoint['pause']>): string {
  return `by ${by.replace('operator:', '')}${reason === null ? '' : `: ${reason}`}`;
}

const endpointsList: Declare = (command, context) =>
  withHelp(command, {
    description: 'Prints the endpoints with something that waits, and those that an administrator has paused.',
    notes: `With --json: the response of GET /v1/endpoints.\n${RECEIVER_HELP}`,
    exitCodes: EXIT_CODES,
    examples: ['npm run -s endpoints -- list'],
  })
    .addOption(jsonOption)
    .action(async ({ json = false }) => {
      const { items } = await asOperator(context)<Listed<Endpoint>>('GET', '/v1/endpoints');
      if (json) context.write(`${JSON.stringify({ items })}\n`);
      else if (items.length === 0) context.writeError('Nothing waits for an endpoint, and none is paused.\n');
      else context.write(tableOf(COLUMNS, items, context));
    });

const endpointsShow: Declare = (command, context) =>
  withHelp(addEndpoint(command), {
    description: 'Prints the state of one endpoint and its newest notifications.',
    notes: `With --json: {"endpoint": {...}, "notifications": [...]}.\n${RECEIVER_HELP}`,
    exitCodes: EXIT_CODES,
    examples: ['npm run -s endpoints -- show shop https://hooks.example'],
  })
    .addOption(jsonOption)
    .action(async (app, origin, { json = false }) => {
      const query = new URLSearchParams({ app, endpoint: origin, limit: String(MAX_SHOWN) });
      const request = asOperator(context);
      const { items: notifications } = await request<Listed<Notification>>('GET', `/v1/notifications?${query}`);
      const { items } = await request<Listed<Endpoint>>('GET', '/v1/endpoints');
      const idle: Endpoint = { app, origin, waiting: 0, circuit: null, pause: null };
      const endpoint = items.find((one) => one.app === app && one.origin === origin) ?? idle;
      if (json) return context.write(`${JSON.stringify({ endpoint, notifications })}\n`);
      context.write(tableOf(COLUMNS, [endpoint], context));
      if (notifications.length === 0) context.writeError(`No notification of ${app} went or goes there.\n`);
      else context.write(`\n${tableOf(NOTIFICATIONS, notifications, context)}`);
    });

const ORDERS = {
  probe: {
    summary: 'send the next waiting notification now, although the endpoint fails',
    description:
      'Sends the next waiting notification now, although the endpoint fails. A paused endpoint gets nothing.',
    done: 'is probed',
  },
  pause: {
    summary: 'let notifications wait until the endpoint is resumed',
    description: 'Lets the notifications to an endpoint wait until it is resumed, also after a restart.',
    done: 'is paused',
  },
  resume: {
    summary: 'send what waits for a paused endpoint',
    description: 'Resumes the notifications to an endpoint. What is due is sent at once.',
    done: 'is not paused',
  },
} as const;

function declareOrder(verb: keyof typeof ORDERS, command: Command, context: CommandContext) {
  const { description, done } = ORDERS[verb];
  return withHelp(addEndpoint(command), {
    description,
    notes: `With --json: the response of POST /v1/endpoints/${verb}.\n${RECEIVER_HELP}`,
    exitCodes: EXIT_CODES,
    examples: [`npm run -s endpoints -- ${verb} shop https://hooks.example`],
  })
    .option('--reason <text>', 'why; the list of activity keeps it')
    .addOption(jsonOption)
    .action(async (app, origin, { reason, json = false }) => {
      const body = { app, origin, reason };
      const endpoint = await asOperator(context)<Endpoint>('POST', `/v1/endpoints/${verb}`, { body });
      const waiting = many(endpoint.waiting, 'notification');
      const text = `${origin} of ${app} ${done}; ${waiting} ${endpoint.waiting === 1 ? 'waits' : 'wait'}.`;
      writeResult(context, json, endpoint, text);
    });
}

interface Listed<T> {
  readonly items: readonly T[];
}

function addEndpoint(command: Command) {
  return command
    .argument('<app>', 'the app')
    .argument('<endpoint>', 'scheme, host and port, for example https://hooks.example');
}
