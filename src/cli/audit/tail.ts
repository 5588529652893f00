// `audit tail`: prints entries as they are written, until it is interrupted.

import type { Masking } from '../../execution/masking.ts';
import { yieldToEventLoop } from '../../lib/event-loop.ts';
import { onOneLine } from '../../lib/lines.ts';
import type { World } from '../../lib/world.ts';
import type { AuditFilter, ChainedEntry, StoreReader } from '../../store/reader-port.ts';
import type { CommandContext, Declare } from '../context.ts';
import { firstOf, withDatabase } from '../database.ts';
import {
  addAuditFilters,
  auditFilter,
  databaseOption,
  maskingOf,
  revealOption,
  wholeNumber,
  withHelp,
} from '../options.ts';
import { tableOf } from '../table.ts';
import { ENTRY_COLUMNS, entryJson } from './entries.ts';

const POLL_INTERVAL_MS = 250;
const MAX_LINES = 10_000;

export const auditTail: Declare = (command, context) =>
  withHelp(addAuditFilters(command), {
    description: `Prints the newest audit entries that match, then each new one as it is written. It reads the database,
so it continues while the receiver is stopped and started. Ctrl-C ends it.`,
    exitCodes: '0 ended by Ctrl-C, by SIGTERM or by its reader; 2 the command could not be carried out',
    examples: [
      'npm run -s audit -- tail',
      'npm run -s audit -- tail --app shop --event POLL_TIMEOUT -n 0',
      "npm run -s audit -- tail --json | jq 'select(.httpStatus >= 400)'",
    ],
  })
    .option('-n, --lines <count>', 'begin with this many existing entries', wholeNumber(0, MAX_LINES), 10)
    .option('--json', 'print one JSON document per line (NDJSON)')
    .addOption(revealOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const { lines, json = false } = options;
      const filter = auditFilter(options);
      const show = createShow(json, maskingOf(options, context), context);
      const stop = context.interrupted();
      await withDatabase(context, options.database, async (reader) => {
        const newest = await reader.newestEntryId();
        const existing = reader.entries({ ...filter, before: newest + 1 }, 'newest-first');
        if (lines > 0) await show((await firstOf(existing, lines)).items.toReversed());
        await follow(reader, filter, newest, { show, stop, world: context.world });
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

async function follow(reader: StoreReader, filter: AuditFilter, from: number, { show, stop, world }: Following) {
  let after = from;
  while (!stop.aborted) {
    const newest = await reader.newestEntryId();
    const next = { ...filter, after, before: newest + 1 };
    for await (const { found } of newest > after ? reader.entries(next, 'oldest-first') : []) {
      await show(found);
      await yieldToEventLoop();
      if (stop.aborted) return;
    }
    after = Math.max(after, newest);
    await world.sleep(POLL_INTERVAL_MS, stop);
  }
}
