// BullMQ in the races: a job is taken with a token and stays active until the sender of the completion moves it to completed.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { install, load } from '../packages.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Outcome, type Started } from '../races.ts';
import { until } from '../run.ts';
import { DURABILITIES, type Durability, type Redis, redisVersion, startRedis } from './redis.ts';

const VERSION = '6.7.0';
/** Of ioredis, with which it is tested. */
const CLIENT_VERSION = '5.11.1';
const QUEUE = 'charge';
const TOKEN = 'the-token-of-the-races';
const LARGE_BYTES = 40 * 1024 * 1024;
/** Time of a lock, and between two looks for expired ones; the defaults are 30 s. */
const LOCK_MS = 1000;

/** The used part of the package. */
interface Package {
  Queue: new (name: string, options: Connected) => Queue;
  Worker: new (name: string, processor: null, options: Connected & Locks) => Worker;
  QueueEvents: new (name: string, options: Connected) => QueueEvents;
}
interface Connected {
  readonly connection: { readonly host: string; readonly port: number };
}
interface Locks {
  readonly lockDuration?: number;
  readonly stalledInterval?: number;
}
interface Closable {
  on(event: 'error', listener: (error: Error) => void): void;
  close(force?: boolean): Promise<void>;
}
interface Queue extends Closable {
  add(name: string, data: object, options: { jobId: string }): Promise<Job>;
  getJob(id: string): Promise<Job | undefined>;
}
interface Worker extends Closable {
  getNextJob(token: string, options: { block: boolean }): Promise<Job | undefined>;
  startStalledCheckTimer(): Promise<void>;
}
interface QueueEvents extends Closable {
  waitUntilReady(): Promise<unknown>;
}
interface Job {
  readonly id?: string;
  readonly data: unknown;
  readonly returnvalue: unknown;
  readonly failedReason?: string;
  readonly stalledCounter?: number;
  moveToCompleted(result: unknown, token: string, fetchNext: false): Promise<unknown>;
  moveToFailed(error: Error, token: string, fetchNext: false): Promise<unknown>;
  getState(): Promise<string>;
  remove(): Promise<void>;
  waitUntilFinished(events: QueueEvents, ttlMs?: number): Promise<unknown>;
}

export const BULLMQ: Contestant = {
  name: 'BullMQ',
  mapping: {
    execution: 'a job that was taken by hand and is active',
    sender: '`moveToCompleted(result, token)`',
    waiter: '`waitUntilFinished`, or the job read again',
    operator: 'state and fields of the job in Redis',
  },
  start,
};

interface Parts {
  readonly library: Package;
  readonly redis: Redis;
  readonly scratch: string;
  readonly queue: Queue;
  readonly events: QueueEvents;
  readonly worker: Worker;
}

const RESULT = { n: 1 };

async function start({ scratch, packages }: Ground): Promise<Started> {
  const version = redisVersion();
  await install(packages, [`bullmq@${VERSION}`, `ioredis@${CLIENT_VERSION}`]);
  const library = await load<Package>(packages, 'bullmq');
  // As its documentation recommends.
  const redis = await startRedis(join(scratch, 'redis'), 'everysec');
  const connected = connectedTo(redis);
  const parts: Parts = {
    ...{ library, redis, scratch },
    queue: quiet(new library.Queue(QUEUE, connected)),
    events: quiet(new library.QueueEvents(QUEUE, connected)),
    worker: quiet(new library.Worker(QUEUE, null, connected)),
  };
  await parts.events.waitUntilReady();
  return {
    versions: `${VERSION} on Redis ${version} with an append-only file`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, 'duplicate', (job) => job.moveToCompleted(RESULT, TOKEN, false)),
      conflict: () => twice(parts, 'conflict', (job) => job.moveToFailed(new Error('declined'), TOKEN, false)),
      late: () => late(parts),
      cancelled: () => cancelled(parts),
      unknown: () => unknown(parts),
      downtime: () => downtime(parts),
      crash: () => crash(parts),
      key: () => key(parts),
      numbers: () => numbers(parts),
      large: () => large(parts),
      lost: () => lost(parts),
    },
    stop: async () => {
      await Promise.all([parts.worker.close(true), parts.events.close(), parts.queue.close()]);
      await redis.stop();
    },
  };
}

const connectedTo = ({ port }: Redis): Connected => ({ connection: { host: '127.0.0.1', port } });

/** While Redis is down its connections report errors and connect again. */
function quiet<T extends Closable>(part: T): T {
  part.on('error', () => {});
  return part;
}

