// Measures the time from the true end of an execution until the app knows: a held request at the receiver against polling CXone.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from 'simple-statistics';
import { Agent, fetch } from 'undici';
import { type Measure, type Row, ratioOf, type Settings, spreadOf } from './measure.ts';
import { createPoller, type Fetch, POLL_EVERY_MS, type Poller } from './poller.ts';
import { APP_HEADERS, startReceiver } from './servers/receiver.ts';
import { startUpstream } from './servers/upstream.ts';

export interface Size {
  readonly rounds: number;
  /** Duration of submitting, in seconds; a round ends when all of its executions have ended. */
  readonly seconds: number;
  readonly perSecond: number;
}

const FULL: Size = { rounds: 8, seconds: 8, perSecond: 50 };
const QUICK: Size = { rounds: 2, seconds: 2, perSecond: 50 };

/** Run times are spread evenly over this span in milliseconds, which equals the poll interval: no moment between polls is favoured. */
const RUN_MS = { from: 500, to: 500 + POLL_EVERY_MS } as const;

/** Holds the submission's response longer than any execution runs. */
const WAIT_SECONDS = 30;

/** CXone's usual limit would delay polling, which needs more requests. It is lifted for both. */
const NO_RATE_LIMIT = ['--rate-limit', '0'];

/** One round: milliseconds from the true end to knowledge, one value per execution. */
interface Lags {
  readonly waited: readonly number[];
  readonly polled: readonly number[];
}

export const measureDetection: Measure = (settings) => detection(settings, settings.quick ? QUICK : FULL);

