// `audit tail`: entries as they are written, until somebody stops it.

import type { Database } from 'better-sqlite3';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import type { World } from '../../lib/world.ts';
import {
  type AuditFilter,
  type ChainedEntry,
  newestEntryId,
  scanAuditTrail,
} from '../../store/sqlite/queries/audit.ts';
import { type Action, type CommandContext, readFlags } from '../context.ts';
import { DATABASE_FLAG, firstOf, withDatabase } from '../database.ts';
import { wholeNumber } from '../filters.ts';
import { tableOf } from '../table.ts';
import { ENTRY_COLUMNS, entryJson, TRAIL_FLAGS, TRAIL_HELP, trailFilter } from './filters.ts';

const LOOKS_EVERY_MS = 250;
const MOST = 10_000;

const FLAGS = {
  ...TRAIL_FLAGS,
  ...DATABASE_FLAG,
  lines: { type: 'string', short: 'n', default: '10' },
  json: { type: 'boolean', default: false },
} as const;

export const auditTail: Action = {
  help: `Usage: npm run audit -- tail [FILTERS] [-n LINES] [--json]

The newest audit entries that match, then each new one as it is written. It reads the database, so it goes on while the
receiver is stopped and started. Ctrl-C ends it.

${TRAIL_HELP}
  -n, --lines N   begins with so many that are there already, 10 unless said
  --json          one JSON document a line (NDJSON)
  --database PATH another file than DATABASE_PATH

Exit code: 0 ended by Ctrl-C, by SIGTERM or by whoever reads it; 2 it could not be done.

  npm run audit -- tail
  npm run audit -- tail --app shop --event POLL_TIMEOUT -n 0
  npm run -s audit -- tail --json | jq 'select(.httpStatus >= 400)'
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const lines = wholeNumber('--lines', values.lines, 0, MOST);
    const filter = trailFilter(values);
    const show = shower(values.json, context);
    const stop = context.interrupted();
    await withDatabase(context, values.database, async (client) => {
      const newest = newestEntryId(client);
      const there = scanAuditTrail(client, { ...filter, before: newest + 1 }, 'newest-first');
      if (lines > 0) await show((await firstOf(there, lines)).items.toReversed());
      await follow(client, filter, newest, { show, stop, world: context.world });
    });
    return 0;
  },
};

type Show = (found: readonly ChainedEntry[]) => Promise<void>;

/** The names of the columns stand above the first ones alone. */
function shower(json: boolean, context: CommandContext): Show {
  let heading = true;
  return async (found) => {
    const entries = found.map(({ entry }) => entry);
    if (entries.length === 0) return;
    if (json) return context.writeStream(entries.map((entry) => `${entryJson(entry)}\n`).join(''));
    const table = tableOf(ENTRY_COLUMNS, entries, context, heading);
    heading = false;
    await context.writeStream(table);
  };
}

interface Following {
  readonly show: Show;
  readonly stop: AbortSignal;
  readonly world: Pick<World, 'sleep'>;
}

async function follow(client: Database, filter: AuditFilter, from: number, { show, stop, world }: Following) {
  let after = from;
  while (!stop.aborted) {
    const newest = newestEntryId(client);
    const next = { ...filter, after, before: newest + 1 };
    for (const { found } of newest > after ? scanAuditTrail(client, next, 'oldest-first') : []) {
      await show(found);
      await yieldToEventLoop();
      if (stop.aborted) return;
    }
    after = Math.max(after, newest);
    await world.sleep(LOOKS_EVERY_MS, stop);
  }
}