/** Adds a job and takes it, as a worker does. */
async function taken(queue: Queue, worker: Worker, id: string): Promise<Job> {
  await queue.add('charge', { amount: 1 }, { jobId: id });
  return until('the job for a worker', async () => {
    const job = await worker.getNextJob(TOKEN, { block: false });
    if (job !== undefined && job.id !== id) throw new Error(`the job is ${job.id} and should be ${id}`);
    return job ?? null;
  });
}

/** The response of the library to a call. */
async function response(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'accepted',
    (error: Error) => `throws ${code(error.message)}`,
  );
}

const completed = (job: Job) => response(job.moveToCompleted(RESULT, TOKEN, false));

async function found({ queue }: Pick<Parts, 'queue'>, id: string): Promise<Job> {
  const job = await queue.getJob(id);
  if (job === undefined) throw new Error(`there is no job ${id}`);
  return job;
}

async function fields(parts: Pick<Parts, 'queue'>, id: string): Promise<string> {
  const job = await found(parts, id);
  const [state, reason] = [await job.getState(), job.failedReason];
  const failed = reason === undefined ? '' : `, failedReason ${code(reason)}`;
  return `${state}, returnvalue ${code(job.returnvalue)}${failed}`;
}

async function seen(parts: Parts, id: string): Promise<Pick<Cells, 'waiter' | 'operator'>> {
  const job = await found(parts, id);
  const waiter = await job.waitUntilFinished(parts.events, LOCK_MS).then(code, (error: Error) => code(error.message));
  return { waiter, operator: await fields(parts, id) };
}

async function early(parts: Parts): Promise<Cells> {
  const job = await parts.queue.add('charge', { amount: 1 }, { jobId: 'early' });
  const sender = await completed(job);
  const cells = { sender, ...(await seen(parts, 'early')) };
  await job.remove();
  return cells;
}

async function twice(parts: Parts, id: string, again: (job: Job) => Promise<unknown>): Promise<Cells> {
  const job = await taken(parts.queue, parts.worker, id);
  const sender = inOrder(await completed(job), await response(again(job)));
  return { sender, ...(await seen(parts, id)) };
}

/** The time-out is that of the waiter: the job has none of its own while its lock is renewed. */
async function late(parts: Parts): Promise<Cells> {
  const job = await taken(parts.queue, parts.worker, 'late');
  const first = await job.waitUntilFinished(parts.events, 100).then(code, (error: Error) => code(error.message));
  const sender = await completed(job);
  const { waiter, operator } = await seen(parts, 'late');
  return { sender, waiter: inOrder(first, `${waiter} when it waits again`), operator };
}

async function cancelled(parts: Parts): Promise<Cells> {
  const job = await taken(parts.queue, parts.worker, 'cancelled');
  const removal = await response(job.remove());
  const sender = `${await completed(job)} (the cancel, ${code('remove')}: ${removal})`;
  return { sender, ...(await seen(parts, 'cancelled')) };
}

async function unknown(parts: Parts): Promise<Cells> {
  const job = await parts.queue.getJob('no-such-job');
  return {
    sender: `${code('getJob')} returns ${code(String(job))}: nothing can be completed`,
    waiter: 'no job is affected',
    operator: 'no job',
  };
}

interface Stalled {
  readonly queue: Queue;
  readonly job: Job;
  /** What the waiter has after the next take of a worker. */
  next(): Promise<string>;
  close(): Promise<void>;
}

/** Takes a job with a lock of a second, closes the worker without a word, and starts another one. */
async function stalled(parts: Parts, name: string): Promise<Stalled> {
  const { Queue, Worker } = parts.library;
  const connected = connectedTo(parts.redis);
  const short = { ...connected, lockDuration: LOCK_MS, stalledInterval: LOCK_MS };
  const queue = quiet(new Queue(name, connected));
  const before = quiet(new Worker(name, null, short));
  await taken(queue, before, name);
  await before.close(true);
  const worker = quiet(new Worker(name, null, short));
  await worker.startStalledCheckTimer();
  const job = await found({ queue }, name);
  await until('the job back in its queue', async () => ((await job.getState()) === 'waiting' ? true : null));
  const next = async () => {
    const again = await worker.getNextJob(TOKEN, { block: false });
    return again?.id === name ? 'nothing yet: a worker gets the job again' : 'nothing yet';
  };
  return { queue, job, next, close: async () => void (await Promise.all([worker.close(true), queue.close()])) };
}

