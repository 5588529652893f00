// `audit tail`: prints entries as they are written, until it is interrupted.

import type { Database } from 'better-sqlite3';
import type { Masking } from '../../execution/masking.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { onOneLine } from '../../lib/json-line.ts';
import type { World } from '../../lib/world.ts';
import {
  type AuditFilter,
  type ChainedEntry,
  newestEntryId,
  scanAuditTrail,
} from '../../store/sqlite/queries/audit.ts';
import type { CommandContext, Declare } from '../context.ts';
import { firstOf, withDatabase } from '../database.ts';
import {
  addAuditFilters,
  auditFilter,
  databaseOption,
  helpEnd,
  maskingOf,
  revealOption,
  wholeNumber,
} from '../options.ts';
import { tableOf } from '../table.ts';
import { ENTRY_COLUMNS, entryJson } from './entries.ts';

const POLL_INTERVAL_MS = 250;
const MAX_LINES = 10_000;

export const auditTail: Declare = (command, context) =>
  addAuditFilters(command)
    .description(
      `Prints the newest audit entries that match, then each new one as it is written. It reads the database, so it continues
while the receiver is stopped and started. Ctrl-C ends it.`,
    )
    .option('-n, --lines <count>', 'begin with this many existing entries', wholeNumber(0, MAX_LINES), 10)
    .option('--json', 'print one JSON document per line (NDJSON)')
    .addOption(revealOption)
    .addOption(databaseOption)
    .addHelpText(
      'after',
      helpEnd('', '0 ended by Ctrl-C, by SIGTERM or by its reader; 2 the command could not be carried out', [
        'npm run -s audit -- tail',
        'npm run -s audit -- tail --app shop --event POLL_TIMEOUT -n 0',
        "npm run -s audit -- tail --json | jq 'select(.httpStatus >= 400)'",
      ]),
    )
    .action(async (options) => {
      const { lines, json = false } = options;
      const filter = auditFilter(options);
      const show = createShow(json, maskingOf(options, context), context);
      const stop = context.interrupted();
      await withDatabase(context, options.database, async (client) => {
        const newest = newestEntryId(client);
        const existing = scanAuditTrail(client, { ...filter, before: newest + 1 }, 'newest-first');
        if (lines > 0) await show((await firstOf(existing, lines)).items.toReversed());
        await follow(client, filter, newest, { show, stop, world: context.world });
      });
    });

type Show = (found: readonly ChainedEntry[]) => Promise<void>;

/** The heading is printed once, above the first entries. */
function createShow(json: boolean, masking: Masking, context: CommandContext): Show {
  let heading = true;
  return async (found) => {
    const entries = found.map(({ entry }) => masking.entry(entry));
    if (entries.length === 0) return;
    if (json) return context.writeStream(entries.map((entry) => `${onOneLine(entryJson(entry))}\n`).join(''));
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
    await world.sleep(POLL_INTERVAL_MS, stop);
  }
}
