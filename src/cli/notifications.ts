// `notifications …`: lists notifications to apps and replays them.

import { many } from '../lib/figures.ts';
import { isoTime } from '../lib/time.ts';
import { NOTIFICATION_STATUSES, type Notification, representNotification } from '../notification/notification.ts';
import type { Declare } from './context.ts';
import { withDatabase } from './database.ts';
import {
  addNotificationFilters,
  choiceOption,
  databaseOption,
  jsonOption,
  limitOption,
  notificationFilter,
  sortOption,
  TIME_HELP,
  withHelp,
} from './options.ts';
import { writeResult } from './print.ts';
import { ALL_TIMEOUT_MS, asOperator, RECEIVER_HELP } from './receiver.ts';
import { filterBody, requireOneOrAll } from './selection.ts';
import { type Column, tableOf } from './table.ts';

const MAX_NOTIFICATIONS = 1_000;

export const notifications: Declare = (command, context) => {
  withHelp(command, {
    description: `Lists and replays notifications to apps. list only reads the database, while the receiver runs or is
down. replay calls the running receiver.`,
    exitCodes:
      '0 done, 1 the notification does not exist or the receiver refused, 2 the command could not be carried out',
    examples: ['npm run -s notifications -- list --status DEAD', 'npm run -s notifications -- replay --all --app shop'],
  });
  notificationsList(command.command('list').summary('print the newest notifications; DEAD: dead letters'), context);
  notificationsReplay(command.command('replay').summary('send one notification again, or all that match'), context);
};

const COLUMNS: readonly Column<Notification>[] = [
  { name: 'CREATED', of: ({ createdAt }) => isoTime(createdAt) },
  { name: 'ID', of: ({ id }) => id },
  { name: 'STATUS', of: ({ status }) => status },
  { name: 'TYPE', of: ({ type }) => type.replace('execution.', '') },
  { name: 'APP', of: ({ app }) => app },
  { name: 'TRIES', of: ({ attempts }) => attempts, right: true },
  { name: 'HTTP', of: ({ lastHttpStatus }) => lastHttpStatus, right: true },
  { name: 'NEXT', of: ({ dueAt }) => isoTime(dueAt) },
  { name: 'CORRELATION ID', of: ({ correlationId }) => correlationId },
  { name: 'URL', of: ({ url }) => url },
  { name: 'ERROR', of: ({ lastError }) => lastError },
];

const notificationsList: Declare = (command, context) =>
  withHelp(addNotificationFilters(command), {
    description: 'Prints the notifications that match, newest first unless --sort states otherwise.',
    notes: `With --json: {"items": [...], "more": true|false}.\n${TIME_HELP}`,
    exitCodes: '0 done, also when none matches; 2 the command could not be carried out',
    examples: [
      'npm run -s notifications -- list --status DEAD',
      "npm run -s notifications -- list --app shop --from 24h --json | jq '.items[].lastError'",
    ],
  })
    .addOption(sortOption())
    .addOption(choiceOption('--status <status>', 'only this status', NOTIFICATION_STATUSES))
    .addOption(limitOption(20, MAX_NOTIFICATIONS))
    .addOption(jsonOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const { status, limit, json, sort } = options;
      const filter = { app: null, ...notificationFilter(options, context), ...(status && { status }) };
      const { found, next, paused } = await withDatabase(context, options.database, async (reader) => {
        const { items, next } = await reader.listNotifications({ ...filter, limit, oldestFirst: sort === 'oldest' });
        return { found: items, next, paused: await reader.pausedEndpoints() };
      });
      const now = context.world.now();
      const isPaused = ({ app, origin }: Notification) =>
        paused.some((one) => one.app === app && one.origin === origin);
      // What is due is sent in its turn, and nothing is sent to a paused endpoint.
      const items = found.map((one) => {
        if (one.dueAt === null) return one;
        return { ...one, dueAt: isPaused(one) ? null : Math.max(one.dueAt, now) };
      });
      if (json) {
        context.write(`${JSON.stringify({ items: items.map(representNotification), more: next !== null })}\n`);
        return;
      }
      if (items.length === 0) context.writeError('No notification matches.\n');
      else context.write(tableOf(COLUMNS, items, context));
      const last = items.at(-1)?.createdAt ?? now;
      // Others may have been created in the same millisecond: the next page begins with them again.
      // promise: next-page-leaves-none-out
      const rest = sort === 'oldest' ? `--from ${isoTime(last)}` : `--to ${isoTime(last + 1)}`;
      if (next !== null) context.writeError(`There are more: --limit, or ${rest}\n`);
    });

const notificationsReplay: Declare = (command, context) =>
  withHelp(addNotificationFilters(command), {
    description: `Makes the receiver send a notification again, under the same webhook-id: one notification, or all that
match. The audit trail names the operator.`,
    notes: `${RECEIVER_HELP}\n${TIME_HELP}`,
    exitCodes: '0 they are due again, 1 the notification does not exist or is still pending, 2 not carried out',
    examples: [
      'npm run -s notifications -- replay msg_019a8f3e-0000-7000-8000-000000000000_ended',
      'npm run -s notifications -- replay --all --app shop --from 24h',
    ],
  })
    .argument('[notification]', 'the id of one notification')
    .option('--all', 'all notifications that match the other options')
    .addOption(choiceOption('--status <status>', 'with --all (default: DEAD)', ['DEAD', 'DELIVERED']))
    .addOption(jsonOption)
    .action(async (id, { all, json, ...filters }) => {
      requireOneOrAll({ noun: 'notification', one: id, all, filters });
      if (id !== undefined) {
        const path = `/v1/notifications/${encodeURIComponent(id)}/replay` as const;
        const replayed = await asOperator(context)<Replayed>('POST', path);
        const line = `${replayed.id}: ${replayed.status}, next at ${replayed.nextAttemptAt}`;
        return writeResult(context, json, replayed, line);
      }
      const body = { status: filters.status ?? 'DEAD', ...filterBody(notificationFilter(filters, context)) };
      const request = asOperator(context, ALL_TIMEOUT_MS);
      const { replayed } = await request<{ replayed: number }>('POST', '/v1/notifications/replay', { body });
      const sent = `${many(replayed, 'notification')} ${replayed === 1 ? 'is' : 'are'} sent again`;
      writeResult(context, json, { replayed }, sent);
    });

/** The members of a notification that are printed. */
interface Replayed {
  readonly id: string;
  readonly status: string;
  readonly nextAttemptAt: string | null;
}
