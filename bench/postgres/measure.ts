// The receiver on PostgreSQL beside the obvious build on the same server: rates, processor time, latency and wake-ups.
//
// All builds run during all rounds. A round is one slice of each kind, in shuffled order; each ratio is within a round.

import { Client } from 'pg';
import { shuffle } from 'simple-statistics';
import { percentiles } from '../latency.ts';
import {
  type Goal,
  type Measure,
  noiseNote,
  type Row,
  ratioOf,
  type Settings,
  type Spread,
  spreadOf,
} from '../measure.ts';
import {
  CONNECTIONS,
  type Figures,
  IN_FLIGHT,
  PER_SECOND,
  type SliceName,
  type SliceSize,
  slicesOn,
} from './slices.ts';
import { RECEIVERS, type Stage, withStage } from './stage.ts';

export interface PostgresSize extends SliceSize {
  readonly rounds: number;
  /** Rounds before those that count: V8 keeps optimizing for tens of thousands of requests. */
  readonly warmRounds: number;
}

const FULL: PostgresSize = {
  ...{ rounds: 12, warmRounds: 3, callbacks: 6_000, recorded: 8_000, submitted: 4_000, seconds: 2 },
  ...{ steadySeconds: 2, waits: 150 },
};
const QUICK: PostgresSize = {
  ...{ rounds: 3, warmRounds: 1, callbacks: 1_500, recorded: 2_500, submitted: 1_000, seconds: 2 },
  ...{ steadySeconds: 1, waits: 30 },
};

const OBVIOUS = 'the obvious server build: Hono, a pg pool of 20, a PostgreSQL transaction each';
const OBVIOUS_STORE = 'the same with a pg pool of 20 and a transaction each';

export const postgres: Measure = (settings) => measurePostgres(settings, settings.quick ? QUICK : FULL);

type Round = Readonly<Record<SliceName, Figures>>;

export async function measurePostgres(settings: Settings, size: PostgresSize): Promise<readonly Row[]> {
  const { rounds, warmRounds, callbacks, recorded, submitted, steadySeconds, waits } = size;
  const all = rounds + warmRounds;
  const open = all * Math.max(callbacks + PER_SECOND * steadySeconds, callbacks + waits, recorded);
  return withStage(settings, { open, submissions: all * submitted }, async (stage) => {
    const added = await addedRoundTrip(stage);
    const slices = slicesOn(stage, size);
    const measured: Round[] = [];
    for (let round = 1 - warmRounds; round <= rounds; round += 1) {
      const figures: Partial<Record<SliceName, Figures>> = {};
      for (const name of shuffle(Object.keys(slices) as SliceName[])) {
        settings.signal.throwIfAborted();
        figures[name] = await slices[name]();
      }
      if (round > 0) measured.push(figures as Round);
      settings.log(round > 0 ? `round ${round} of ${rounds}` : `warming up, ${1 - round} to go`);
    }
    return rowsOf(measured, stage.server.version, added);
  });
}

const ROUND_TRIPS = 200;

/** Returns the median of the time by which the longer way to the server lengthens a round trip, in milliseconds. */
async function addedRoundTrip({ server, distantPort }: Stage): Promise<number> {
  const direct = new URL(server.urlOf('postgres'));
  const distant = new URL(direct);
  distant.port = String(distantPort);
  const [near, far] = [await roundTrip(direct), await roundTrip(distant)];
  return far - near;
}

async function roundTrip(url: URL): Promise<number> {
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    const durations: number[] = [];
    for (let i = 0; i < ROUND_TRIPS; i += 1) {
      const begun = performance.now();
      await client.query('SELECT 1');
      durations.push(performance.now() - begun);
    }
    return spreadOf(durations).median;
  } finally {
    await client.end();
  }
}

const perSecond = ({ requests, seconds }: Figures) => requests / seconds;
const cpu = ({ cpuMicroseconds, requests }: Figures) => (cpuMicroseconds ?? Number.NaN) / requests;
const p50 = ({ latencies }: Figures) => percentiles(latencies).p50;
const p99 = ({ latencies }: Figures) => percentiles(latencies).p99;

interface Comparison {
  readonly measure: string;
  readonly beside: string;
  readonly goal: Goal | null;
  readonly ours: SliceName;
  readonly theirs: SliceName;
  readonly figure: (figures: Figures) => number;
  /** Of the figures, which describe this machine alone. */
  readonly unit: string;
  readonly context?: Readonly<Record<string, number | string>>;
}