async function downtime(parts: Parts): Promise<Cells> {
  const { queue, job, next, close } = await stalled(parts, 'downtime');
  const sender = `${await completed(job)} after the lock has ended and a worker has started`;
  const operator = await fields({ queue }, 'downtime');
  const waiter = await next();
  await close();
  return { sender, waiter, operator };
}

async function lost(parts: Parts): Promise<Cells> {
  const { queue, next, close } = await stalled(parts, 'lost');
  const operator = await fields({ queue }, 'lost');
  const waiter = await next();
  await close();
  return { sender: 'sends nothing', waiter, operator };
}

/** Redis may write its append-only file up to two seconds after its response, while a flush runs: hence several trials. */
async function crash(parts: Parts): Promise<Cells> {
  const cells: Cells[] = [];
  for (const durability of Object.keys(DURABILITIES) as Durability[]) {
    const name = DURABILITIES[durability];
    const trials: Cells[] = [];
    for (let n = 1; n <= CRASHES[durability]; n++) trials.push(await crashOf(parts, durability));
    cells.push({
      sender: `${counted(trials.map(({ sender }) => sender))} with ${name}`,
      waiter: `${counted(trials.map(({ waiter }) => waiter))} with ${name}`,
      operator: `${counted(trials.map(({ operator }) => operator))} with ${name}`,
    });
  }
  const all = (side: keyof Cells) => cells.map((cell) => cell[side]).join('; ');
  return { sender: all('sender'), waiter: all('waiter'), operator: all('operator') };
}

/** Enough that a write which comes after its response is seen. */
const CRASHES: Readonly<Record<Durability, number>> = { always: 5, everysec: 25, snapshots: 1 };

/** Each text once, with the number of its occurrences unless all are equal. */
function counted(texts: readonly string[]): string {
  const counts = Map.groupBy(texts, (text) => text);
  if (counts.size === 1) return String(texts[0]);
  return [...counts].map(([text, { length }]) => `${text} (${length} of ${texts.length})`).join(' or ');
}

async function crashOf({ library, scratch }: Parts, durability: Durability): Promise<Cells> {
  const redis = await startRedis(mkdtempSync(join(scratch, 'crash-')), durability);
  const connected = connectedTo(redis);
  const queue = quiet(new library.Queue(QUEUE, connected));
  const worker = quiet(new library.Worker(QUEUE, null, connected));
  const sender = await completed(await taken(queue, worker, 'crash'));
  await redis.killAndRestart();
  const read = async () => ({ job: await queue.getJob('crash') });
  const { job } = await until('the queue after the restart', () => read().catch(() => null));
  const operator = job === undefined ? 'no job' : await fields({ queue }, 'crash');
  const waiter = job === undefined ? 'the job is gone' : code(job.returnvalue);
  await Promise.all([worker.close(true), queue.close()]);
  await redis.stop();
  return { sender, waiter, operator };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  const job = await taken(parts.queue, parts.worker, 'key');
  const second = await parts.queue.add('charge', { amount: 2 }, { jobId: 'key' });
  await completed(job);
  const stored = await found(parts, 'key');
  return {
    sender: `a job with ${code(second.data)}`,
    waiter: `the first job, with ${code(stored.data)}`,
    operator: await fields(parts, 'key'),
  };
}

async function numbers(parts: Parts): Promise<Cells> {
  const job = await taken(parts.queue, parts.worker, 'numbers');
  const big = await response(job.moveToCompleted({ big: 2n ** 53n + 1n }, TOKEN, false));
  const parsed = JSON.parse('{"big":9007199254740993,"zero":-0,"one":1.0}');
  const sent = await response(job.moveToCompleted(parsed, TOKEN, false));
  return { sender: `${sent} for the parsed values; ${big} for a ${code('bigint')}`, ...(await seen(parts, 'numbers')) };
}

async function large(parts: Parts): Promise<Outcome> {
  const job = await taken(parts.queue, parts.worker, 'large');
  const sender = await response(job.moveToCompleted('x'.repeat(LARGE_BYTES), TOKEN, false));
  const stored = await found(parts, 'large');
  const length = typeof stored.returnvalue === 'string' ? stored.returnvalue.length : 0;
  return {
    sender,
    waiter: length === LARGE_BYTES ? 'all of it' : `${length} characters`,
    operator: `${await stored.getState()}, returnvalue of ${Math.round(length / 1024 ** 2)} MiB`,
  };
}
