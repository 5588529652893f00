// Measures what an open snapshot, as a backup holds it for an hour, adds to a commit: the same load on two databases in turns, one with
// a snapshot.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { pino } from 'pino';
import { medianSorted } from 'simple-statistics';
import { systemWorld } from '../../src/lib/world.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { type Measure, type Row, ratioOf, type Settings } from '../measure.ts';
import { type PostgresServer, startPostgresServer } from '../servers/postgres-server.ts';
import { createLifecycles } from './lifecycles.ts';

export interface SnapshotSize {
  readonly warmRounds: number;
  /** Rounds before the snapshot is taken: what one side differs from the other by itself. */
  readonly roundsBefore: number;
  readonly rounds: number;
  /** From the beginning of a round beside the snapshot to that of the next one, in milliseconds. Vacuum works in the rest of it. */
  readonly everyMs: number;
  /** Waves of executions on each database in each round. */
  readonly waves: number;
}

/** An hour. */
const FULL: SnapshotSize = { warmRounds: 2, roundsBefore: 8, rounds: 120, everyMs: 30_000, waves: 16 };
const QUICK: SnapshotSize = { warmRounds: 1, roundsBefore: 2, rounds: 4, everyMs: 0, waves: 4 };

const AT_MOST = 1.2;
/** An execution each second of virtual time. */
const EVERY_MS = 1_000;
const PER_WAVE = 64;
const DATABASES = ['held', 'free'] as const;
type Name = (typeof DATABASES)[number];

export const snapshot: Measure = (settings) => measureSnapshot(settings, settings.quick ? QUICK : FULL);

export async function measureSnapshot(settings: Settings, size: SnapshotSize): Promise<readonly Row[]> {
  const { scratch, signal, log } = settings;
  const server = await startPostgresServer({ scratch, place: null, canDownload: true });
  const closing: (() => Promise<void>)[] = [server.stop];
  try {
    const sides = await openSides(server, closing);
    const before: Round[] = [];
    const during: Round[] = [];
    const { warmRounds, roundsBefore, rounds, everyMs } = size;
    let heldSince = 0;
    for (let round = 1 - warmRounds - roundsBefore; round <= rounds; round += 1) {
      // Both sides have the same plans from then on.
      if (round === 1 - roundsBefore) for (const name of DATABASES) await server.run(name, 'ANALYZE');
      if (round === 1) {
        closing.push(await holdSnapshot(server.urlOf('held')));
        heldSince = performance.now();
      }
      await dueAt(heldSince + (round - 1) * everyMs, signal);
      signal.throwIfAborted();
      const p50 = await measureRound(sides, round, size.waves);
      if (round > 0) during.push(p50);
      else if (round > -roundsBefore) before.push(p50);
      log(`round ${round} of ${rounds}: ${p50.held.toFixed(2)} ms beside ${p50.free.toFixed(2)} ms`);
    }
    const minutes = Math.round((performance.now() - heldSince) / 60_000);
    const executions = rounds * size.waves * PER_WAVE;
    return rowsOf(before, during, { server: `PostgreSQL ${server.version}`, minutes, executions });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function openSides(server: PostgresServer, closing: (() => Promise<void>)[]): Promise<ReadonlyMap<Name, Side>> {
  const sides = new Map<Name, Side>();
  for (const name of DATABASES) {
    await server.run('postgres', `CREATE DATABASE ${name}`);
    const side = await openSide(server.urlOf(name));
    closing.push(side.close);
    sides.set(name, side);
  }
  return sides;
}

/** Resolves at a time of `performance.now()`. */
async function dueAt(time: number, signal: AbortSignal): Promise<void> {
  const early = time - performance.now();
  if (early > 0) await sleep(early, undefined, { signal });
}

type Round = Readonly<Record<Name, number>>;

/** Each side begins every other round. */
async function measureRound(sides: ReadonlyMap<Name, Side>, round: number, waves: number): Promise<Round> {
  const p50 = { held: 0, free: 0 };
  for (const name of round % 2 === 0 ? DATABASES : DATABASES.toReversed()) {
    p50[name] = (await sides.get(name)?.run(waves)) ?? 0;
  }
  return p50;
}

function rowsOf(before: readonly Round[], during: readonly Round[], context: NonNullable<Row['context']>): Row[] {
  const own = ratioOf(before.map(({ held, free }) => ({ ours: held, theirs: free })));
  const row = { beside: 'the same load without one', goal: { atMost: AT_MOST }, unit: 'times' } as const;
  const rowOf = (measure: string, rounds: readonly Round[], more: NonNullable<Row['context']>): Row => {
    const value = ratioOf(rounds.map(({ held, free }) => ({ ours: held / own.median, theirs: free })));
    return { ...row, measure, value, context: more };
  };
  const last = during.slice(-Math.ceil(during.length / 4));
  return [
    rowOf('p50 of a commit while a snapshot is open', during, { ...context, 'before it': own.median }),
    rowOf('the same, in the last quarter of the time', last, {}),
  ];
}

interface Side {
  /** Returns the median duration of a commit, in milliseconds. */
  run(waves: number): Promise<number>;
  close(): Promise<void>;
}

async function openSide(url: string): Promise<Side> {
  let durations: number[] = [];
  const log = pino({ level: 'silent' });
  const observeCommit = (_batch: number, milliseconds: number) => void durations.push(milliseconds);
  const store = await openPostgresStore({ url, world: systemWorld, log, observeCommit });
  const lives = createLifecycles(store, { begin: Date.now(), everyMs: EVERY_MS, perWave: PER_WAVE });
  return {
    run: async (waves) => {
      durations = [];
      for (let wave = 0; wave < waves; wave += 1) await lives.wave();
      return medianSorted(durations.toSorted((a, b) => a - b));
    },
    close: store.close,
  };
}

/** Takes a snapshot and holds it, as pg_dump does. Returns how to release it. */
async function holdSnapshot(url: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SELECT count(*) FROM executions');
  return () => client.end();
}