function rowsOf(rounds: readonly Round[], version: string, addedMs: number): readonly Row[] {
  const over = `over HTTP, ${CONNECTIONS} connections`;
  const at = `at the store, ${IN_FLIGHT} at a time`;
  const [ours, theirs] = ['receiver, callbacks', 'obvious, callbacks'] as const;
  const rate = { figure: perSecond, unit: 'requests/s', context: { server: `PostgreSQL ${version}` } };
  const cost = { figure: cpu, unit: 'CPU µs/request' };
  const store = { ours: 'receiver, store', theirs: 'obvious, store', beside: OBVIOUS_STORE } as const;
  const added = { ours: 'receiver, added', theirs: 'obvious, added', beside: OBVIOUS_STORE } as const;
  const distant = { ours: 'receiver, distant', theirs: 'obvious, distant', beside: OBVIOUS_STORE } as const;
  const submit = { ours: 'receiver, submissions', theirs: 'obvious, submissions', beside: OBVIOUS } as const;
  const steady = { ours: 'receiver, steady', theirs: 'obvious, steady', beside: OBVIOUS } as const;
  const http = { ours, theirs, beside: OBVIOUS };
  const together = 'CPU of receiver and server per callback';
  const scaled = { ours: 'receivers, callbacks', theirs: ours, beside: 'one receiver' } as const;
  const comparisons: readonly Comparison[] = [
    { measure: `callbacks/s ${over}`, ...http, ...rate, goal: { atLeast: 3 } },
    { measure: `callbacks/s ${at}`, ...store, ...rate, goal: { atLeast: 5 } },
    {
      ...{ measure: `callbacks/s ${at}, 2 ms added to a round trip`, ...distant, ...rate, goal: { atLeast: 12 } },
      context: { 'added round trip, ms': Number(addedMs.toFixed(2)) },
    },
    { measure: `submissions/s to a durable 202 ${over}`, ...submit, ...rate, goal: { atLeast: 5 } },
    { measure: `submissions/s ${at}`, ...added, ...rate, goal: { atLeast: 5 } },
    { measure: `${together}, ${at}`, ...store, ...cost, goal: { atMost: 0.2 } },
    { measure: `${together}, ${over}`, ...http, ...cost, goal: { atMost: 0.2 } },
    {
      ...{ measure: `the same of ${RECEIVERS} receivers, ${CONNECTIONS} connections each` },
      ...{ ...scaled, ...cost, goal: { atMost: 1.3 } },
    },
    {
      measure: `callbacks/s of ${RECEIVERS} receivers, ${CONNECTIONS} connections each`,
      ...scaled,
      ...rate,
      goal: null,
    },
    {
      ...{ measure: `p50 of a callback at ${PER_SECOND}/s`, ...steady, goal: { atMost: 1.5 } },
      ...{ figure: p50, unit: 'ms' },
    },
    { measure: `${together}, at ${PER_SECOND}/s`, ...steady, ...cost, goal: null },
  ];
  return [...comparisons.map((one) => compared(rounds, one)), ...wakeRows(rounds)];
}

function compared(rounds: readonly Round[], comparison: Comparison): Row {
  const { measure, beside, goal, ours, theirs, figure, unit, context = {} } = comparison;
  const pairs = rounds.map((round) => ({ ours: figure(round[ours]), theirs: figure(round[theirs]) }));
  const row = { measure, beside, goal, unit: 'times' };
  if (pairs.some((pair) => Number.isNaN(pair.ours))) {
    return { ...row, value: null, note: 'left out: there is no /proc to read it from' };
  }
  const side = (which: 'ours' | 'theirs') => spreadOf(pairs.map((pair) => pair[which]));
  const note = goal === null ? undefined : noiseNote('what it is compared with', side('theirs'));
  return {
    ...{ ...row, value: ratioOf(pairs) },
    ...(note === undefined ? {} : { note }),
    context: {
      [`ours, ${unit}`]: rounded(side('ours')),
      [`theirs, ${unit}`]: rounded(side('theirs')),
      'ours, requests a slice': spreadOf(rounds.map((round) => round[ours].requests)).median,
      ...context,
    },
  };
}

function rounded({ median }: Spread): number {
  return Number(median.toPrecision(3));
}

function wakeRows(rounds: readonly Round[]): Row[] {
  const row = (name: string, figure: typeof p50, atMost: number): Row => ({
    measure: `${name} of waking a client that waits at another receiver, from the response to the callback`,
    ...{ beside: null, goal: { atMost }, unit: 'ms' },
    value: spreadOf(rounds.map((round) => figure(round['receivers, waits']))),
    context: { receivers: RECEIVERS, 'waits a slice': rounds[0]?.['receivers, waits'].requests ?? 0 },
  });
  return [row('p50', p50, 2), row('p99', p99, 40)];
}
