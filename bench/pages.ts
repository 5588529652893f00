// Measures each page for operators on a database with a million executions and a bad night.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Measure, type Row, type Settings, spreadOf } from './measure.ts';
import { NIGHT_APPS, NIGHT_MS, type Night, type NightSize, writeNight } from './night.ts';
import { writePast } from './past.ts';
import { OPERATOR_HEADERS, type Receiver, startReceiver } from './servers/receiver.ts';
import { settled } from './settled.ts';

export interface PagesSizes {
  /** In all, those of the night included. */
  readonly executions: number;
  readonly night: NightSize;
  readonly rounds: number;
}

const FULL: PagesSizes = {
  executions: 1_000_000,
  night: { executions: 60_000, incidents: 1_500, activities: 5_000 },
  rounds: 11,
};
const QUICK: PagesSizes = {
  executions: 60_000,
  night: { executions: 6_000, incidents: 150, activities: 500 },
  rounds: 5,
};

const AT_MOST_MS = 100;

/** No server listens there. */
const NO_CXONE = 'http://127.0.0.1:9';

export const pages: Measure = (settings) => measurePages(settings, settings.quick ? QUICK : FULL);

/** The searches by text are left out: they read as much as their searcher wants. */
function pathsOf(night: Night, until: number): Readonly<Record<string, string>> {
  const action = `/console/actions/${night.action}`;
  const list = (query: string) => `/console/executions?${query}`;
  const time = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
  return {
    overview: '/',
    'overview of a day': '/?range=day',
    incidents: '/console/incidents',
    'a section of the runbook': '/console/runbook/CxoneFails',
    actions: '/console/actions',
    'an action, last hour': `${action}?range=hour`,
    'an action, eight hours of short steps': `${action}?from=${time(until - 9 * NIGHT_MS)}&to=${time(until - NIGHT_MS)}`,
    'an action, last day': action,
    'an action, last week': `${action}?range=week`,
    'an action, last month': `${action}?range=month`,
    executions: list(''),
    'executions, oldest first': list('sort=oldest'),
    'executions, last 15 min': list('last=15min'),
    'executions, open': list('status=OPEN'),
    'executions, queued': list('status=QUEUED'),
    'executions, at CXone': list('status=AT_CXONE'),
    'executions, open for a minute': list('waiting=1min'),
    'executions, failed': list('status=FAILED'),
    'executions, rejected in a day': list('status=REJECTED&last=24h'),
    'executions, timed out': list('status=TIMEOUT&sort=oldest'),
    'executions, found by a poll': list('resolvedBy=poll'),
    'executions, longer than a minute': list('minDurationSeconds=60'),
    'executions, of an app and action': list(`app=${night.app}&actionId=${night.action}`),
    'executions, of an action long ago': list(`actionId=${night.action}&to=${time(until - 24 * NIGHT_MS)}`),
    'executions, affected by an incident': list(`incident=${night.incident}`),
    'executions, by the beginning of an id': list(`id=${night.ended.slice(0, 8)}`),
    'executions, by an executionId': list('executionId=night-1'),
    'an execution that ended': `/console/executions/${night.ended}`,
    'a queued execution': `/console/executions/${night.queued}`,
    'an execution with a long history': `/console/executions/${night.eventful}`,
    notifications: '/console/notifications',
    'notifications, dead': '/console/notifications?status=DEAD',
    'notifications, pending': '/console/notifications?status=PENDING',
    'notifications, pending at an endpoint': `/console/notifications?status=PENDING&endpoint=${encodeURIComponent(night.endpoint)}`,
    'notifications, late results': '/console/notifications?type=execution.late_result',
    'notifications, of an execution': `/console/notifications?correlationId=${night.ended}`,
    endpoints: '/console/endpoints',
    'an endpoint': `/console/endpoints?${new URLSearchParams({ app: night.app, origin: night.endpoint })}`,
    callbacks: '/console/callbacks',
    activity: '/console/activity',
    'activity, of an operator': '/console/activity?by=alice',
    'activity, of an operator without any': '/console/activity?by=dave',
    pauses: '/console/pauses',
    'the question before the queue is cancelled': '/console/all/cancel?status=QUEUED',
    'the question before an erasure': '/console/all/erase?status=COMPLETED',
    'log in': '/console/login',
    'API documentation': '/docs',
  };
}

