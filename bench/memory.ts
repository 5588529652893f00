// Measures the memory of a receiver with a million open executions against ten thousand, at rest and after light work.

import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { callbackPaths, copyOf, type Prepared, preparedIn } from './prepared.ts';
import { APP_HEADERS, type Receiver, SECRET, startReceiver } from './servers/receiver.ts';
import { settled } from './settled.ts';
import { AS_POLLED } from './sweeper.ts';

/** No server listens there, and no execution becomes due. */
const NO_CXONE = 'http://127.0.0.1:9';

const OPERATOR_HEADERS = { authorization: 'Bearer an-operator-key-of-the-bench' };

/** Additional variables of a receiver that `look` can read. */
export const LOOKED_AT = { OPERATOR_KEYS: `operator:${OPERATOR_HEADERS.authorization.slice('Bearer '.length)}` };

const MIB = 1024 * 1024;

export interface MemorySizes {
  /** The second number is compared with the first. */
  readonly open: readonly [number, number];
  readonly trials: number;
  /** Simulated seconds of light work, done as fast as the receiver responds. */
  readonly seconds: number;
}

const FULL: MemorySizes = { open: [10_000, 1_000_000], trials: 5, seconds: 60 };
const QUICK: MemorySizes = { open: [10_000, 50_000], trials: 1, seconds: 3 };

export const memory: Measure = (settings) => measureMemory(settings, settings.quick ? QUICK : FULL);

