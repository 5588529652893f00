// Measures the latency of one callback: alone, against a single FULL commit on the same disk, and at half the peak rate.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { quantile } from 'simple-statistics';
import type { Load, LoadOutcome, Mode } from './load/client.ts';
import { fdatasyncsPerSecond } from './machine.ts';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { type Phase, withPhase } from './phase.ts';
import { type Contender, startReceiverAsContender } from './servers/contenders.ts';

export interface Size {
  readonly open: number;
  /** Callbacks one at a time before the measurement: V8 keeps optimizing for about ten thousand requests. */
  readonly warmCount: number;
  /** Rounds of commits and of single callbacks, in turns. */
  readonly loneRounds: number;
  /** Commits, and callbacks, per round: enough that the 99th percentile is not the second-worst value. */
  readonly loneCount: number;
  /** Closed-loop slices that find the peak, and open-loop slices at half of it. */
  readonly peakRounds: number;
  readonly halfRounds: number;
  /** Duration of each slice, in seconds. */
  readonly seconds: number;
}

export const FULL: Size = {
  open: 300_000,
  warmCount: 12_000,
  loneRounds: 12,
  loneCount: 1_000,
  peakRounds: 5,
  halfRounds: 12,
  seconds: 1,
};
export const QUICK: Size = {
  open: 60_000,
  warmCount: 4_000,
  loneRounds: 5,
  loneCount: 400,
  peakRounds: 2,
  halfRounds: 5,
  seconds: 0.5,
};

export const ALONE: Mode = { kind: 'kept', connections: 1 };
export const PEAK: Mode = { kind: 'kept', connections: 64 };
/** More than are ever busy at half the peak. A request without a free connection counts from its intended time. */
const OPEN_CONNECTIONS = 256;
/** More than any server handles in a second. */
const MOST_PER_SECOND = 40_000;
/** Time never ends a slice of single requests. */
export const LONE_SECONDS = 120;

export const measureLatency: Measure = (settings) => latency(settings, settings.quick ? QUICK : FULL);

export async function latency(settings: Settings, size: Size): Promise<readonly Row[]> {
  const { signal, log } = settings;
  const contenders: Phase['contenders'] = async (ground, upstream) => [
    await startReceiverAsContender(ground, { upstream }),
  ];
  const phase: Phase = { place: 'server', open: size.open, submissions: null, contenders };
  return withPhase(settings, phase, async ({ scratch, contenders: [receiver], load, file }) => {
    const callbacks = createCallbacks({ load, receiver: receiver as Contender, file, signal });
    await warmUp(callbacks, size);
    const lone = await alone(callbacks, scratch, size, log);
    const half = await atHalfThePeak(callbacks, size, log);
    await receiver?.settle(callbacks.answered());
    return [loneRow(lone, size, fdatasyncsPerSecond(scratch)), halfRow(half)];
  });
}

export async function warmUp(
  callbacks: Callbacks,
  { seconds, warmCount }: Pick<Size, 'seconds' | 'warmCount'>,
): Promise<void> {
  await callbacks.send(PEAK, seconds);
  await callbacks.send(ALONE, LONE_SECONDS, warmCount);
}

export interface Callbacks {
  /** @throws Error for any response other than 2xx. */
  send(mode: Mode, seconds: number, most?: number): Promise<LoadOutcome>;
  answered(): number;
}

interface Means {
  readonly load: Load;
  readonly receiver: Contender;
  readonly file: string;
  readonly signal: AbortSignal;
}

/** Each callback belongs to an open execution; none is sent twice. */
export function createCallbacks({ load, receiver: { port, headers }, file, signal }: Means): Callbacks {
  let from = 0;
  return {
    answered: () => from,
    send: async (mode, seconds, most = Math.ceil(MOST_PER_SECOND * seconds)) => {
      signal.throwIfAborted();
      const outcome = await load.run({ port, headers, file, from, most, mode, seconds });
      from += outcome.requests;
      if (outcome.non2xx > 0) throw new Error(`callbacks were not answered 2xx: ${JSON.stringify(outcome.others)}`);
      return outcome;
    },
  };
}

