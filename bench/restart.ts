// Measures the absence of the receiver after kill -9 with a million open executions, and verifies that none is missing.

import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Measure, type Row, type Settings, spreadOf } from './measure.ts';
import { callbackPaths, copyOf, preparedIn } from './prepared.ts';
import { type Receiver, SECRET, startReceiver } from './servers/receiver.ts';
import { AS_POLLED } from './sweeper.ts';

/** No server listens there, and no execution becomes due. */
const NO_CXONE = 'http://127.0.0.1:9';

const AT_ONCE = 4;

export interface RestartSizes {
  readonly open: number;
  readonly trials: number;
  /** Callbacks that are acknowledged before the kill among the following ones. */
  readonly callbacks: number;
}

const FULL: RestartSizes = { open: 1_000_000, trials: 5, callbacks: 8_000 };
const QUICK: RestartSizes = { open: 50_000, trials: 1, callbacks: 500 };

export const restart: Measure = (settings) => measureRestart(settings, settings.quick ? QUICK : FULL);

/** @throws Error when an execution, or an outcome that was acknowledged with 200, is missing. */
export async function measureRestart(settings: Settings, sizes: RestartSizes): Promise<readonly Row[]> {
  const { scratch, log, signal } = settings;
  const folder = join(scratch, 'restart');
  const idle: Start[] = [];
  const loaded: Crash[] = [];
  try {
    const prepared = await preparedIn(scratch, { open: sizes.open, graceSeconds: AS_POLLED }, signal);
    const place = { folder, path: join(folder, 'receiver.db'), signal, bench: { callbackPaths, startReceiver } };
    await copyOf(prepared, place.path);
    for (let trial = 0; trial < sizes.trials; trial++) {
      log(`trial ${trial + 1} of ${sizes.trials}, ${sizes.open.toLocaleString('en')} executions`);
      idle.push(await killedAtRest(place));
      loaded.push(await killedUnderLoad(place, sizes.callbacks));
      checkNothingLost(place.path, sizes.open);
    }
    return [idleRow(sizes, idle), loadedRow(sizes, loaded)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Place {
  readonly folder: string;
  readonly path: string;
  readonly signal: AbortSignal;
  /** The bench of the receiver: of this build, or of another revision. */
  readonly bench: { readonly callbackPaths: typeof callbackPaths; readonly startReceiver: typeof startReceiver };
}

/** Time until the receiver was ready. */
export interface Start {
  readonly milliseconds: number;
  readonly cpuMicroseconds: number;
}

export interface Crash extends Start {
  /** Commits that only the WAL contained at the restart, and their size in MiB. */
  readonly commits: number;
  readonly wal: number;
}

export async function killedAtRest(place: Place): Promise<Start> {
  const { receiver } = await startToReady(place);
  await receiver.kill();
  const again = await startToReady(place);
  await again.receiver.stop();
  return again;
}

export async function killedUnderLoad(place: Place, callbacks: number): Promise<Crash> {
  const { callbackPaths } = place.bench;
  const paths = callbackPaths(place.path, SECRET, callbacks + AT_ONCE * 500);
  const { receiver } = await startToReady(place);
  const before = await receiver.commits();
  // A reader stays open, so that the WAL is not checkpointed.
  const reader = new Database(place.path, { readonly: true });
  let answered: readonly string[];
  let commits: number;
  try {
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM sqlite_schema').get();
    ({ answered, commits } = await loadAndKill(receiver, paths, {
      callbacks,
      commitsBefore: before.commits,
      signal: place.signal,
    }));
  } finally {
    await receiver.kill();
    reader.close();
  }
  const { size } = await stat(`${place.path}-wal`);
  const again = await startToReady(place);
  await again.receiver.stop();
  const open = new Set(callbackPaths(place.path, SECRET, paths.length));
  const lost = answered.filter((path) => open.has(path)).length;
  if (lost > 0) throw new Error(`${lost} of ${answered.length} outcomes that were answered with 200 are lost`);
  const { milliseconds, cpuMicroseconds } = again;
  return { milliseconds, cpuMicroseconds, commits, wal: size / 1024 / 1024 };
}

interface Load {
  readonly callbacks: number;
  readonly commitsBefore: number;
  readonly signal: AbortSignal;
}

/** Kills the receiver while further callbacks are in flight. Returns the callbacks acknowledged with 200 until then. */
async function loadAndKill(receiver: Receiver, paths: readonly string[], { callbacks, commitsBefore, signal }: Load) {
  const answered: string[] = [];
  const rest = paths.values();
  let killed: Promise<number> | undefined;

  async function kill(): Promise<number> {
    const { commits } = await receiver.commits();
    await receiver.kill();
    return commits - commitsBefore;
  }

  async function call(): Promise<void> {
    for (const path of rest) {
      signal.throwIfAborted();
      // A callback without a response carries no promise.
      const status = await post(receiver.port, path).catch((error: unknown) => {
        if (killed === undefined) throw error;
        return null;
      });
      if (status === null) return;
      if (status !== 200) throw new Error(`The receiver answered a callback with ${status}`);
      answered.push(path);
      if (answered.length === callbacks) killed = kill();
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, call));
  if (killed === undefined) throw new Error('too few executions were prepared');
  return { answered, commits: await killed };
}

async function post(port: number, path: string): Promise<number> {
  const body = JSON.stringify({ status: 'COMPLETED', result: { customer: 'found', score: 42 } });
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body });
  await answer.arrayBuffer();
  return answer.status;
}

/** From the start of the process to the first 200 of /readyz. */
async function startToReady({ folder, path, signal, bench }: Place) {
  signal.throwIfAborted();
  // Each process has its own log, which contains its port.
  const name = `receiver-${randomUUID()}`;
  const begun = performance.now();
  const receiver = await bench.startReceiver({
    ...{ databasePath: path, scratch: folder, name, place: 'server', upstream: NO_CXONE },
  });
  try {
    while ((await fetch(`http://127.0.0.1:${receiver.port}/readyz`)).status !== 200) signal.throwIfAborted();
    const milliseconds = performance.now() - begun;
    return { receiver, milliseconds, cpuMicroseconds: await receiver.cpuMicroseconds() };
  } catch (error) {
    await receiver.kill();
    throw error;
  }
}

/** @throws Error when an execution is missing, by count or by the view `conservation`. */
export function checkNothingLost(path: string, prepared: number): void {
  const client = new Database(path, { readonly: true });
  try {
    const account = client.prepare<[], Account>('SELECT accepted, terminal, open, difference FROM conservation').get();
    // promise: bench-notices-loss
    if (account?.accepted === prepared && account.difference === 0) return;
    throw new Error(`Of ${prepared} executions not all are there again: ${JSON.stringify(account)}`);
  } finally {
    client.close();
  }
}

interface Account {
  readonly accepted: number;
  readonly terminal: number;
  readonly open: number;
  readonly difference: number;
}

function idleRow({ open }: RestartSizes, starts: readonly Start[]): Row {
  return {
    measure: `kill -9 and start to ready, ${open.toLocaleString('en')} open`,
    ...RESTART,
    value: spreadOf(starts.map(({ milliseconds }) => milliseconds / 1000)),
    note: 'none lost, conservation difference 0; the file is in the page cache',
    context: { 'CPU s until ready': cpuSeconds(starts) },
  };
}

function loadedRow({ open }: RestartSizes, crashes: readonly Crash[]): Row {
  const median = (of: (crash: Crash) => number) => Math.round(spreadOf(crashes.map(of)).median);
  return {
    measure: `the same, killed under load, ${open.toLocaleString('en')} executions`,
    ...RESTART,
    value: spreadOf(crashes.map(({ milliseconds }) => milliseconds / 1000)),
    note: 'no outcome lost that was answered with 200',
    context: {
      'commits in the WAL': median(({ commits }) => commits),
      'WAL MiB': median(({ wal }) => wal),
      'CPU s until ready': cpuSeconds(crashes),
    },
  };
}

function cpuSeconds(starts: readonly Start[]): number {
  return spreadOf(starts.map(({ cpuMicroseconds }) => cpuMicroseconds / 1_000_000)).median;
}

const RESTART = { beside: null, goal: { atMost: 2 }, unit: 's' } as const;
