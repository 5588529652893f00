// `notifications list`: the newest notifications that match.

import { drizzle } from 'drizzle-orm/better-sqlite3';
import { isoTime } from '../../lib/time.ts';
import { NOTIFICATION_STATUSES, type Notification } from '../../notification/notification.ts';
import { representNotification } from '../../notification/representation.ts';
import { createNotificationList } from '../../store/sqlite/outbox/list.ts';
import { type Action, readFlags } from '../context.ts';
import { DATABASE_FLAG, withDatabase } from '../database.ts';
import { oneOf, TIME_HELP, wholeNumber } from '../filters.ts';
import { type Column, tableOf } from '../table.ts';
import { NOTIFICATION_FLAGS, NOTIFICATION_HELP, notificationFilter } from './filters.ts';

const MOST = 1_000;

const FLAGS = {
  ...NOTIFICATION_FLAGS,
  ...DATABASE_FLAG,
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
} as const;

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

export const notificationsList: Action = {
  help: `Usage: npm run notifications -- list [FILTERS] [--limit N] [--json]

The newest notifications that match, newest first.

  --status S      ${NOTIFICATION_STATUSES.join(', ')}
${NOTIFICATION_HELP}
  --limit N       so many, 20 unless said, at most ${MOST}
  --json          one JSON document {"items": [...], "more": true|false}
  --database PATH another file than DATABASE_PATH, such as a backup

${TIME_HELP}

Exit code: 0 done, also when there are none; 2 it could not be done.

  npm run notifications -- list --status DEAD
  npm run -s notifications -- list --app shop --from 24h --json | jq '.items[].lastError'
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const limit = wholeNumber('--limit', values.limit, 1, MOST);
    const filter = {
      app: null,
      ...notificationFilter(values, context),
      ...(values.status === undefined ? {} : { status: oneOf('--status', values.status, NOTIFICATION_STATUSES) }),
    };
    const { items, next } = await withDatabase(context, values.database, (client) =>
      createNotificationList(drizzle(client)).page({ ...filter, limit }),
    );
    if (values.json) {
      context.write(`${JSON.stringify({ items: items.map(representNotification), more: next !== null })}\n`);
      return 0;
    }
    if (items.length === 0) context.writeError('No notification matches.\n');
    else context.write(tableOf(COLUMNS, items, context));
    if (next !== null) context.writeError('There are more: --limit, or --to with the time of the last one.\n');
    return 0;
  },
};
