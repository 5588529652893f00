// `audit export`: the trail, with its hashes, as CSV or NDJSON.

import { representEntry } from '../../execution/representation.ts';
import { type ChainedEntry, idRangeOf, scanAuditTrail } from '../../store/sqlite/queries/audit.ts';
import { type Action, readFlags } from '../context.ts';
import { DATABASE_FLAG, withDatabase } from '../database.ts';
import { CSV_HELP, EXPORT_FLAGS, EXPORT_HELP, readFormat, writeExport } from '../export.ts';
import { PERIOD_FLAGS, readPeriod, TIME_HELP } from '../filters.ts';
import { TRAIL_FLAGS, TRAIL_HELP, trailFilter } from './filters.ts';

const FLAGS = { ...TRAIL_FLAGS, ...PERIOD_FLAGS, ...EXPORT_FLAGS, ...DATABASE_FLAG } as const;

export const auditExport: Action = {
  help: `Usage: npm run audit -- export [FILTERS] [--format csv|ndjson] [--out FILE]

All audit entries that match, oldest first, each as the API shows it and with its hash: without filters the chain can be
verified from the file. Entries that are written after it began are not in it. It may run while the receiver does.

${TRAIL_HELP}
  --from, --to    written in this time
${EXPORT_HELP}
  --database PATH another file than DATABASE_PATH, such as a backup

${CSV_HELP}
${TIME_HELP}

Exit code: 0 done, also when whoever reads stdout has had enough; 2 it could not be done, and there is no FILE.

  npm run audit -- export --out audit-2026-01.csv --from 2026-01-01 --to 2026-02-01
  npm run -s audit -- export --event CALLBACK_CONFLICT | jq .correlationId
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const format = readFormat(values);
    const filter = { ...trailFilter(values), ...readPeriod(values, context) };
    return withDatabase(context, values.database, (client) => {
      const { low, high } = idRangeOf(client, filter);
      const stretches = scanAuditTrail(client, filter, 'oldest-first');
      const source = { stretches, total: high - low, represent, names: NAMES };
      return writeExport(source, { format, out: values.out }, context);
    });
  },
};

function represent({ entry, hash }: ChainedEntry) {
  return { ...representEntry(entry), hash };
}

const NAMES = [
  'id',
  'timestamp',
  'event',
  'actionId',
  'correlationId',
  'executionId',
  'latencyMs',
  'httpStatus',
  'app',
  'detail',
  'hash',
] as const satisfies readonly (keyof ReturnType<typeof represent>)[];
