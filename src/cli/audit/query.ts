// `audit query`: prints the newest entries that match, oldest of them first.

import { operatorNamed, representActivity } from '../../store/activity-port.ts';
import type { Declare } from '../context.ts';
import { firstOf, withDatabase } from '../database.ts';
import {
  addAuditFilters,
  addPeriod,
  auditFilter,
  databaseOption,
  jsonOption,
  limitOption,
  maskingOf,
  readPeriod,
  revealOption,
  TIME_HELP,
  wholeNumber,
  withHelp,
} from '../options.ts';
import { tableOf } from '../table.ts';
import { ACTIVITY_COLUMNS, ENTRY_COLUMNS, entryJson } from './entries.ts';

const MAX_ENTRIES = 10_000;

export const auditQuery: Declare = (command, context) =>
  withHelp(addPeriod(addAuditFilters(command), 'written'), {
    description: 'Prints the newest audit entries that match, in the order in which they were written.',
    notes: `With --json: {"items": [...], "more": true|false}, with --by also "activity": [...], the newest lines in the order of
their starts. "audit export" writes all entries.\n${TIME_HELP}`,
    exitCodes: '0 done, also when no entry matches; 2 the command could not be carried out',
    examples: [
      'npm run -s audit -- query --id order-4711',
      'npm run -s audit -- query --by alice --from 24h',
      'npm run -s audit -- query --event CALLBACK_CONFLICT --from 7d',
      "npm run -s audit -- query --app shop --from 2026-01-31 --json | jq '.items[].detail'",
    ],
  })
    .addOption(limitOption(50, MAX_ENTRIES))
    .option(
      '--by <name>',
      'only entries that this operator caused, and the activity of this operator: bulk actions, reveals',
    )
    .option('--before <entry>', 'only entries before the one with this number: the next page', wholeNumber(1, 1e15))
    .addOption(jsonOption)
    .addOption(revealOption)
    .addOption(databaseOption)
    .action(async (options) => {
      const { limit, before, json, by: name } = options;
      const by = name === undefined ? undefined : operatorNamed(name);
      const masking = maskingOf(options, context);
      const period = readPeriod(options, context);
      const filter = { ...auditFilter(options), ...period, before, by };
      const { items, more, activity } = await withDatabase(context, options.database, async (reader) => ({
        ...(await firstOf(reader.entries(filter, 'newest-first'), limit)),
        activity: by === undefined ? null : (await reader.listActivity({ by, ...period, limit })).items.toReversed(),
      }));
      const entries = items.map(({ entry }) => masking.entry(entry)).toReversed();
      if (json) {
        const lines = activity === null ? '' : `,"activity":${JSON.stringify(activity.map(representActivity))}`;
        context.write(`{"items":[${entries.map(entryJson).join(',')}],"more":${more}${lines}}\n`);
        return;
      }
      if (entries.length === 0) context.writeError('No entry matches.\n');
      else context.write(tableOf(ENTRY_COLUMNS, entries, context));
      if (activity !== null && activity.length > 0) context.write(`\n${tableOf(ACTIVITY_COLUMNS, activity, context)}`);
      if (more) context.writeError(`There are more: --before ${entries[0]?.id}\n`);
    });
