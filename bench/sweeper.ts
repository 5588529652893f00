// Measures how the sweeper's own work grows with open executions: claiming 200 due executions and rescheduling them, without CXone.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Log } from '../src/lib/log.ts';
import { systemWorld } from '../src/lib/world.ts';
import type { Store } from '../src/store/port.ts';
import { createSqliteStore } from '../src/store/sqlite/store.ts';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { copyOf, type Preparation, type Prepared, preparedIn } from './prepared.ts';

/** The sweeper's largest claim. */
const DUE = 200;

/** Polls vary by at most ten seconds with the default interval: the order of polls differs that much from the order of submissions. */
export const AS_POLLED = { from: 86_391, to: 86_400 };

/** Due executions lie anywhere among the rows: each touches pages of its own, in the table and in two indexes. */
const ANYWHERE = { from: 43_200, to: 86_400 };

/** Rescheduled executions are not due again during the measurement. */
const LATER_MS = 7 * 86_400_000;

/** The sweeper's lease. */
const LEASE_MS = 15_000;

export interface SweeperSizes {
  readonly open: readonly number[];
  /** The same with due executions spread over all rows. */
  readonly strewn: readonly number[];
  readonly rounds: number;
  /** Sweeps of each size per round, in turns. Their median counts, because a single sweep is as short as a hiccup of the machine. */
  readonly sweeps: number;
}

const FULL: SweeperSizes = { open: [10_000, 100_000, 1_000_000], strewn: [10_000, 1_000_000], rounds: 12, sweeps: 12 };
const QUICK: SweeperSizes = { open: [10_000, 50_000], strewn: [10_000, 50_000], rounds: 5, sweeps: 3 };

export const sweeper: Measure = (settings) => measureSweeper(settings, settings.quick ? QUICK : FULL);

/** The other sizes are compared with the first. @throws Error when fewer than 200 were due in a round. */
export async function measureSweeper(
  settings: Settings,
  { open, strewn, ...plan }: SweeperSizes,
): Promise<readonly Row[]> {
  const rows = rowsOf(open, await measureAmong(settings, open, AS_POLLED, plan));
  const worst = rowsOf(strewn, await measureAmong(settings, strewn, ANYWHERE, plan));
  return [...rows, ...worst.map(asWorstCase)];
}

/** The case in which no due executions were submitted together: reported, but not the goal. */
function asWorstCase(row: Row): Row {
  const note = 'the worst case: no two of them were submitted together, so none share a page';
  return { ...row, measure: `${row.measure}, strewn over all rows`, goal: null, note };
}

