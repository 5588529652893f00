// `notifications replay`: tells an app again.

import { createClient } from '../../client/client.ts';
import { type Action, CommandUsage, readFlags } from '../context.ts';
import { oneOf, TIME_HELP } from '../filters.ts';
import { grouped } from '../print.ts';
import { ask, asOperator, RECEIVER_HELP } from '../receiver.ts';
import { NOTIFICATION_FLAGS, NOTIFICATION_HELP, notificationFilter } from './filters.ts';

const FLAGS = {
  ...NOTIFICATION_FLAGS,
  all: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export const notificationsReplay: Action = {
  help: `Usage: npm run notifications -- replay NOTIFICATION [--json]
       npm run notifications -- replay --all [--status DEAD|DELIVERED] [FILTERS] [--json]

Has the receiver tell an app once more, under the same webhook-id: one notification, or all that match. Who did it is in the
audit trail.

${RECEIVER_HELP}

  --status S      DEAD unless said, or DELIVERED
${NOTIFICATION_HELP}
  --json          one JSON document instead of lines

${TIME_HELP}

Exit code: 0 they are due again, 1 there is no such notification or it is still pending, 2 it could not be done.

  npm run notifications -- replay msg_019a8f3e-0000-7000-8000-000000000000_ended
  npm run notifications -- replay --all --app shop --from 24h
`,
  run: async (args, context) => {
    const { values, positionals } = readFlags(args, FLAGS, 1);
    const { json, all, ...filters } = values;
    const [id] = positionals;
    const isFiltered = Object.values(filters).some((value) => value !== undefined);
    if (id !== undefined && (all || isFiltered))
      throw new CommandUsage('Name one notification, or say which with --all.');
    if (id === undefined && !all) throw new CommandUsage('Say which notification, or --all and which are meant.');
    const status = oneOf('--status', values.status ?? 'DEAD', ['DEAD', 'DELIVERED']);
    const { from, to, ...filter } = notificationFilter(filters, context);
    const connection = asOperator(context);
    const { request } = createClient(connection);
    if (id !== undefined) {
      const told = await ask(connection, () =>
        request<Told>('POST', `/v1/notifications/${encodeURIComponent(id)}/replay`),
      );
      context.write(json ? `${JSON.stringify(told)}\n` : `${told.id}: ${told.status}, next at ${told.nextAttemptAt}\n`);
      return 0;
    }
    const period = {
      ...(from === undefined ? {} : { from: dateOf(from) }),
      ...(to === undefined ? {} : { to: dateOf(to) }),
    };
    const body = { status, ...filter, ...period };
    const replayAll = () => request<{ replayed: number }>('POST', '/v1/notifications/replay', { body });
    const { replayed } = await ask(connection, replayAll);
    context.write(json ? `${JSON.stringify({ replayed })}\n` : `${grouped(replayed)} notifications are told again\n`);
    return 0;
  },
};

/** Of a notification, what is said of it here. */
interface Told {
  readonly id: string;
  readonly status: string;
  readonly nextAttemptAt: string | null;
}

function dateOf(time: number): Date {
  return new Date(time);
}
