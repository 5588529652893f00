// Callbacks and submissions per second: the receiver against a bare Hono handler and against alternative builds.
// The context of a row with a ratio names the contender and the setting, for the chart.

import { findPostgres } from '../src/demo/cluster/postgres-server.ts';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { measurePhase } from './phase.ts';
import { canPin } from './process.ts';
import type { Sample, Setting } from './rounds.ts';
import {
  type Contender,
  type ContenderName,
  startBare,
  startObvious,
  startPostgres,
  startReceiverAsContender,
} from './servers/contenders.ts';
import { findRestate, startRestate } from './servers/restate-contender.ts';

/** The size of the measurement. `seconds` is the maximum duration of a slice. */
export interface Size {
  readonly open: number;
  readonly submissions: number;
  readonly rounds: number;
  readonly seconds: number;
}

export const FULL: Size = { open: 300_000, submissions: 300_000, rounds: 12, seconds: 1 };
export const QUICK: Size = { open: 60_000, submissions: 40_000, rounds: 4, seconds: 0.2 };

const KEPT_64: Setting = {
  name: '64 kept-alive connections',
  mode: { kind: 'kept', connections: 64 },
  share: 0.32,
};
const FRESH: Setting = {
  name: 'one connection per request',
  mode: { kind: 'fresh', inFlight: 64 },
  share: 0.22,
};
export const SETTINGS: readonly Setting[] = [
  { name: '1 kept-alive connection', mode: { kind: 'kept', connections: 1 }, share: 0.02 },
  { name: '8 kept-alive connections', mode: { kind: 'kept', connections: 8 }, share: 0.07 },
  KEPT_64,
  { name: '256 kept-alive connections', mode: { kind: 'kept', connections: 256 }, share: 0.12 },
  FRESH,
];
const BOTH_WAYS: readonly Setting[] = [
  { ...KEPT_64, share: 0.4 },
  { ...FRESH, share: 0.35 },
];
export const SUBMITTING: readonly Setting[] = [{ ...KEPT_64, share: 0.75 }];

const BESIDE: { readonly [N in Exclude<ContenderName, 'receiver' | 'revision'>]: string } = {
  bare: 'a bare Hono handler',
  obvious: 'the obvious build: Hono, better-sqlite3, a transaction each',
  postgres: 'the obvious server build: Hono, pg, a PostgreSQL transaction each',
  restate: 'resolving a Restate awakeable over its ingress',
};

export const throughput: Measure = (settings) => measureThroughput(settings, settings.quick ? QUICK : FULL);

export async function measureThroughput(settings: Settings, size: Size): Promise<readonly Row[]> {
  if (!canPin()) settings.log('one processor or no taskset: nothing is pinned, and the figures sway more');
  return [
    ...(await pinnedCallbacks(settings, size)),
    ...(await unpinnedCallbacks(settings, size)),
    ...(await submitting(settings, size)),
  ];
}

async function pinnedCallbacks(settings: Settings, size: Size): Promise<Row[]> {
  const samples = await measurePhase(settings, size, {
    ...{ name: 'callbacks', place: 'server', settings: SETTINGS },
    contenders: async (ground, upstream) => [
      await startBare(ground),
      await startReceiverAsContender(ground, { upstream }),
      await startObvious(ground),
    ],
  });
  const what = (setting: Setting) => `callbacks/s, ${setting.name}`;
  const goals = new Map([
    [KEPT_64, 0.45],
    [FRESH, 0.55],
  ]);
  return SETTINGS.flatMap((setting) => [
    ratioRow(samples, { what: what(setting), setting, beside: 'bare', atLeast: goals.get(setting) }),
    ratioRow(samples, { what: what(setting), setting, beside: 'obvious', atLeast: goals.has(setting) ? 5 : undefined }),
    ratioRow(samples, { what: `the obvious build: ${what(setting)}`, setting, of: 'obvious', beside: 'bare' }),
  ]);
}

