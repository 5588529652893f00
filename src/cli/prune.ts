// `prune`: what retention takes away; counted beside a running receiver, done in its place while it is down.

import { readVariable } from '../config/config.ts';
import { yieldToEventLoop } from '../lib/event-loop.ts';
import type { Log } from '../lib/log.ts';
import { countPrunable, type PrunableCounts } from '../store/sqlite/queries/prunable.ts';
import { createSqliteStore } from '../store/sqlite/store.ts';
import { createExportFiles } from '../workers/pruner/export-files.ts';
import { createPruner } from '../workers/pruner/pruner.ts';
import { type Action, type CommandContext, CommandError, readFlags } from './context.ts';
import { withDatabase } from './database.ts';
import { wholeNumber } from './filters.ts';
import { grouped } from './print.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const FLAGS = {
  'dry-run': { type: 'boolean', default: false },
  'audit-days': { type: 'string' },
  'payload-days': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

interface Rules {
  readonly auditRetentionDays: number;
  readonly payloadRetentionDays: number;
}

export const prune: Action = {
  help: `Usage: npm run prune -- --dry-run [--audit-days N] [--payload-days N] [--json]
       npm run prune [-- …]

A running receiver prunes by itself, in small batches. With --dry-run this says what would go now: it only reads, and may run
while the receiver does. Without it, it prunes in the place of a receiver that is down: with the receiver's lock on the
database, so that neither can start beside the other, with its rules, and into RETENTION_EXPORT_DIR first if that is set.

  --audit-days N    instead of AUDIT_RETENTION_DAYS; 0 keeps executions and audit
  --payload-days N  instead of PAYLOAD_RETENTION_DAYS; 0 keeps payloads
  --json            one JSON document instead of lines

What is pruned is gone: look at --dry-run first, and make a backup.

Exit code: 0 done, 2 it could not be done, such as while a receiver runs.

  npm run prune -- --dry-run
  npm run prune -- --dry-run --audit-days 90
  systemctl stop cxone-callback-receiver && npm run prune && systemctl start cxone-callback-receiver
`,
  run: async (args, context) => {
    const { values } = readFlags(args, FLAGS, 0);
    const variables = context.env();
    const days = (flag: 'audit-days' | 'payload-days') => {
      const text = values[flag];
      return text === undefined ? undefined : wholeNumber(`--${flag}`, text, 0, 36_500);
    };
    const rules = {
      auditRetentionDays: days('audit-days') ?? readVariable(variables, 'AUDIT_RETENTION_DAYS'),
      payloadRetentionDays: days('payload-days') ?? readVariable(variables, 'PAYLOAD_RETENTION_DAYS'),
    };
    if (rules.auditRetentionDays + rules.payloadRetentionDays === 0) {
      throw new CommandError(
        'Everything is kept: set AUDIT_RETENTION_DAYS or PAYLOAD_RETENTION_DAYS, or say --audit-days.',
      );
    }
    const dryRun = values['dry-run'];
    const counts = await (dryRun ? look(rules, context) : take(rules, context));
    if (values.json) context.write(`${JSON.stringify({ dryRun, ...rules, ...counts })}\n`);
    else {
      const { entries, executions, payloads } = counts;
      const all = `${grouped(entries)} audit entries, ${grouped(executions)} executions, ${grouped(payloads)} payloads`;
      context.write(`${all} ${dryRun ? 'would go' : 'are gone'}\n`);
    }
    return 0;
  },
};

async function look(
  { auditRetentionDays, payloadRetentionDays }: Rules,
  context: CommandContext,
): Promise<PrunableCounts> {
  const now = context.world.now();
  const cutoff = (days: number) => (days === 0 ? null : now - days * DAY_MS);
  const cutoffs = { entries: cutoff(auditRetentionDays), payloads: cutoff(payloadRetentionDays) };
  return withDatabase(context, undefined, async (client) => {
    let counts: PrunableCounts = { entries: 0, executions: 0, payloads: 0 };
    for (const found of countPrunable(client, cutoffs)) {
      counts = found;
      await yieldToEventLoop();
    }
    return counts;
  });
}

async function take(rules: Rules, context: CommandContext): Promise<PrunableCounts> {
  const { world, writeError } = context;
  const variables = context.env();
  const folder = readVariable(variables, 'RETENTION_EXPORT_DIR');
  const secrets = readVariable(variables, 'CALLBACK_SECRET');
  const counts: PrunableCounts = { entries: 0, executions: 0, payloads: 0 };
  let failure: string | null = null;
  const log: Log = {
    debug: () => {},
    info: (facts, message) => {
      if (message !== 'pruned') return;
      for (const name of ['entries', 'executions', 'payloads'] as const) counts[name] += Number(facts[name]);
      writeError(`${String(facts['head'])}\n`);
    },
    warn: ({ reason }, message) => {
      failure = `${message}: ${String(reason)}`;
    },
    error: ({ reason }, message) => {
      failure = `${message}: ${String(reason)}`;
    },
  };
  const path = readVariable(variables, 'DATABASE_PATH');
  const stop = context.interrupted();
  const store = createSqliteStore({ path, world, log, fatal: throwOn });
  try {
    // Nobody else has to be let through, so nothing is waited for between batches.
    const offline = { ...world, sleep: yieldToEventLoop };
    const exports = folder === undefined ? null : createExportFiles(folder, world);
    const work = createPruner({ store, world: offline, log, rules, exports, secrets });
    while ((await work({ signal: stop })) !== null && !stop.aborted && failure === null) await yieldToEventLoop();
  } finally {
    await store.close();
  }
  if (failure !== null) throw new CommandError(failure);
  return counts;
}

function throwOn(error: unknown): never {
  throw error;
}
