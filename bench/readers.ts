// Measures the latency of callbacks while operators search for an absent text, an app reads its whole list and the callbacks page is open.

import { setTimeout as sleep } from 'node:timers/promises';
import { createCallbacks, type Percentiles, peakOf, percentiles, type Size, warmUp } from './latency.ts';
import type { Mode } from './load/client.ts';
import { type Measure, noiseNote, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { type Phase, withPhase } from './phase.ts';
import { type Contender, startReceiverAsContender } from './servers/contenders.ts';
import { APP_HEADERS } from './servers/receiver.ts';

export interface ReadersSize extends Pick<Size, 'open' | 'warmCount' | 'peakRounds' | 'seconds'> {
  /** Slices at rest, and as many with readers, in turns. */
  readonly rounds: number;
}

export const FULL: ReadersSize = { open: 300_000, warmCount: 12_000, peakRounds: 3, rounds: 12, seconds: 2 };
export const QUICK: ReadersSize = { open: 60_000, warmCount: 4_000, peakRounds: 2, rounds: 5, seconds: 0.5 };

/** Each searches under a key of their own. */
const OPERATORS = ['one', 'two', 'three'] as const;
const keyOf = (operator: string) => `the-reader-key-of-operator-${operator}-0123456789`;
const READER_KEYS = OPERATORS.map((name) => `${name}:${keyOf(name)}`).join(',');
const headersOf = (operator: string) => ({ authorization: `Bearer ${keyOf(operator)}` });

/** No prepared execution has it. */
const ABSENT = 'a%20text%20that%20no%20execution%20has';

/** Callbacks come at this share of the peak rate: the readers need processor time, too. */
const SHARE_OF_PEAK = 0.25;
const CONNECTIONS = 64;

/** The page refreshes itself less often. */
const PAGE_EVERY_MS = 1_000;

export const readers: Measure = (settings) => measureReaders(settings, settings.quick ? QUICK : FULL);

export async function measureReaders(settings: Settings, size: ReadersSize): Promise<readonly Row[]> {
  const { signal, log } = settings;
  const contenders: Phase['contenders'] = async (ground, upstream) => [
    await startReceiverAsContender(ground, { upstream, env: { READER_KEYS } }),
  ];
  const phase: Phase = { place: 'server', open: size.open, submissions: null, contenders };
  return withPhase(settings, phase, async ({ contenders: [started], load, file }) => {
    const receiver = started as Contender;
    const callbacks = createCallbacks({ load, receiver, file, signal });
    await warmUp(callbacks, size);
    const perSecond = (await peakOf(callbacks, size)) * SHARE_OF_PEAK;
    const mode: Mode = { kind: 'open', perSecond, connections: CONNECTIONS };
    const rounds: Round[] = [];
    const slice = async () => percentiles((await callbacks.send(mode, size.seconds)).latencies);
    for (let round = 1; round <= size.rounds; round += 1) {
      const atRest = await slice();
      const reading = startReading(receiver.port, signal);
      await reading.begun;
      const reads = await slice();
      rounds.push({ atRest, reads, pages: await reading.stop() });
      log(`callbacks while others read: round ${round} of ${size.rounds}`);
    }
    await receiver.settle(callbacks.answered());
    return [rowOf('p50', 1.5, rounds), rowOf('p99', 2, rounds)];
  });
}

interface Round {
  readonly atRest: Percentiles;
  readonly reads: Percentiles;
  readonly pages: PageCounts;
}

/** Number of pages that were read. */
type PageCounts = { readonly [kind in 'search' | 'export' | 'page']: number };

interface Reading {
  /** Resolves when each reader has its first page. @throws Error for a response other than 200. */
  readonly begun: Promise<unknown>;
  stop(): Promise<PageCounts>;
}

function startReading(port: number, outer: AbortSignal): Reading {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, outer]);
  const counts = { search: 0, export: 0, page: 0 };
  const base = `http://127.0.0.1:${port}`;

  async function read(path: string, headers: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(base + path, { headers, signal });
    if (response.status !== 200) throw new Error(`GET ${path} got ${response.status}`);
    return response.text();
  }

  /** Reads a list to its end, again and again. */
  async function* pagesOf(path: string, headers: Readonly<Record<string, string>>): AsyncGenerator<string> {
    for (let cursor = ''; ; ) {
      const page = await read(path + cursor, headers);
      const next = /"nextCursor":"([^"]+)"/.exec(page)?.[1];
      cursor = next === undefined ? '' : `&cursor=${next}`;
      yield page;
    }
  }

  async function* callbacksPage(headers: Readonly<Record<string, string>>): AsyncGenerator<string> {
    for (;;) {
      yield await read('/console/callbacks', headers);
      await sleep(PAGE_EVERY_MS, undefined, { signal });
    }
  }

  const readers = [
    ...OPERATORS.map((name) => ['search', pagesOf(`/v1/executions?text=${ABSENT}`, headersOf(name))] as const),
    ['export', pagesOf('/v1/executions?limit=200', APP_HEADERS)] as const,
    ['page', callbacksPage(headersOf('one'))] as const,
  ];
  const reading = readers.map(([kind, pages]) => {
    const first = Promise.withResolvers<void>();
    const done = (async () => {
      for await (const _page of pages) {
        counts[kind] += 1;
        first.resolve();
      }
    })().catch((error: unknown) => {
      first.reject(error);
      if (!stopping.signal.aborted) throw error;
    });
    return { first: first.promise, done };
  });
  const all = Promise.all(reading.map(({ done }) => done));
  return {
    begun: Promise.race([Promise.all(reading.map(({ first }) => first)), all]),
    stop: async () => {
      stopping.abort();
      await all;
      return { ...counts };
    },
  };
}

function rowOf(which: keyof Percentiles, goal: number, rounds: readonly Round[]): Row {
  const median = (value: (round: Round) => number) => spreadOf(rounds.map(value)).median;
  const note = noiseNote(`the ${which} at rest`, spreadOf(rounds.map(({ atRest }) => atRest[which])));
  return {
    measure: `${which} of a callback at a quarter of the peak rate, with three searches, an export and the callbacks page`,
    beside: 'the same at rest',
    goal: { atMost: goal },
    value: ratioOf(rounds.map(({ reads, atRest }) => ({ ours: reads[which], theirs: atRest[which] }))),
    unit: 'times',
    ...(note === undefined ? {} : { note }),
    context: {
      'at rest, ms': Number(median(({ atRest }) => atRest[which]).toFixed(3)),
      'with readers, ms': Number(median(({ reads }) => reads[which]).toFixed(3)),
      'pages of searches a slice': median(({ pages }) => pages.search),
      'pages of the export a slice': median(({ pages }) => pages.export),
    },
  };
}
