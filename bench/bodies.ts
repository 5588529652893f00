// Measures the latency of callbacks beside eight concurrent large bodies, in a receiver with a heap of 512 MB.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demandConservation } from './database.ts';
import { createCallbacks, type Percentiles, percentiles, type Size, warmUp } from './latency.ts';
import type { Mode } from './load/client.ts';
import { LARGE_BODIES, type LargeBody, type LargeBodyName } from './load/large-bodies.ts';
import type { Begin, Loud, Ready, Stop } from './load/loud.ts';
import { readRequests } from './load/requests.ts';
import { type Measure, noiseNote, type Row, type Settings, spreadOf } from './measure.ts';
import { type Phase, withPhase } from './phase.ts';
import { type Process, startProcess } from './process.ts';
import { type Contender, startReceiverAsContender } from './servers/contenders.ts';

export interface BodiesSize extends Pick<Size, 'open' | 'warmCount' | 'seconds'> {
  /** Slices at rest and beside each kind of body, in turns. */
  readonly rounds: number;
}

const FULL: BodiesSize = { open: 60_000, warmCount: 4_000, rounds: 8, seconds: 3 };
const QUICK: BodiesSize = { open: 60_000, warmCount: 2_000, rounds: 3, seconds: 1 };

/** Callbacks a second, each at its intended time. */
const MODE: Mode = { kind: 'open', perSecond: 100, connections: 64 };
const AT_MOST_MS = 100;
/** Callback URLs for the large bodies of one slice. */
const PATHS = 400;

const ENVIRONMENT = { NODE_OPTIONS: '--max-old-space-size=512', QUEUE_CAPACITY: '10000000' };

export const bodies: Measure = (settings) => measureBodies(settings, settings.quick ? QUICK : FULL);

export async function measureBodies(settings: Settings, size: BodiesSize): Promise<readonly Row[]> {
  const { signal, log } = settings;
  const contenders: Phase['contenders'] = async (ground, upstream) => [
    await startReceiverAsContender(ground, { upstream, env: ENVIRONMENT }),
  ];
  // Not pinned: large bodies are read on threads, which need the other processor.
  const phase: Phase = { place: null, open: size.open, submissions: null, contenders };
  return withPhase(settings, phase, async ({ scratch, contenders: [started], load, file }) => {
    const receiver = started as Contender;
    const callbacks = createCallbacks({ load, receiver, file, signal });
    await using loud = await startLoud(scratch, receiver.port, await pathsFromTheEnd(file));
    await warmUp(callbacks, size);
    const slice = async () => percentiles((await callbacks.send(MODE, size.seconds)).latencies);
    const rounds: Round[] = [];
    for (let round = 0; round <= size.rounds; round += 1) {
      for (const name of NAMES) {
        const atRest = await slice();
        loud.begin(name);
        const beside = await slice();
        const responses = await loud.stop();
        // The first round warms up.
        if (round > 0) rounds.push({ name, atRest, beside, responses });
      }
      log(`callbacks beside large bodies: round ${round} of ${size.rounds}`);
    }
    await receiver.stop();
    demandConservation(join(scratch, 'receiver.db'));
    return NAMES.map((name) => rowOf(name, rounds));
  });
}

const NAMES = Object.keys(LARGE_BODIES) as LargeBodyName[];

interface Round {
  readonly name: LargeBodyName;
  readonly atRest: Percentiles;
  readonly beside: Percentiles;
  readonly responses: number;
}

/** The measured callbacks come from the beginning of the file. */
async function pathsFromTheEnd(file: string): Promise<string[]> {
  return (await readRequests(file)).map(({ path }) => path).reverse();
}

interface LoudClient extends AsyncDisposable {
  begin(name: LargeBodyName): void;
  /** Returns the number of responses. @throws Error for another response than the expected one. */
  stop(): Promise<number>;
}

async function startLoud(scratch: string, port: number, paths: readonly string[]): Promise<LoudClient> {
  const file = fileURLToPath(new URL('load/loud.ts', import.meta.url));
  const child: Process = startProcess({ file, place: null, logFile: join(scratch, 'loud.log') });
  await child.message(isReady);
  let used = 0;
  let current: LargeBodyName = NAMES[0] as LargeBodyName;
  return {
    begin: (name) => {
      current = name;
      child.send({ loud: name, port, paths: paths.slice(used, used + PATHS) } satisfies Begin);
      if (LARGE_BODIES[name].path === null) used += PATHS;
    },
    stop: async () => {
      const ended = child.message(isLoud);
      child.send({ loud: null } satisfies Stop);
      return countOf(current, (await ended).responses);
    },
    [Symbol.asyncDispose]: child.stop,
  };
}

function isReady(message: object): message is Ready {
  return 'loud' in message && message.loud === 'ready';
}

function isLoud(message: object): message is Loud {
  return 'responses' in message;
}

/** A server that refuses a body while it is sent may be seen as a closed connection, and a full queue of bodies is a 503. */
function countOf(name: LargeBodyName, responses: Loud['responses']): number {
  const { status }: LargeBody = LARGE_BODIES[name];
  const isRefused = status >= 400;
  const expected = [String(status), '503', ...(isRefused ? ['reset'] : [])];
  const others = Object.keys(responses).filter((one) => !expected.includes(one));
  if (others.length > 0) throw new Error(`${name} got ${JSON.stringify(responses)}`);
  return Object.values(responses).reduce((sum, count) => sum + count, 0);
}

function rowOf(name: LargeBodyName, all: readonly Round[]): Row {
  const rounds = all.filter((round) => round.name === name);
  const median = (value: (round: Round) => number) => Number(spreadOf(rounds.map(value)).median.toFixed(1));
  const note = noiseNote('the p99 at rest', spreadOf(rounds.map(({ atRest }) => atRest.p99)));
  return {
    measure: `p99 of a callback beside eight ${name} at a time, 512 MB of heap`,
    beside: null,
    goal: { atMost: AT_MOST_MS },
    value: spreadOf(rounds.map(({ beside }) => beside.p99)),
    unit: 'ms',
    ...(note === undefined ? {} : { note }),
    context: {
      'p99 at rest, ms': median(({ atRest }) => atRest.p99),
      'p50, ms': median(({ beside }) => beside.p50),
      'large bodies a slice': median(({ responses }) => responses),
    },
  };
}
