// `audit query`: the newest entries that match, in the order in which they were written.

import { scanAuditTrail } from '../../store/sqlite/queries/audit.ts';
import { type Action, readFlags } from '../context.ts';
import { DATABASE_FLAG, firstOf, withDatabase } from '../database.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP, wholeNumber } from '../filters.ts';
import { tableOf } from '../table.ts';
import { ENTRY_COLUMNS, entryJson, TRAIL_FLAGS, TRAIL_HELP, trailFilter } from './filters.ts';

const MOST = 10_000;

const FLAGS = {
  ...TRAIL_FLAGS,
  ...PERIOD_FLAGS,
  ...DATABASE_FLAG,
  limit: { type: 'string', default: '50' },
  before: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const auditQuery: Action = {
  help: `Usage: npm run audit -- query [FILTERS] [--limit N] [--before ENTRY] [--json]

The newest audit entries that match, in the order in which they were written.

${TRAIL_HELP}
  --from, --to    written in this time
  --limit N       so many, 50 unless said, at most ${MOST}; for all of them there is "audit export"
  --before ENTRY  only those before the entry with this number: the next page
  --json          one JSON document {"items": [...], "more": true|false}
  --database PATH another file than DATABASE_PATH, such as a backup

${TIME_HELP}

Exit code: 0 done, also when there are none; 2 it could not be done.

  npm run audit -- query --id order-4711
  npm run audit -- query --event CALLBACK_CONFLICT --from 7d
  npm run -s audit -- query --app shop --from 2026-01-31 --json | jq '.items[].detail'
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const limit = wholeNumber('--limit', values.limit, 1, MOST);
    const before = values.before === undefined ? undefined : wholeNumber('--before', values.before, 1, 1e15);
    const filter = { ...trailFilter(values), ...readPeriod(values, context), before };
    const { items, more } = await withDatabase(context, values.database, (client) =>
      firstOf(scanAuditTrail(client, filter, 'newest-first'), limit),
    );
    const entries = items.map(({ entry }) => entry).toReversed();
    if (values.json) {
      context.write(`{"items":[${entries.map(entryJson).join(',')}],"more":${more}}\n`);
      return 0;
    }
    if (entries.length === 0) context.writeError('No entry matches.\n');
    else context.write(tableOf(ENTRY_COLUMNS, entries, context));
    if (more) context.writeError(`There are more: --before ${entries[0]?.id}\n`);
    return 0;
  },
};
