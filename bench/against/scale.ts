// Restart, memory and sweeper with a million open executions: the present build and another revision in turns, in random order.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shuffle } from 'simple-statistics';
import type { Measure, Row, Settings } from '../measure.ts';
import { ratioOf, spreadOf } from '../measure.ts';
import { type Look, type Looks, lookAt, statusOf } from '../memory.ts';
import { type Crash, killedAtRest, killedUnderLoad, type Start } from '../restart.ts';
import { AS_POLLED } from '../sweeper.ts';
import { type Side, sidesOf } from './bench-of.ts';
import type { CheckedOut } from './revision.ts';

export interface Sizes {
  readonly open: number;
  readonly trials: number;
  /** Callbacks before a receiver is killed under load. */
  readonly callbacks: number;
  /** Simulated seconds of light work before the memory is read. */
  readonly seconds: number;
  /** Sweeps per trial. */
  readonly sweeps: number;
}

const FULL: Sizes = { open: 1_000_000, trials: 5, callbacks: 8_000, seconds: 60, sweeps: 12 };
const QUICK: Sizes = { open: 50_000, trials: 1, callbacks: 500, seconds: 3, sweeps: 3 };

export function restartBeside(revision: CheckedOut): Measure {
  return (settings) => compareRestart(revision, settings, settings.quick ? QUICK : FULL);
}

export function memoryBeside(revision: CheckedOut): Measure {
  return (settings) => compareMemory(revision, settings, settings.quick ? QUICK : FULL);
}

export function sweeperBeside(revision: CheckedOut): Measure {
  return (settings) => compareSweeper(revision, settings, settings.quick ? QUICK : FULL);
}

export async function compareRestart(
  revision: CheckedOut,
  settings: Settings,
  { open, trials, callbacks }: Sizes,
): Promise<readonly Row[]> {
  const { signal } = settings;
  return withFolder(settings, 'restart-beside', async (folder) => {
    const places = new Map<Side['name'], string>();
    const turns = await inTurns(revision, settings, { what: 'restart', trials }, async ({ name, bench, cache }) => {
      const path = join(folder, `${name}.db`);
      if (!places.has(name)) {
        await bench.copyOf(await bench.preparedIn(cache, { open, graceSeconds: AS_POLLED }, signal), path);
        places.set(name, path);
      }
      const place = { folder, path, signal, bench };
      return { rest: await killedAtRest(place), load: await killedUnderLoad(place, callbacks) };
    });
    const row = (measure: string, of: (one: { readonly rest: Start; readonly load: Crash }) => Start) =>
      rowOf(revision, turns, { measure, unit: 's', figure: (one) => of(one).milliseconds / 1000 });
    return [
      row(`kill -9 and start to ready, ${open.toLocaleString('en')} open`, ({ rest }) => rest),
      row(`the same, killed under load, ${open.toLocaleString('en')} executions`, ({ load }) => load),
    ];
  });
}

export async function compareMemory(
  revision: CheckedOut,
  settings: Settings,
  { open, trials, seconds }: Sizes,
): Promise<readonly Row[]> {
  const what = `memory with ${open.toLocaleString('en')} open`;
  if ((await statusOf(process.pid)) === null) return [leftOut(what, revision)];
  const { signal } = settings;
  return withFolder(settings, 'memory-beside', async (folder) => {
    const turns = await inTurns(revision, settings, { what: 'memory', trials }, async ({ bench, cache }) => {
      const prepared = await bench.preparedIn(cache, { open, graceSeconds: AS_POLLED }, signal);
      return lookAt({ folder, prepared, seconds, signal, bench });
    });
    const row = (when: string, of: (looks: Looks) => Look) =>
      rowOf(revision, turns, { measure: `${what}, ${when}`, unit: 'MiB', figure: (looks) => of(looks).resident });
    return [row('at rest', ({ atRest }) => atRest), row('after light work', ({ afterWork }) => afterWork)];
  });
}

/** The size that the sweeper's own measure compares with: large enough for one sweep. */
const SMALLEST = 400;

export async function compareSweeper(
  revision: CheckedOut,
  settings: Settings,
  { open, trials, sweeps }: Sizes,
): Promise<readonly Row[]> {
  const turns = await inTurns(revision, settings, { what: 'sweeper', trials }, async ({ bench, cache }) => {
    const own = { ...settings, scratch: cache, log: () => {} };
    const rows = await bench.measureSweeper(own, { open: [SMALLEST, open], strewn: [SMALLEST], rounds: 1, sweeps });
    return Number(rows[0]?.context?.['ms for 200']);
  });
  const measure = `sweeper: 200 due among ${open.toLocaleString('en')} open`;
  return [rowOf(revision, turns, { measure, unit: 'ms', figure: (milliseconds) => milliseconds })];
}

export interface Turn<T> {
  readonly ours: T;
  readonly theirs: T;
}

/** Each trial takes both sides in random order. */
async function inTurns<T>(
  revision: CheckedOut,
  { scratch, log, signal }: Settings,
  { what, trials }: { readonly what: string; readonly trials: number },
  measure: (side: Side) => Promise<T>,
): Promise<readonly Turn<T>[]> {
  const sides = await sidesOf(revision, scratch);
  const turns: Turn<T>[] = [];
  for (let trial = 1; trial <= trials; trial += 1) {
    const found = new Map<Side['name'], T>();
    for (const side of shuffle([...sides])) {
      signal.throwIfAborted();
      found.set(side.name, await measure(side));
    }
    turns.push({ ours: found.get('ours') as T, theirs: found.get('theirs') as T });
    log(`${what} beside ${revision.name}: trial ${trial} of ${trials}`);
  }
  return turns;
}

interface Figure<T> {
  readonly measure: string;
  /** The unit of the figure; the row itself is a ratio. */
  readonly unit: string;
  readonly figure: (found: T) => number;
  readonly note?: string;
}

/** Returns the ratio within turns, with the median of each side. */
export function rowOf<T>(
  revision: CheckedOut,
  turns: readonly Turn<T>[],
  { measure, unit, figure, note }: Figure<T>,
): Row {
  const pairs = turns.map(({ ours, theirs }) => ({ ours: figure(ours), theirs: figure(theirs) }));
  const median = (side: keyof Turn<T>) => Number(spreadOf(pairs.map((pair) => pair[side])).median.toFixed(2));
  return {
    ...{ measure, beside: revision.name, goal: null, unit: 'times', value: ratioOf(pairs) },
    ...(note === undefined ? {} : { note }),
    context: { [`ours, ${unit}`]: median('ours'), [`theirs, ${unit}`]: median('theirs') },
  };
}

export function leftOut(measure: string, revision: CheckedOut): Row {
  const note = 'left out: there is no /proc to read it from';
  return { measure, beside: revision.name, goal: null, value: null, unit: 'times', note };
}

async function withFolder<T>({ scratch }: Settings, name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(scratch, name);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
