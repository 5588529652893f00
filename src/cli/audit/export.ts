// `audit export`: writes the trail with its hashes as CSV or NDJSON.

import { representEntry } from '../../execution/representation.ts';
import type { AuditHead } from '../../store/port.ts';
import type { ChainedEntry } from '../../store/reader-port.ts';
import type { Declare } from '../context.ts';
import { withDatabase } from '../database.ts';
import { addDestination, EXPORT_HELP, manifestFilter, writeExport } from '../export.ts';
import {
  addAuditFilters,
  addPeriod,
  auditFilter,
  databaseOption,
  maskingOf,
  readPeriod,
  revealOption,
  withHelp,
} from '../options.ts';

export const auditExport: Declare = (command, context) =>
  withHelp(addDestination(addPeriod(addAuditFilters(command), 'written')), {
    description: `Writes all audit entries that match, oldest first, each as in the API and with its hash. Without
filters the chain can be verified from the file; if it hides members of SENSITIVE_FIELDS, only with --reveal. Entries
that are written after the export begins are not included.`,
    notes: EXPORT_HELP,
    exitCodes: '0 done, 2 the command could not be carried out and no file was written',
    examples: [
      'npm run -s audit -- export --out audit-2026-01.csv --from 2026-01-01 --to 2026-02-01',
      'npm run -s audit -- export --event CALLBACK_CONFLICT | jq .correlationId',
    ],
  })
    .addOption(revealOption)
    .addOption(databaseOption)
    .action((options) => {
      const filter = { ...auditFilter(options), ...readPeriod(options, context) };
      return withDatabase(context, options.database, async (reader) => {
        const total = await reader.countEntryIds(filter);
        const batches = reader.entries(filter, 'oldest-first');
        const masking = maskingOf(options, context);
        let [first, last]: [number | null, AuditHead | null] = [null, null];
        const represent = ({ entry, hash }: ChainedEntry) => {
          first ??= entry.id;
          last = { id: entry.id, hash };
          return { ...representEntry(masking.entry(entry)), hash };
        };
        const chain = async () =>
          first === null || last === null ? null : { after: await reader.entryBefore(first), last };
        const described = {
          content: 'audit',
          filter: manifestFilter(filter),
          isMasked: masking.names.length > 0,
        } as const;
        const source = { ...described, batches, total, represent, names: NAMES, chain };
        return writeExport(source, options, context);
      });
    });

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
] as const satisfies readonly (keyof ReturnType<typeof representEntry> | 'hash')[];
