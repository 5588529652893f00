// Measures what an open snapshot, as a backup holds it, adds to a commit: the same load on two databases in turns, one with a snapshot.

import { Client } from 'pg';
import { pino } from 'pino';
import { medianSorted } from 'simple-statistics';
import { systemWorld } from '../../src/lib/world.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { type Measure, type Row, ratioOf, type Settings } from '../measure.ts';
import { startPostgresServer } from '../servers/postgres-server.ts';
import { createLifecycles } from './lifecycles.ts';

export interface SnapshotSize {
  readonly rounds: number;
  /** Rounds before the snapshot is taken. */
  readonly warmRounds: number;
  /** Waves of executions on each database in each round. */
  readonly waves: number;
}

const FULL: SnapshotSize = { rounds: 24, warmRounds: 4, waves: 20 };
const QUICK: SnapshotSize = { rounds: 4, warmRounds: 1, waves: 4 };

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
    const sides = new Map<Name, Side>();
    for (const name of DATABASES) {
      await server.run('postgres', `CREATE DATABASE ${name}`);
      const side = await openSide(server.urlOf(name));
      closing.push(side.close);
      sides.set(name, side);
    }
    const measured: Record<Name, number>[] = [];
    let lives = 0;
    for (let round = 1 - size.warmRounds; round <= size.rounds; round += 1) {
      if (round === 1) closing.push(await holdSnapshot(server.urlOf('held')));
      const p50 = { held: 0, free: 0 };
      // Each of them begins every other round.
      for (const name of round % 2 === 0 ? DATABASES : DATABASES.toReversed()) {
        signal.throwIfAborted();
        p50[name] = (await sides.get(name)?.run(size.waves)) ?? 0;
      }
      if (round > 0) measured.push(p50);
      lives = sides.get('held')?.submitted() ?? 0;
      log(`round ${round} of ${size.rounds}: ${p50.held.toFixed(2)} ms beside ${p50.free.toFixed(2)} ms`);
    }
    const last = measured.slice(-Math.ceil(size.rounds / 4));
    const ratio = (rounds: typeof measured) => ratioOf(rounds.map(({ held, free }) => ({ ours: held, theirs: free })));
    const row = { beside: 'the same without a snapshot', goal: { atMost: AT_MOST }, unit: 'times' } as const;
    const context = { server: `PostgreSQL ${server.version}`, executions: lives };
    return [
      { ...row, measure: 'p50 of a commit while a snapshot is open', value: ratio(measured), context },
      { ...row, measure: 'the same, in the last quarter of the run', value: ratio(last) },
    ];
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

interface Side {
  submitted(): number;
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
    submitted: lives.submitted,
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
