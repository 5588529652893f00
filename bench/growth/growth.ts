// Measures how the tables of a PostgreSQL grow: the lives of many executions in virtual time, with retention.

import { pino } from 'pino';
import { systemWorld, type World } from '../../src/lib/world.ts';
import type { Store } from '../../src/store/port.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { createPruner } from '../../src/workers/pruner/pruner.ts';
import type { Measure, Row, Settings } from '../measure.ts';
import { spreadOf } from '../measure.ts';
import { verifyReceiver } from '../postgres/databases.ts';
import { type PostgresServer, startPostgresServer } from '../servers/postgres-server.ts';
import { createLifecycles, type Lifecycles } from './lifecycles.ts';
import { hotShare, readTables, sizeOf, type TableFigures } from './tables.ts';

const DAY_MS = 86_400_000;
const MEGABYTE = 2 ** 20;
/** A table with fewer updates than this share of all has no row of its own. */
const FEW = 0.001;
const HOT_GOAL = 0.8;
const LOG_EVERY = 25_000;

export interface GrowthSize {
  readonly lifecycles: number;
  readonly days: number;
  readonly auditRetentionDays: number;
  readonly payloadRetentionDays: number;
  /** Executions that are submitted at the same time. */
  readonly perWave: number;
}

const FULL: GrowthSize = {
  ...{ lifecycles: 500_000, days: 90, auditRetentionDays: 30, payloadRetentionDays: 7 },
  perWave: 512,
};
const QUICK: GrowthSize = { ...FULL, lifecycles: 10_000, perWave: 128 };

const DATABASE = 'growth';
const silent = pino({ level: 'silent' });

export const growth: Measure = (settings) => measureGrowth(settings, settings.quick ? QUICK : FULL);

export async function measureGrowth(settings: Settings, size: GrowthSize): Promise<readonly Row[]> {
  const server = await startPostgresServer({ scratch: settings.scratch, place: null, canDownload: true });
  try {
    await server.run('postgres', `CREATE DATABASE ${DATABASE}`);
    await live({ ...settings, url: server.urlOf(DATABASE) }, size);
    return await rowsOf(server, size, settings.log);
  } finally {
    await server.stop();
  }
}

interface Living extends Pick<Settings, 'log' | 'signal'> {
  readonly url: string;
}

/** Runs the executions, and prunes once each virtual day. */
export async function live({ url, log, signal }: Living, size: GrowthSize): Promise<void> {
  const store = await openPostgresStore({ url, world: systemWorld, log: silent });
  try {
    const begin = Date.now() - size.days * DAY_MS;
    const everyMs = (size.days * DAY_MS) / size.lifecycles;
    const lives = createLifecycles(store, { begin, everyMs, perWave: size.perWave });
    const prune = pruning(store, lives, size);
    let prunedAt = begin;
    let logged = 0;
    while (lives.submitted() < size.lifecycles) {
      signal.throwIfAborted();
      await lives.wave();
      if (lives.now() - prunedAt >= DAY_MS) {
        await prune(signal);
        prunedAt = lives.now();
      }
      if (lives.submitted() - logged >= LOG_EVERY) {
        logged = lives.submitted();
        log(`${logged.toLocaleString('en')} of ${size.lifecycles.toLocaleString('en')} executions`);
      }
    }
  } finally {
    await store.close();
  }
}

/** Returns a function that prunes as the loop of a receiver does, without its pauses. */
function pruning(store: Store, { now }: Pick<Lifecycles, 'now'>, size: GrowthSize) {
  const { auditRetentionDays, payloadRetentionDays } = size;
  const world: World = { ...systemWorld, now, sleep: async () => {} };
  const rules = { auditRetentionDays, payloadRetentionDays };
  const round = createPruner({ store, world, log: silent, rules, exports: null, secrets: ['secret of the bench'] });
  return async (signal: AbortSignal) => {
    while ((await round({ signal })) !== null) signal.throwIfAborted();
  };
}

async function rowsOf(server: PostgresServer, size: GrowthSize, log: Settings['log']): Promise<readonly Row[]> {
  const tables = await readTables(server.run, DATABASE);
  const partitions = await server.run(DATABASE, 'SELECT first, last FROM audit_partitions');
  for (const table of tables.filter(({ size: bytes }) => bytes >= MEGABYTE)) log(lineOf(table));
  const [account] = await server.run(DATABASE, 'SELECT accepted::int, terminal::int FROM conservation');
  const { accepted, terminal } = account as { accepted: number; terminal: number };
  await verifyReceiver(server, DATABASE, { open: 0, called: terminal, submitted: accepted });
  await server.run(DATABASE, 'VACUUM FULL');
  const rewritten = await readTables(server.run, DATABASE);
  const { lifecycles, days, auditRetentionDays, payloadRetentionDays } = size;
  const lived = `${lifecycles.toLocaleString('en')} executions in ${days} days, of which ${auditRetentionDays} are kept, payloads ${payloadRetentionDays}`;
  const all = tables.reduce((sum, { updates }) => sum + updates, 0);
  return [
    hotRow('updates that are HOT, all tables', tables),
    ...tables
      .filter(({ updates }) => updates >= FEW * all)
      .map((table) => hotRow(`updates that are HOT, ${table.name}`, [table])),
    {
      measure: `size after ${lived}`,
      beside: 'the same after VACUUM FULL',
      goal: null,
      value: spreadOf([sizeOf(tables) / sizeOf(rewritten)]),
      unit: 'times',
      context: {
        ...{ server: `PostgreSQL ${server.version}`, 'size, MB': megabytes(sizeOf(tables)) },
        ...{ 'after VACUUM FULL, MB': megabytes(sizeOf(rewritten)), partitions: partitions.length },
      },
    },
  ];
}

function hotRow(measure: string, tables: readonly TableFigures[]): Row {
  const updates = tables.reduce((sum, table) => sum + table.updates, 0);
  const value = spreadOf([hotShare(tables)]);
  return { measure, beside: null, goal: { atLeast: HOT_GOAL }, value, unit: 'of all', context: { updates } };
}

function lineOf({ name, heap, size, live: rows, dead, updates, hot, deletes }: TableFigures): string {
  const share = updates === 0 ? '-' : `${Math.round((100 * hot) / updates)} %`;
  const [own, indexes] = [megabytes(heap), megabytes(size - heap)];
  return `| ${[`\`${name}\``, own, indexes, rows, dead, updates, share, deletes].join(' | ')} |`;
}

const megabytes = (bytes: number) => Number((bytes / MEGABYTE).toFixed(1));
