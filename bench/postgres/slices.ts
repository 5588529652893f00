// The slices of the measure `postgres`: each sends the next requests to one build and returns what they took.

import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import type { Mode } from '../load/client.ts';
import { readRequests } from '../load/requests.ts';
import type { Process } from '../process.ts';
import { APP_HEADERS, SECRET } from '../servers/receiver.ts';
import type { Driven, DriveOrder } from '../servers/store-driver.ts';
import { type Build, RECEIVERS, type Stage } from './stage.ts';

export interface SliceSize {
  /** Maximum requests of a slice: over HTTP, at a store, and submissions. */
  readonly callbacks: number;
  readonly recorded: number;
  readonly submitted: number;
  /** Maximum duration of a slice. */
  readonly seconds: number;
  /** Duration of a slice at a steady rate. */
  readonly steadySeconds: number;
  /** Clients of a slice that wait at another receiver. */
  readonly waits: number;
}

export interface Figures {
  readonly requests: number;
  readonly seconds: number;
  /** Processor time of the processes of the build and of the whole server; null without /proc. */
  readonly cpuMicroseconds: number | null;
  /** Milliseconds, one for each request; none for slices at a store. */
  readonly latencies: readonly number[];
}

export const CONNECTIONS = 128;
export const IN_FLIGHT = 512;
export const PER_SECOND = 300;

const KEPT: Mode = { kind: 'kept', connections: CONNECTIONS };
/** As many connections for each receiver. */
const KEPT_BY_ALL: Mode = { kind: 'kept', connections: CONNECTIONS * RECEIVERS };
const STEADY: Mode = { kind: 'open', perSecond: PER_SECOND, connections: CONNECTIONS };

export type SliceName = keyof ReturnType<typeof slicesOn>;

export function slicesOn(stage: Stage, size: SliceSize) {
  const { receiver, receivers, obvious, receiver_store, receiver_distant, obvious_store, obvious_distant } =
    stage.builds;
  const { callbacks, recorded, submitted, seconds, steadySeconds } = size;
  const call = (build: Build, mode: Mode) => overHttp(stage, build, { mode, most: callbacks, seconds });
  const steady = (build: Build) =>
    overHttp(stage, build, { mode: STEADY, most: PER_SECOND * steadySeconds, seconds: steadySeconds });
  const submit = (build: Build) =>
    overHttp(stage, build, { kind: 'submissions', mode: KEPT, most: submitted, seconds });
  const store = (build: Build) => atStore(stage, build, { kind: 'callbacks', most: recorded, seconds });
  const add = (build: Build) => atStore(stage, build, { kind: 'submissions', most: submitted, seconds });
  return {
    'receiver, callbacks': () => call(receiver, KEPT),
    'receivers, callbacks': () => call(receivers, KEPT_BY_ALL),
    'obvious, callbacks': () => call(obvious, KEPT),
    'receiver, steady': () => steady(receiver),
    'obvious, steady': () => steady(obvious),
    'receiver, submissions': () => submit(receiver),
    'obvious, submissions': () => submit(obvious),
    'receiver, store': () => store(receiver_store),
    'obvious, store': () => store(obvious_store),
    'receiver, added': () => add(receiver_store),
    'obvious, added': () => add(obvious_store),
    'receiver, distant': () => store(receiver_distant),
    'obvious, distant': () => store(obvious_distant),
    'receivers, waits': () => waits(stage, receivers, size.waits),
  } satisfies Record<string, () => Promise<Figures>>;
}

interface HttpSlice {
  readonly kind?: 'callbacks' | 'submissions';
  readonly mode: Mode;
  readonly most: number;
  readonly seconds: number;
}

/** No request may be refused: a server that rejects requests is fast. */
function overHttp(
  { server, load, files }: Stage,
  build: Build,
  { kind = 'callbacks', ...slice }: HttpSlice,
): Promise<Figures> {
  return withCpu(server, build.processes, async () => {
    const headers = kind === 'submissions' ? APP_HEADERS : {};
    const order = { port: build.ports, headers, file: files[kind], from: build.used[kind], ...slice };
    const { requests, seconds, latencies, non2xx, others } = await load.run(order);
    build.used[kind] += requests;
    if (non2xx > 0) throw new Error(`${kind} were not answered 2xx: ${JSON.stringify(others)}`);
    return { requests, seconds, latencies: [...latencies] };
  });
}

function atStore(
  { server, files }: Stage,
  build: Build,
  order: Pick<DriveOrder, 'kind' | 'most' | 'seconds'>,
): Promise<Figures> {
  const [driver] = build.processes as readonly [Process];
  return withCpu(server, build.processes, async () => {
    const answer = driver.message((message): message is Driven => 'driven' in message);
    const from = build.used[order.kind];
    driver.send({ ...order, file: files.callbacks, from, inFlight: IN_FLIGHT } satisfies DriveOrder);
    const { driven } = await answer;
    build.used[order.kind] += driven.requests;
    return { ...driven, latencies: [] };
  });
}

async function withCpu(
  server: Stage['server'],
  processes: readonly Process[],
  work: () => Promise<Omit<Figures, 'cpuMicroseconds'>>,
): Promise<Figures> {
  const spent = async () => {
    const own = await Promise.all(processes.map((one) => one.cpuMicroseconds()));
    const served = await server.cpuMicroseconds();
    return served === null ? null : own.reduce((sum, one) => sum + one, served);
  };
  const before = await spent();
  const done = await work();
  const after = await spent();
  return { ...done, cpuMicroseconds: before === null || after === null ? null : after - before };
}

/** Longest time between a request that waits and its callback, in milliseconds: it has reached the receiver by then. */
const MAX_PAUSE_MS = 40;
const MIN_PAUSE_MS = 20;

/** A client waits at one receiver, and another receiver gets the callback. The latency counts from the response to the callback. */
async function waits({ files }: Stage, build: Build, count: number): Promise<Figures> {
  const { verify } = createSignedUrls('', [SECRET]);
  const from = build.used.callbacks;
  const callbacks = (await readRequests(files.callbacks)).slice(from, from + count);
  build.used.callbacks += callbacks.length;
  const dispatcher = new Agent();
  const latencies: number[] = [];
  const begun = performance.now();
  const answered = async (...[url, options]: Parameters<typeof request>) => {
    const { statusCode, body } = await request(url, { ...options, dispatcher });
    const at = performance.now();
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`a request got ${statusCode}: ${text.slice(0, 200)}`);
    return { at, text };
  };
  for (const [i, { path, body }] of callbacks.entries()) {
    const waitingAt = build.ports[i % build.ports.length];
    const calledAt = build.ports[(i + 1 + (i % (build.ports.length - 1))) % build.ports.length];
    const id = verify(path.slice(CALLBACK_PATH.length + 1));
    const waiting = answered(`http://127.0.0.1:${waitingAt}/v1/executions/${id}`, {
      headers: { ...APP_HEADERS, prefer: 'wait=30' },
    });
    await sleep(MIN_PAUSE_MS + Math.random() * (MAX_PAUSE_MS - MIN_PAUSE_MS));
    const headers = { 'content-type': 'application/json' };
    const called = await answered(`http://127.0.0.1:${calledAt}${path}`, { method: 'POST', headers, body });
    const woken = await waiting;
    if (!woken.text.includes('"COMPLETED"')) throw new Error(`a client was woken without the result: ${woken.text}`);
    latencies.push(woken.at - called.at);
  }
  await dispatcher.close();
  return { requests: count, seconds: (performance.now() - begun) / 1000, cpuMicroseconds: null, latencies };
}