/** @throws Error for a response other than 200. */
export async function measurePages(settings: Settings, sizes: PagesSizes): Promise<readonly Row[]> {
  const { scratch, log, signal } = settings;
  const until = Date.now();
  const databasePath = join(scratch, 'pages.db');
  try {
    log(`writing ${sizes.executions.toLocaleString('en')} executions`);
    await writePast(databasePath, sizes.executions - sizes.night.executions, until - NIGHT_MS, signal);
    const night = await writeNight(databasePath, sizes.night, until, signal);
    const receiver = await startReceiver({
      ...{ databasePath, scratch, name: 'pages', place: null, upstream: NO_CXONE },
      env: { APP_KEYS: NIGHT_APPS.map((app) => `${app}:the-key-of-${app}-of-the-bench`).join(',') },
    });
    try {
      await settled(receiver, signal);
      const paths = pathsOf(night, until);
      const looks = new Map(Object.keys(paths).map((name) => [name, [] as Look[]]));
      for (let round = 1; round <= sizes.rounds; round += 1) {
        for (const [name, path] of Object.entries(paths)) looks.get(name)?.push(await look(receiver, path, signal));
        log(`round ${round} of ${sizes.rounds}`);
      }
      return [...[...looks].map(([name, seen]) => rowOf(name, seen, sizes)), slowestLook(looks, sizes)];
    } finally {
      await receiver.stop();
    }
  } finally {
    for (const end of ['.db', '.db-wal', '.db-shm', '.db.lock', '.db.lock-journal', '.log'])
      await rm(join(scratch, `pages${end}`), { force: true });
  }
}

/** One request of a page, in milliseconds. */
interface Look {
  readonly ms: number;
  /** Processor time of the receiver, its threads included. */
  readonly processorMs: number;
}

async function look(receiver: Receiver, path: string, signal: AbortSignal): Promise<Look> {
  const before = await receiver.cpuMicroseconds();
  const begun = performance.now();
  const headers = { ...OPERATOR_HEADERS, accept: 'text/html' };
  const response = await fetch(`http://127.0.0.1:${receiver.port}${path}`, { headers, signal });
  await response.text();
  const ms = performance.now() - begun;
  if (response.status !== 200) throw new Error(`GET ${path} got ${response.status}`);
  return { ms, processorMs: ((await receiver.cpuMicroseconds()) - before) / 1000 };
}

function rowOf(name: string, looks: readonly Look[], { executions }: PagesSizes): Row {
  const times = looks.map(({ ms }) => ms);
  const [first = 0] = times;
  const processor = spreadOf(looks.map(({ processorMs }) => processorMs)).median;
  return {
    measure: `page with ${executions.toLocaleString('en')} executions: ${name}`,
    ...{ beside: null, goal: { atMost: AT_MOST_MS }, value: spreadOf(times), unit: 'ms' },
    context: { 'first, ms': rounded(first), 'longest, ms': rounded(Math.max(...times)), 'CPU ms': rounded(processor) },
  };
}

/** The median of a page hides the one look that waited for other work of the receiver. */
function slowestLook(looks: ReadonlyMap<string, readonly Look[]>, { executions }: PagesSizes): Row {
  const all = [...looks].flatMap(([name, seen]) => seen.map(({ ms }, index) => ({ name, ms, round: index + 1 })));
  const [slowest] = all.sort((one, other) => other.ms - one.ms);
  const slow = all.filter(({ ms }) => ms > AT_MOST_MS).length;
  return {
    measure: `page with ${executions.toLocaleString('en')} executions: the slowest single look of all`,
    ...{ beside: null, goal: { atMost: AT_MOST_MS }, value: spreadOf([slowest?.ms ?? Number.NaN]), unit: 'ms' },
    context: { page: slowest?.name ?? '', round: slowest?.round ?? 0, looks: all.length, 'looks over 100 ms': slow },
  };
}

function rounded(ms: number): number {
  return Number(ms.toFixed(1));
}