export async function detection({ scratch: parent, signal, log }: Settings, size: Size): Promise<readonly Row[]> {
  const scratch = await mkdtemp(join(parent, 'detection-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
  const upstream = await startUpstream({ scratch, place: 'load', flags: NO_RATE_LIMIT });
  stack.defer(() => upstream.stop());
  const port = await freePort();
  const receiver = await startReceiver({
    ...{ scratch, name: 'detection', place: 'server', upstream: upstream.url },
    databasePath: join(scratch, 'detection.db'),
    env: { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` },
  });
  stack.defer(() => receiver.stop());
  const agent = new Agent();
  // Closed before the receiver, which would wait for connections that were opened and never used.
  stack.defer(() => agent.destroy());
  const ask: Fetch = (url, init) => fetch(url, { ...init, dispatcher: agent, signal });
  const poller = createPoller({
    fetch: ask,
    sleep: (ms) => sleep(ms, undefined, { signal }),
    baseUrl: upstream.url,
    clientId: 'simulator',
    clientSecret: 'simulator-secret',
  });
  const wait = (correlationId: string, inputs: object) =>
    submitAndWait(ask, `http://127.0.0.1:${port}`, correlationId, inputs);

  // The first requests are slow: connections, tokens, code that is not compiled yet.
  await playRound('warming', { ...size, seconds: 1 }, { wait, poller, signal });
  const rounds: Lags[] = [];
  for (let round = 1; round <= size.rounds; round += 1) {
    const known = await playRound(`round-${round}`, size, { wait, poller, signal });
    const ends = await trueEnds(upstream.url);
    rounds.push({ waited: lagsOf(known.waited, ends), polled: lagsOf(known.polled, ends) });
    log(`detection lag: round ${round} of ${size.rounds}`);
  }
  return rowsOf(rounds, size);
}

interface Ways {
  readonly wait: (correlationId: string, inputs: object) => Promise<void>;
  readonly poller: Poller;
  readonly signal: AbortSignal;
}

/** When the app knew, in milliseconds since the epoch, by correlation id. */
type Known = Map<string, number>;

/** Both ways have the same executions at the same moments, on the same CXone. */
async function playRound(name: string, { seconds, perSecond }: Size, { wait, poller, signal }: Ways) {
  const known = { waited: new Map() as Known, polled: new Map() as Known };
  const underWay: Promise<unknown>[] = [];
  const start = (work: Promise<unknown>) => {
    // Rejections are handled where all are awaited.
    work.catch(() => {});
    underWay.push(work);
  };
  const total = Math.round(seconds * perSecond);
  const begun = Date.now();
  for (let index = 0; index < total; index += 1) {
    await sleep(Math.max(0, begun + (index * 1000) / perSecond - Date.now()), undefined, { signal });
    const runMs = runTime(index, total);
    const note = (map: Known, correlationId: string) => () => map.set(correlationId, Date.now());
    const waited = `waited-${name}-${index}`;
    start(wait(waited, { simulate: { runMs } }).then(note(known.waited, waited)));
    const polled = `polled-${name}-${index}`;
    // The polling app has no callback endpoint, so CXone sends no callbacks.
    const alone = { simulate: { runMs, callbacks: [] } };
    start(poller.run(polled, 'look-up', alone).then(demandCompleted).then(note(known.polled, polled)));
  }
  await Promise.all(underWay);
  return known;
}

/** Steps by a prime through the span: the whole span, evenly, with distant neighbours. */
function runTime(index: number, total: number): number {
  const share = ((index * STRIDE) % total) / total;
  return Math.round(RUN_MS.from + (RUN_MS.to - RUN_MS.from) * share);
}
const STRIDE = 7_919;

/** @throws Error unless the response is the outcome. */
async function submitAndWait(ask: Fetch, url: string, correlationId: string, inputs: object): Promise<void> {
  const response = await ask(`${url}/v1/executions`, {
    method: 'POST',
    headers: { ...APP_HEADERS, 'content-type': 'application/json', prefer: `wait=${WAIT_SECONDS}` },
    body: JSON.stringify({ actionId: 'look-up', correlationId, inputs }),
  });
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`a held submission was answered ${response.status}: ${text.slice(0, 200)}`);
  const { status, resolvedBy } = JSON.parse(text) as { status: string; resolvedBy: string };
  demandCompleted({ status });
  if (resolvedBy !== 'callback') throw new Error(`an execution was resolved by ${resolvedBy}, not by its callback`);
}

function demandCompleted({ status }: { readonly status: string }): void {
  if (status !== 'COMPLETED') throw new Error(`an execution ended as ${status}`);
}

/** All executions in the ledger of the simulator. */
async function trueEnds(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/simulator/executions`);
  const { items } = (await response.json()) as { items: { correlationId: string; endsAt: string }[] };
  return new Map(items.map(({ correlationId, endsAt }) => [correlationId, Date.parse(endsAt)]));
}

function lagsOf(known: Known, ends: ReadonlyMap<string, number>): number[] {
  return [...known].map(([correlationId, at]) => {
    const endedAt = ends.get(correlationId);
    if (endedAt === undefined) throw new Error(`CXone never received ${correlationId}`);
    return at - endedAt;
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port can be had');
  return address.port;
}

export function rowsOf(rounds: readonly Lags[], { perSecond }: Pick<Size, 'perSecond'>): Row[] {
  const at = (share: number, which: keyof Lags) => rounds.map((lags) => quantile([...lags[which]], share));
  const ratio = (share: number) =>
    ratioOf(at(share, 'waited').map((ours, round) => ({ ours, theirs: at(share, 'polled')[round] ?? Number.NaN })));
  const figures = (share: number) => ({
    'held open, ms': spreadOf(at(share, 'waited')).median,
    'polling, ms': spreadOf(at(share, 'polled')).median,
    'executions a round': rounds[0]?.waited.length ?? 0,
  });
  const row = {
    measure: 'detection lag, true completion to the app knowing',
    beside: `polling every ${POLL_EVERY_MS / 1000} s`,
    unit: 'times',
    note: `a Prefer: wait request held open; ${perSecond} executions/s each way, at once and on one simulated CXone`,
  };
  return [
    { ...row, measure: `${row.measure}, median`, goal: { atMost: 1 / 50 }, value: ratio(0.5), context: figures(0.5) },
    { ...row, measure: `${row.measure}, p99`, goal: null, value: ratio(0.99), context: figures(0.99) },
  ];
}
