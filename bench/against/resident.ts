// Resident memory under a steady rate: the present build and another revision serve the same executions at the same time.

import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Agent, request } from 'undici';
import type { Measure, Row, Settings } from '../measure.ts';
import { LOOKED_AT, type Look, look, statusOf } from '../memory.ts';
import { APP_HEADERS } from '../servers/receiver.ts';
import { startUpstream } from '../servers/upstream.ts';
import { type Side, sidesOf } from './bench-of.ts';
import type { CheckedOut } from './revision.ts';
import { leftOut, rowOf, type Turn } from './scale.ts';

export interface Steady {
  readonly perSecond: number;
  readonly seconds: number;
  /** Looks at both, at equal intervals in the last tenth of the time. */
  readonly looks: number;
}

const PER_SECOND = 150;
const LOOKS = 12;

/** @param minutes the duration of the load; the row states it. */
export function residentBeside(revision: CheckedOut, minutes: number): Measure {
  const steady = { perSecond: PER_SECOND, seconds: minutes * 60, looks: LOOKS };
  return (settings) => compareResident(revision, settings, steady);
}

export async function compareResident(
  revision: CheckedOut,
  settings: Settings,
  { perSecond, seconds, looks }: Steady,
): Promise<readonly Row[]> {
  const { scratch, log, signal } = settings;
  const duration = seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
  const what = `resident memory after ${duration} at ${perSecond} executions/s`;
  if ((await statusOf(process.pid)) === null) return [leftOut(what, revision)];
  log(`${what} beside ${revision.name}`);
  const folder = join(scratch, 'resident');
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const receivers: Steadied[] = [];
  for (const side of await sidesOf(revision, scratch)) {
    const receiver = await startSteadied(side, join(folder, side.name));
    stack.defer(receiver.stop);
    receivers.push(receiver);
  }
  const [ours, theirs] = receivers as [Steadied, Steadied];
  const turns: Turn<Look>[] = [];
  const tenth = seconds * 100;
  for (const part of [seconds * 900, ...Array<number>(looks).fill(tenth / looks)]) {
    await Promise.all(receivers.map((receiver) => submit(receiver, { perSecond, milliseconds: part, signal })));
    turns.push({ ours: await look(ours), theirs: await look(theirs) });
  }
  for (const receiver of receivers) await receiver.settle();
  return [
    rowOf(revision, turns.slice(1), {
      ...{ measure: what, unit: 'MiB', figure: ({ resident }) => resident },
      note: `the heap used after that is ${heap(turns, 'ours')} MiB, theirs ${heap(turns, 'theirs')} MiB`,
    }),
  ];
}

function heap(turns: readonly Turn<Look>[], side: keyof Turn<Look>): number {
  return Math.round(turns.at(-1)?.[side].heapUsed ?? Number.NaN);
}

interface Steadied {
  readonly pid: number;
  readonly port: number;
  /** Submissions that were answered with 202. */
  submitted: number;
  /** Stops it. @throws Error if an acknowledged execution is missing. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** A receiver with a simulated CXone of its own, which calls back half a second after each submission. */
async function startSteadied({ name, bench }: Side, scratch: string): Promise<Steadied> {
  await mkdir(scratch, { recursive: true });
  const path = join(scratch, 'receiver.db');
  const upstream = await startUpstream({ scratch, place: 'load', flags: ['--run', '250', '--rate-limit', '0'] });
  const port = await freePort();
  const env = {
    ...{ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` },
    // CXone's default limit is lower than the rate. On a slow machine, executions wait in the queue.
    ...{ RATE_LIMIT_PER_SECOND: '1000', MAX_CONCURRENT: '100', QUEUE_CAPACITY: '10000000' },
    ...{ QUEUE_TIMEOUT_SECONDS: '86400', GRACE_SECONDS: '600', ...LOOKED_AT },
  };
  const receiver = await bench
    .startReceiver({ databasePath: path, scratch, name, place: 'server', upstream: upstream.url, env })
    .catch(async (error: unknown) => {
      await upstream.stop();
      throw error;
    });
  const steadied: Steadied = {
    ...{ pid: receiver.pid, port, submitted: 0 },
    settle: async () => {
      await receiver.stop();
      demandAll(path, steadied.submitted);
    },
    stop: async () => {
      await receiver.stop();
      await upstream.stop();
    },
  };
  return steadied;
}

const TICK_MS = 100;

/** Connections of the app to each receiver. */
const CONNECTIONS = 32;

/** Submits at even times, also while responses are late. @throws Error for a response other than 202. */
async function submit(
  receiver: Steadied,
  { perSecond, milliseconds, signal }: { perSecond: number; milliseconds: number; signal: AbortSignal },
): Promise<void> {
  const agent = new Agent({ connections: CONNECTIONS });
  await using _closed = { [Symbol.asyncDispose]: () => agent.close() };
  const begun = performance.now();
  const count = Math.round((milliseconds / 1000) * perSecond);
  const answers: Promise<void>[] = [];
  const failures: unknown[] = [];
  while (answers.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - begun) / 1000) * perSecond));
    while (answers.length < due)
      answers.push(submitOne(receiver, agent).catch((error: unknown) => void failures.push(error)));
    await sleep(TICK_MS, undefined, { signal });
    if (failures.length > 0) throw failures[0];
  }
  await Promise.all(answers);
  if (failures.length > 0) throw failures[0];
}

async function submitOne(receiver: Steadied, dispatcher: Agent): Promise<void> {
  const body = JSON.stringify({ actionId: 'charge-card', inputs: { amount: 1999, currency: 'EUR' } });
  const headers = { ...APP_HEADERS, 'content-type': 'application/json' };
  const url = `http://127.0.0.1:${receiver.port}/v1/executions`;
  const response = await request(url, { method: 'POST', headers, body, dispatcher });
  const text = await response.body.text();
  if (response.statusCode !== 202) throw new Error(`a submission was answered with ${response.statusCode}: ${text}`);
  receiver.submitted += 1;
}

/** The view `conservation` is the same in all versions. */
function demandAll(path: string, submitted: number): void {
  const client = new Database(path, { readonly: true });
  try {
    const account = client
      .prepare<[], { accepted: number; difference: number }>('SELECT accepted, difference FROM conservation')
      .get();
    if (account?.accepted === submitted && account.difference === 0) return;
    throw new Error(`of ${submitted} executions not all are there: ${JSON.stringify(account)}`);
  } finally {
    client.close();
  }
}

/** A port for the callback URL, which must be known before the receiver listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}