/** Milliseconds for each size and round. */
async function measureAmong(
  { scratch, log, signal }: Settings,
  open: readonly number[],
  graceSeconds: NonNullable<Preparation['graceSeconds']>,
  { rounds, sweeps: perRound }: Pick<SweeperSizes, 'rounds' | 'sweeps'>,
): Promise<number[][]> {
  const folder = join(scratch, 'sweeper');
  const sweeps: Sweep[] = [];
  try {
    for (const size of open) {
      log(`a database with ${size.toLocaleString('en')} open executions`);
      const prepared = await preparedIn(scratch, { open: size, graceSeconds }, signal);
      sweeps.push(await sweepsOf(prepared, join(folder, `${size}.db`), rounds * perRound));
    }
    const taken: number[][] = sweeps.map(() => []);
    for (let turn = 0; turn < rounds * perRound; turn++) {
      for (const at of inTurn(sweeps.length, turn)) {
        signal.throwIfAborted();
        taken[at]?.push((await sweeps[at]?.next()) ?? 0);
      }
    }
    return taken.map((times) => mediansOf(times, perRound));
  } finally {
    for (const sweep of sweeps) await sweep.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Sweep {
  /** Milliseconds for the next 200. */
  next(): Promise<number>;
  close(): Promise<void>;
}

/** Provides any number of sweeps: when no due execution is left, a new copy of the database replaces the used one. */
async function sweepsOf(prepared: Prepared, path: string, count: number): Promise<Sweep> {
  const perCopy = Math.min(Math.floor(prepared.open / DUE) - 1, count);
  if (perCopy < 1) throw new Error(`${prepared.open} open executions are too few: prepare ${2 * DUE} at least`);
  let sweep = await warmed();
  let left = perCopy;

  async function warmed(): Promise<Sweep> {
    await copyOf(prepared, path);
    const opened = openSweep(path, perCopy + 1);
    // The first sweep fills caches and compiles code; it does not count.
    await opened.next();
    return opened;
  }

  return {
    next: async () => {
      if (left === 0) {
        await sweep.close();
        sweep = await warmed();
        left = perCopy;
      }
      left -= 1;
      return sweep.next();
    },
    close: () => sweep.close(),
  };
}

function openSweep(path: string, rounds: number): Sweep {
  const moments = momentsOf(path, rounds);
  const store = createSqliteStore({ path, world: systemWorld, log: SILENT, fatal: fail });
  let round = 0;
  return {
    next: async () => {
      const now = moments[round];
      if (now === undefined) throw new Error(`${path} has not ${DUE * rounds} executions that are due`);
      round += 1;
      const begun = performance.now();
      const swept = await sweepOnce(store, now);
      const milliseconds = performance.now() - begun;
      if (swept !== DUE) throw new Error(`${swept} of ${DUE} due executions were claimed from ${path}`);
      return milliseconds;
    },
    close: () => store.close(),
  };
}

/** The sweeper's work: select due executions, claim them, and record for each that it is still running at CXone. */
async function sweepOnce(store: Store, now: number): Promise<number> {
  const { pollAt } = await store.nextDue();
  if (pollAt === null || pollAt > now) return 0;
  const claimed = await store.claimPolls(DUE, now, now + LEASE_MS);
  const recorded = await Promise.all(
    claimed.map(({ reference, executionId }) =>
      store.record(reference, { ...STILL_AT_IT, polledExecutionId: executionId, nextPollAt: now + LATER_MS }, now),
    ),
  );
  return recorded.filter((one) => one?.outcome === 'progress').length;
}

const STILL_AT_IT = {
  type: 'polled',
  httpStatus: 200,
  latencyMs: 40,
  report: { kind: 'progress', statusWord: 'RUNNING', result: null, error: null },
  final: false,
} as const;

/** The times at which the first 200 are due, the next 200, and so on. */
function momentsOf(path: string, rounds: number): number[] {
  const client = new Database(path, { readonly: true });
  try {
    const due = client
      .prepare<[number], string>(
        'SELECT poll_at FROM executions WHERE poll_at IS NOT NULL ORDER BY app, poll_at LIMIT ?',
      )
      .pluck()
      .all(rounds * DUE);
    return due.filter((_, i) => (i + 1) % DUE === 0).map((time) => Date.parse(time));
  } finally {
    client.close();
  }
}

/** Rotates the order, so that no size always follows the same one. */
function inTurn(count: number, turn: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + turn) % count);
}

/** Number of consecutive sweeps. */
function mediansOf(times: readonly number[], size: number): number[] {
  const parts = Array.from({ length: times.length / size }, (_, i) => times.slice(i * size, (i + 1) * size));
  return parts.map((part) => spreadOf(part).median);
}

function rowsOf(open: readonly number[], taken: readonly number[][]): Row[] {
  const [own = [], ...others] = taken;
  const least = open[0] ?? 0;
  const ceiling = spreadOf(own);
  const noise = noiseNote(`the sweep among ${least.toLocaleString('en')}`, ceiling);
  return others.map((times, i) => ({
    measure: `sweeper: ${DUE} due among ${(open[i + 1] ?? 0).toLocaleString('en')} open`,
    beside: `${DUE} due among ${least.toLocaleString('en')}`,
    goal: { atMost: 1.5 },
    value: ratioOf(times.map((ours, round) => ({ ours, theirs: own[round] ?? Number.NaN }))),
    unit: 'times',
    ...(noise === undefined ? {} : { note: noise }),
    context: { 'ms for 200': round(spreadOf(times).median), [`ms among ${least}`]: round(ceiling.median) },
  }));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function fail(error: unknown): never {
  throw error;
}