/** PostgreSQL and Restate have several processes, which use all processors; here the receiver may too. */
async function unpinnedCallbacks(settings: Settings, size: Size): Promise<Row[]> {
  const absent = new Map<ContenderName, string>();
  if (findPostgres() === null) absent.set('postgres', 'no PostgreSQL is installed here');
  const restate = findRestate();
  if (restate === null) absent.set('restate', RESTATE_MISSING);
  /** A contender that cannot start is left out, and its row states why. */
  const unlessAbsent = async (name: ContenderName, start: () => Promise<Contender>): Promise<Contender[]> => {
    if (absent.has(name)) return [];
    try {
      return [await start()];
    } catch (error) {
      settings.signal.throwIfAborted();
      absent.set(name, `does not start here: ${String(error).replaceAll(/\s+/g, ' ').slice(0, 300)}`);
      return [];
    }
  };
  const awakeables = Math.ceil(size.open / RESTATE_PART);
  const samples = await measurePhase(settings, size, {
    ...{ name: 'callbacks, unpinned', place: null, settings: BOTH_WAYS },
    contenders: async (ground, upstream) => [
      await startBare(ground),
      await startReceiverAsContender(ground, { upstream }),
      ...(await unlessAbsent('postgres', () => startPostgres(ground))),
      ...(restate === null ? [] : await unlessAbsent('restate', () => startRestate(ground, restate, awakeables))),
    ],
  });
  const rowOf = (comparison: Comparison): Row => {
    const missing = absent.get(comparison.of ?? comparison.beside);
    return missing === undefined ? ratioRow(samples, comparison) : leftOut(comparison, missing);
  };
  return BOTH_WAYS.flatMap((setting) => {
    const what = `callbacks/s unpinned, ${setting.name}`;
    return [
      rowOf({ what, setting, beside: 'postgres', atLeast: 6 }),
      rowOf({ what, setting, beside: 'restate', atLeast: 3 }),
      rowOf({ what: `the PostgreSQL build: ${what}`, setting, of: 'postgres', beside: 'bare' }),
    ];
  });
}

const RESTATE_MISSING = 'needs npm install --no-save @restatedev/restate-server @restatedev/restate-sdk';

/** Awakeables are created one by one, so there are fewer of them. */
const RESTATE_PART = 10;

async function submitting(settings: Settings, size: Size): Promise<Row[]> {
  const samples = await measurePhase(settings, size, {
    ...{ name: 'submissions', place: 'server', settings: SUBMITTING, submits: true },
    contenders: async (ground, upstream) => [
      await startBare(ground),
      await startReceiverAsContender(ground, { upstream, submits: true }),
    ],
  });
  return SUBMITTING.map((setting) =>
    ratioRow(samples, { what: 'submissions/s to a durable 202', setting, beside: 'bare', atLeast: 0.4 }),
  );
}

interface Comparison {
  readonly what: string;
  readonly setting: Setting;
  readonly of?: ContenderName;
  readonly beside: keyof typeof BESIDE;
  readonly atLeast?: number | undefined;
}

export function ratioRow(samples: readonly Sample[], comparison: Comparison): Row {
  const { what, setting, of = 'receiver', beside, atLeast } = comparison;
  const at = (name: ContenderName) => samples.filter((one) => one.contender === name && one.setting === setting);
  const ours = at(of);
  const theirs = new Map(at(beside).map((sample) => [sample.round, sample]));
  const ceiling = spreadOf(at('bare').map((sample) => sample.perSecond));
  const note = atLeast === undefined ? undefined : noiseNote('the bare handler', ceiling);
  return {
    ...{ measure: what, beside: BESIDE[beside], unit: 'times' },
    goal: atLeast === undefined ? null : { atLeast },
    value: ratioOf(
      ours.map(({ round, perSecond }) => ({ ours: perSecond, theirs: theirs.get(round)?.perSecond ?? Number.NaN })),
    ),
    ...(note === undefined ? {} : { note }),
    context: {
      ...{ variant: of, connections: setting.name },
      ...figuresOf('ours', ours),
      ...figuresOf('theirs', [...theirs.values()]),
    },
  };
}

/** Absolute values of this machine. */
export function figuresOf(whose: 'ours' | 'theirs', samples: readonly Sample[]): Record<string, number> {
  const median = (of: (sample: Sample) => number) => spreadOf(samples.map(of)).median;
  const batches = samples.flatMap(({ meanBatch }) => (meanBatch === null ? [] : [meanBatch]));
  return {
    [`${whose}, requests/s`]: Math.round(median((sample) => sample.perSecond)),
    [`${whose}, CPU µs/request`]: Math.round(median((sample) => sample.cpuMicroseconds)),
    // Far below 100, the server was waiting: for the disk, or for a load generator at its limit.
    [`${whose}, % of a processor`]: Math.round(median((sample) => (sample.cpuMicroseconds * sample.perSecond) / 1e4)),
    [`${whose}, seconds a slice`]: Number(median((sample) => sample.seconds).toFixed(2)),
    ...(batches.length > 0 ? { [`${whose}, mean batch`]: Number(spreadOf(batches).median.toFixed(1)) } : {}),
  };
}

function leftOut({ what, beside, atLeast }: Comparison, note: string): Row {
  const goal = atLeast === undefined ? null : { atLeast };
  return { measure: what, beside: BESIDE[beside], goal, value: null, unit: 'times', note };
}