interface Lone {
  /** The 99th percentile of each round and the median, in milliseconds. */
  readonly callbacks: readonly Percentiles[];
  readonly commits: readonly Percentiles[];
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

export function percentiles(latencies: Iterable<number>): Percentiles {
  const [p50 = Number.NaN, p99 = Number.NaN] = quantile([...latencies], [0.5, 0.99]);
  return { p50, p99 };
}

async function alone(callbacks: Callbacks, scratch: string, size: Size, log: (line: string) => void): Promise<Lone> {
  const { loneRounds, loneCount } = size;
  const disk = openCommits(scratch);
  try {
    disk.commit(loneCount);
    const rounds: { callbacks: Percentiles; commits: Percentiles }[] = [];
    for (let round = 1; round <= loneRounds; round += 1) {
      const commits = percentiles(disk.commit(loneCount));
      const { latencies } = await callbacks.send(ALONE, LONE_SECONDS, loneCount);
      rounds.push({ commits, callbacks: percentiles(latencies) });
      log(`a lone callback: round ${round} of ${loneRounds}`);
    }
    return { callbacks: rounds.map((round) => round.callbacks), commits: rounds.map((round) => round.commits) };
  } finally {
    disk.close();
  }
}

/** The cost of the smallest commit that resolves an execution: one row changed and one entry added, on disk. */
export function openCommits(folder: string) {
  const client = new Database(join(folder, 'commits.db'));
  client.pragma('journal_mode = WAL');
  client.pragma('synchronous = FULL');
  client.exec(`CREATE TABLE executions (id INTEGER PRIMARY KEY, status TEXT NOT NULL, result TEXT) STRICT;
    CREATE TABLE entries (id INTEGER PRIMARY KEY, execution INTEGER NOT NULL, detail TEXT NOT NULL) STRICT`);
  const open = client.prepare("INSERT INTO executions (status) VALUES ('PENDING')");
  const ROWS = 10_000;
  client.transaction(() => {
    for (let row = 0; row < ROWS; row += 1) open.run();
  })();
  const resolve = client.prepare("UPDATE executions SET status = 'COMPLETED', result = ? WHERE id = ?");
  const note = client.prepare('INSERT INTO entries (execution, detail) VALUES (?, ?)');
  const commit = client.transaction((id: number) => {
    resolve.run('{"charge":1,"approved":true}', id);
    note.run(id, '{"word":"COMPLETED"}');
  });
  let next = 0;
  return {
    /** The effective setting: a connection that does not sync would flatter the disk. */
    synchronous: client.pragma('synchronous', { simple: true }),
    /** Makes this many commits one after another; returns the duration of each in milliseconds. */
    commit: (count: number): number[] =>
      Array.from({ length: count }, () => {
        next = (next % ROWS) + 1;
        const begun = performance.now();
        commit.immediate(next);
        return performance.now() - begun;
      }),
    close: () => client.close(),
  };
}

interface Half {
  readonly peakPerSecond: number;
  readonly rounds: readonly (Percentiles & { readonly perSecond: number })[];
}

async function atHalfThePeak(callbacks: Callbacks, size: Size, log: (line: string) => void): Promise<Half> {
  const peakPerSecond = await peakOf(callbacks, size);
  const mode = halfOf(peakPerSecond);
  const rounds: (Percentiles & { perSecond: number })[] = [];
  for (let round = 1; round <= size.halfRounds; round += 1) {
    const { latencies, requests, seconds } = await callbacks.send(mode, size.seconds);
    rounds.push({ ...percentiles(latencies), perSecond: requests / seconds });
    log(`callbacks at half the peak: round ${round} of ${size.halfRounds}`);
  }
  return { peakPerSecond, rounds };
}

/** Returns the median rate in callbacks per second. */
export async function peakOf(
  callbacks: Callbacks,
  { peakRounds, seconds }: Pick<Size, 'peakRounds' | 'seconds'>,
): Promise<number> {
  const peaks: number[] = [];
  for (let round = 0; round < peakRounds; round += 1) {
    const outcome = await callbacks.send(PEAK, seconds);
    peaks.push(outcome.requests / outcome.seconds);
  }
  return spreadOf(peaks).median;
}

export function halfOf(peakPerSecond: number): Mode {
  return { kind: 'open', perSecond: peakPerSecond / 2, connections: OPEN_CONNECTIONS };
}

function loneRow({ callbacks, commits }: Lone, { loneCount }: Size, fdatasyncs: number): Row {
  const median = (rounds: readonly Percentiles[], which: keyof Percentiles) =>
    Number(spreadOf(rounds.map((round) => round[which])).median.toFixed(3));
  const note = noiseNote('the p99 of a commit', spreadOf(commits.map(({ p99 }) => p99)));
  return {
    measure: 'p99 of a lone callback, no load',
    beside: 'a single FULL commit on this disk',
    goal: { atMost: 2 },
    value: ratioOf(callbacks.map(({ p99 }, round) => ({ ours: p99, theirs: commits[round]?.p99 ?? Number.NaN }))),
    unit: 'times',
    ...(note === undefined ? {} : { note }),
    context: {
      'callback p50, ms': median(callbacks, 'p50'),
      'callback p99, ms': median(callbacks, 'p99'),
      'commit p50, ms': median(commits, 'p50'),
      'commit p99, ms': median(commits, 'p99'),
      'fdatasync/s': Math.round(fdatasyncs),
      'samples a round': loneCount,
    },
  };
}

function halfRow({ peakPerSecond, rounds }: Half): Row {
  const median = (which: keyof (typeof rounds)[number]) => spreadOf(rounds.map((round) => round[which])).median;
  return {
    measure: 'p99 of a callback at half the peak rate, from the intended send time',
    beside: null,
    goal: { atMost: 20 },
    value: spreadOf(rounds.map(({ p99 }) => p99)),
    unit: 'ms',
    context: {
      'peak, callbacks/s': Math.round(peakPerSecond),
      'sent, callbacks/s': Math.round(median('perSecond')),
      'p50, ms': Number(median('p50').toFixed(3)),
      'connections at most': OPEN_CONNECTIONS,
    },
  };
}
