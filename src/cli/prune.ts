// `prune`: shows what retention deletes, or deletes it while the receiver is down.

import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import { many } from '../lib/figures.ts';
import type { Log } from '../lib/log.ts';
import { runInTurns } from '../lib/steps.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PrunableCounts } from '../store/reader-port.ts';
import { openStoreInSteps } from '../store/sqlite/store.ts';
import { createExportFiles } from '../workers/pruner/export-files.ts';
import { createPruner } from '../workers/pruner/pruner.ts';
import { type CommandContext, CommandError, type Declare } from './context.ts';
import { databaseFile, withDatabase } from './database.ts';
import { jsonOption, wholeNumber, withHelp } from './options.ts';
import { writeResult } from './print.ts';
import { showUpgrade } from './upgrade-display.ts';

const days = wholeNumber(0, 36_500);

interface Rules {
  readonly auditRetentionDays: number;
  readonly payloadRetentionDays: number;
}

export const prune: Declare = (command, context) =>
  withHelp(command, {
    description: `A running receiver prunes by itself, in small batches. With --dry-run, this counts what would be
deleted now: it only reads, and may run beside the receiver. Without it, this prunes while the receiver is down: it
holds the receiver's lock on the database, follows the same rules, and exports to RETENTION_EXPORT_DIR first if that is
set. Pruned data is lost: run --dry-run first, and make a backup.`,
    exitCodes:
      '0 done, 2 the command could not be carried out, for example because a receiver runs, or was interrupted',
    examples: [
      'npm run -s prune -- --dry-run',
      'npm run -s prune -- --dry-run --audit-days 90',
      'systemctl stop cxone-callback-receiver && npm run -s prune && systemctl start cxone-callback-receiver',
    ],
  })
    .option('--dry-run', 'count only, delete nothing')
    .option('--audit-days <days>', 'instead of AUDIT_RETENTION_DAYS; 0 keeps executions and audit entries', days)
    .option('--payload-days <days>', 'instead of PAYLOAD_RETENTION_DAYS; 0 keeps payloads', days)
    .addOption(jsonOption)
    .action(async ({ dryRun = false, auditDays, payloadDays, json }) => {
      const variables = context.env();
      const rules = {
        auditRetentionDays: auditDays ?? readVariable(variables, 'AUDIT_RETENTION_DAYS'),
        payloadRetentionDays: payloadDays ?? readVariable(variables, 'PAYLOAD_RETENTION_DAYS'),
      };
      if (rules.auditRetentionDays + rules.payloadRetentionDays === 0) {
        throw new CommandError('Everything is kept: set AUDIT_RETENTION_DAYS, PAYLOAD_RETENTION_DAYS or --audit-days.');
      }
      const counts = await (dryRun ? countNow(rules, context) : pruneAll(rules, context));
      writeResult(
        context,
        json,
        { dryRun, ...rules, ...counts },
        `${inWords(counts)} ${dryRun ? 'would be' : 'were'} deleted`,
      );
    });

function inWords({ entries, executions, payloads }: PrunableCounts): string {
  return `${many(entries, 'audit entry')}, ${many(executions, 'execution')}, ${many(payloads, 'payload')}`;
}

async function countNow(
  { auditRetentionDays, payloadRetentionDays }: Rules,
  context: CommandContext,
): Promise<PrunableCounts> {
  const now = context.world.now();
  const cutoff = (days: number) => (days === 0 ? null : now - days * DAY_MS);
  const cutoffs = { entries: cutoff(auditRetentionDays), payloads: cutoff(payloadRetentionDays) };
  return withDatabase(context, undefined, async (reader) => {
    let counts: PrunableCounts = { entries: 0, executions: 0, payloads: 0 };
    for await (const found of reader.prunable(cutoffs)) {
      counts = found;
      await yieldToEventLoop();
    }
    return counts;
  });
}

async function pruneAll(rules: Rules, context: CommandContext): Promise<PrunableCounts> {
  const { world, writeError } = context;
  const variables = context.env();
  const folder = readVariable(variables, 'RETENTION_EXPORT_DIR');
  const secrets = readVariable(variables, 'CALLBACK_SECRET');
  const counts = { entries: 0, executions: 0, payloads: 0 };
  let failure: string | null = null;
  const fail: Log['error'] = ({ reason }, message) => {
    failure = `${message}: ${String(reason)}`;
  };
  const log: Log = {
    debug: () => {},
    info: (facts, message) => {
      if (message !== 'pruned') return;
      for (const name of ['entries', 'executions', 'payloads'] as const) counts[name] += Number(facts[name]);
      writeError(`${String(facts['head'])}\n`);
    },
    warn: fail,
    error: fail,
  };
  const path = databaseFile(context, 'a receiver prunes it while it runs');
  const mode = readVariable(variables, 'DATABASE_MODE');
  const stop = context.interrupted();
  // What the opening of a file warns of, for example that it is a copy, does not stop the pruning.
  // promise: warning-of-the-file-stops-no-prune
  const whileOpening: Log = { ...log, warn: (_, message) => writeError(`${message}\n`) };
  const options = { path, world, log: whileOpening, fatal: throwOn, mode, upgradeDisplay: showUpgrade(context) };
  const store = await runInTurns(openStoreInSteps(options), () => stop);
  try {
    // The receiver is down, so the pauses between batches are unnecessary.
    const offline = { ...world, sleep: yieldToEventLoop };
    const exports = folder === undefined ? null : createExportFiles(folder, world, mode);
    const work = createPruner({ store, world: offline, log, rules, exports, secrets });
    while ((await work({ signal: stop })) !== null && failure === null) await yieldToEventLoop();
  } finally {
    await store.close();
  }
  if (failure !== null) throw new CommandError(failure);
  if (stop.aborted)
    throw new CommandError(`interrupted: ${inWords(counts)} were deleted; run it again to delete the rest`);
  return counts;
}

function throwOn(error: unknown): never {
  throw error;
}