export async function measureMemory(
  settings: Settings,
  { open, trials, seconds }: MemorySizes,
): Promise<readonly Row[]> {
  const { scratch, log, signal } = settings;
  if ((await statusOf(process.pid)) === null) return [leftOut(open)];
  const folder = join(scratch, 'memory');
  const looks: Looks[][] = [[], []];
  try {
    for (let trial = 0; trial < trials; trial++) {
      for (const [at, size] of open.entries()) {
        signal.throwIfAborted();
        log(`trial ${trial + 1} of ${trials}, ${size.toLocaleString('en')} open executions`);
        const preparation = { open: size, graceSeconds: AS_POLLED };
        const prepared = await preparedIn(scratch, preparation, signal);
        looks[at]?.push(await lookAt({ folder, prepared, seconds, signal, bench: PRESENT }));
      }
    }
    return rowsOf(open, looks);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Looks {
  readonly atRest: Look;
  readonly afterWork: Look;
}

/** In MiB. */
export interface Look {
  /** Resident memory including code and mapped files (VmRSS). */
  readonly resident: number;
  /** The part that no file backs (RssAnon). */
  readonly anonymous: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** What looks at a receiver need from the bench of its build. */
export interface MemoryBench {
  readonly copyOf: typeof copyOf;
  readonly callbackPaths: typeof callbackPaths;
  readonly startReceiver: typeof startReceiver;
}

const PRESENT: MemoryBench = { copyOf, callbackPaths, startReceiver };

export interface Looking {
  readonly folder: string;
  readonly prepared: Pick<Prepared, 'path'>;
  /** Simulated seconds of light work. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly bench: MemoryBench;
}

/** Starts a receiver on a copy of the database, and looks at its memory at rest and after light work. */
export async function lookAt({ folder, prepared, seconds, signal, bench }: Looking): Promise<Looks> {
  const databasePath = join(folder, 'receiver.db');
  await bench.copyOf(prepared, databasePath);
  const receiver = await bench.startReceiver({
    ...{ databasePath, scratch: folder, name: `receiver-${randomUUID()}`, place: 'server', upstream: NO_CXONE },
    env: LOOKED_AT,
  });
  try {
    await settled(receiver, signal);
    const atRest = await look(receiver);
    await work(receiver, bench.callbackPaths(databasePath, SECRET, seconds * CALLBACKS_A_SECOND), seconds, signal);
    await settled(receiver, signal);
    return { atRest, afterWork: await look(receiver) };
  } finally {
    await receiver.stop();
  }
}

const CALLBACKS_A_SECOND = 20;

/** Callbacks, apps that read, an open operators' page, and Prometheus every 15 s. */
async function work(
  receiver: Receiver,
  callbacks: readonly string[],
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({ status: 'COMPLETED', result: { customer: 'found', score: 42 } });
  for (let second = 0; second < seconds; second++) {
    signal.throwIfAborted();
    const paths = callbacks.slice(second * CALLBACKS_A_SECOND, (second + 1) * CALLBACKS_A_SECOND);
    await Promise.all(paths.map((path) => ask(receiver, path, { method: 'POST', body })));
    await ask(receiver, '/v1/executions?status=OPEN&limit=50', { headers: APP_HEADERS });
    await ask(receiver, '/v1/executions?limit=200', { headers: OPERATOR_HEADERS });
    await ask(receiver, '/readyz');
    if (second % 5 === 0) await ask(receiver, '/', { headers: OPERATOR_HEADERS });
    if (second % 15 === 0) await ask(receiver, '/metrics', { headers: OPERATOR_HEADERS });
  }
}

async function ask({ port }: Pick<Receiver, 'port'>, path: string, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The receiver answered ${answer.status}: ${text.slice(0, 200)}`);
  return text;
}

/** The receiver has the variables of {@link LOOKED_AT}. */
export async function look(receiver: Pick<Receiver, 'pid' | 'port'>): Promise<Look> {
  const metrics = await ask(receiver, '/metrics', { headers: OPERATOR_HEADERS });
  const status = await statusOf(receiver.pid);
  if (status === null) throw new Error(`/proc/${receiver.pid}/status cannot be read`);
  const gauge = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN) / MIB;
  return { ...status, heapUsed: gauge('nodejs_heap_size_used_bytes'), external: gauge('nodejs_external_memory_bytes') };
}

/** Returns null without /proc. */
export async function statusOf(pid: number): Promise<Pick<Look, 'resident' | 'anonymous'> | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  if (text === null) return null;
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { resident: kib('VmRSS'), anonymous: kib('RssAnon') };
}

const COUNTED =
  'all of the process that is in memory (VmRSS), SQLite’s own page cache and the mapped index of the WAL with it';

function rowsOf([least, most]: readonly [number, number], [few = [], many = []]: readonly Looks[][]): Row[] {
  return (['atRest', 'afterWork'] as const).map((when) => {
    const own = spreadOf(few.map((looks) => looks[when].resident));
    const noise = noiseNote(`the receiver with ${least.toLocaleString('en')}`, own);
    return {
      measure: `memory with ${most.toLocaleString('en')} open, ${when === 'atRest' ? 'at rest' : 'after light work'}`,
      beside: `the same with ${least.toLocaleString('en')}`,
      goal: { atMost: 1.5 },
      value: ratioOf(
        many.map((looks, i) => ({ ours: looks[when].resident, theirs: few[i]?.[when].resident ?? Number.NaN })),
      ),
      unit: 'times',
      note: [...(noise === undefined ? [] : [noise]), COUNTED].join('; '),
      context: {
        'MiB resident': whole(own.median, many, (looks) => looks[when].resident),
        'of it not of files': whole(
          spreadOf(few.map((looks) => looks[when].anonymous)).median,
          many,
          (looks) => looks[when].anonymous,
        ),
        'heap used': whole(
          spreadOf(few.map((looks) => looks[when].heapUsed)).median,
          many,
          (looks) => looks[when].heapUsed,
        ),
        external: whole(
          spreadOf(few.map((looks) => looks[when].external)).median,
          many,
          (looks) => looks[when].external,
        ),
      },
    };
  });
}

/** In ascending order of executions. */
function whole(few: number, many: readonly Looks[], of: (looks: Looks) => number): string {
  return `${Math.round(few)} → ${Math.round(spreadOf(many.map(of)).median)}`;
}

function leftOut([least, most]: readonly [number, number]): Row {
  return {
    measure: `memory with ${most.toLocaleString('en')} open`,
    beside: `the same with ${least.toLocaleString('en')}`,
    goal: { atMost: 1.5 },
    value: null,
    unit: 'times',
    note: 'left out: there is no /proc to read it from',
  };
}
