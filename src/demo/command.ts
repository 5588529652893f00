// `npm run demo`: runs the simulator and the receiver on loopback, submits every fate over HTTP and checks the outcomes.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type Client, hasEnded } from '../client/client.ts';
import type { Execution } from '../client/types.ts';
import { readConfig } from '../config/config.ts';
import { SILENT } from '../lib/log.ts';
import { systemWorld } from '../lib/world.ts';
import { startReceiver } from '../receiver.ts';
import { createSimulator } from '../simulator/app.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { type DemoCase, demoCases, killCases, TAKEN_AGAIN } from './cases.ts';
import { createDemoClient } from './client.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { followIncidents, incidentPrinter, type ShownIncident } from './incidents.ts';
import { compare } from './judge.ts';
import { showProgress } from './progress.ts';
import { addresses, invitation, type Killed, type Result, report } from './report.ts';
import type { DemoService, Kills } from './service.ts';

/** How long the demo waits for the last notifications. */
const NOTIFY_PATIENCE_MS = 20_000;

/** In the working directory, because the installed package may be read-only. */
const DATABASE = resolve('data/demo.db');

export interface DemoOptions {
  /** Keeps both running until a signal. */
  readonly serve: boolean;
  readonly seed: string;
  /** Null: one receiver on a file. */
  readonly cluster: { readonly canDownload: boolean } | null;
  /** The names of the fates that are shown; default: all. */
  readonly fates?: readonly string[];
}

/** Returns true if every execution ended as its fate says. @throws {NoPostgres} */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const simulator = createSimulator({ seed: options.seed });
  try {
    return await demonstrate(simulator, options);
  } finally {
    await simulator.close();
  }
}

async function demonstrate(simulator: Simulator, { serve, cluster, fates }: DemoOptions): Promise<boolean> {
  const { stdout } = process;
  const secret = () => randomBytes(24).toString('base64url');
  const keys = { app: secret(), operator: secret() };
  const { url: cxoneUrl } = await simulator.listen();
  const inbox = await openInbox();
  const env = environmentOf(cxoneUrl, keys, secret() + secret(), inbox);
  const service = await startService(env, keys.operator, cluster).catch(async (error: unknown) => {
    await inbox.close();
    throw error;
  });
  try {
    const what = service.kills === null ? 'receiver' : 'three receivers behind a load balancer';
    stdout.write(`CXone simulator on ${cxoneUrl}, ${what} on ${service.url}\n\n`);
    const startedAt = systemWorld.now();
    const isPatient = service.kills !== null;
    const app = createDemoClient(service.url, keys.app, isPatient);
    const { results, killed } = await play(app, { simulator, inbox, kills: service.kills, fates: casesOf(fates) });
    const auditCount = results.reduce((sum, { trail }) => sum + trail.length, 0);
    const took = systemWorld.now() - startedAt;
    const operator = createDemoClient(service.url, keys.operator, isPatient);
    const incidents = async () =>
      (await operator.request<{ readonly items: readonly ShownIncident[] }>('GET', '/v1/incidents')).items;
    const printIncidents = incidentPrinter({ incidents, out: stdout });
    // The verdict comes last: these incidents are what the fates cause.
    await printIncidents('');
    stdout.write(
      report({ results, auditCount, database: service.database, took, turnedAway: inbox.turnedAway, killed }),
    );
    if (serve) {
      stdout.write(invitation({ receiverUrl: service.url, simulatorUrl: cxoneUrl, keys }));
      const end = new AbortController();
      void Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => end.abort());
      // CXone takes an execution of the action that it refused: its incident ends, on the page and here.
      await app.submit(TAKEN_AGAIN);
      const print = () => printIncidents(addresses({ receiverUrl: service.url, simulatorUrl: cxoneUrl }));
      await followIncidents(print, systemWorld, end.signal);
    }
    return results.every(({ differences }) => differences.length === 0);
  } finally {
    await service.stop();
    await inbox.close();
  }
}

async function startService(
  env: Readonly<Record<string, string>>,
  operatorKey: string,
  cluster: DemoOptions['cluster'],
): Promise<DemoService> {
  if (cluster === null) return startDemoReceiver(env);
  const { startDemoCluster } = await import('./cluster/cluster.ts');
  return startDemoCluster({ env, operatorKey, world: systemWorld, ...cluster });
}

function environmentOf(
  cxoneUrl: string,
  keys: { app: string; operator: string },
  callbackSecret: string,
  inbox: Inbox,
): Readonly<Record<string, string>> {
  return {
    CXONE_BASE_URL: cxoneUrl,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    CALLBACK_SECRET: callbackSecret,
    APP_KEYS: `demo:${keys.app}`,
    OPERATOR_KEYS: `operator:${keys.operator}`,
    MAX_CONCURRENT: '20',
    QUEUE_TIMEOUT_SECONDS: '25',
    NOTIFY_URLS: `demo:${inbox.url}`,
    // The notification receivers of examples/ listen there.
    NOTIFY_ALLOWED_HOSTS: ['demo:http://127.0.0.1:9000', 'demo:http://localhost:9000', `demo:${inbox.origin}`].join(
      ',',
    ),
    NOTIFY_SECRETS: `demo:${inbox.secret}`,
  };
}

async function startDemoReceiver(env: Readonly<Record<string, string>>): Promise<DemoService> {
  mkdirSync(dirname(DATABASE), { recursive: true });
  for (const suffix of ['', '-wal', '-shm']) rmSync(DATABASE + suffix, { force: true });
  const config = readConfig({ ...env, PUBLIC_URL: 'http://127.0.0.1', PORT: '0', DATABASE_PATH: DATABASE });
  const fatal = (error: unknown) => {
    throw error;
  };
  const receiver = await startReceiver({ config, world: systemWorld, log: SILENT, fatal, publicUrlFromListener: true });
  return { url: receiver.url, stop: receiver.stop, database: relative('', DATABASE), kills: null };
}

function casesOf(fates: readonly string[] | undefined): DemoCase[] {
  return demoCases().filter(({ name }) => fates?.includes(name) ?? true);
}

/** Of a cluster, the receiver that is active and the database are killed between the two halves of the fates. */
async function play(client: Client, { simulator, inbox, kills, fates }: Playing) {
  const [receiverCases, databaseCases] = kills === null ? [[], []] : [killCases('receiver'), killCases('database')];
  const cases = [...fates, ...receiverCases, ...databaseCases];
  const half = kills === null ? fates.length : Math.ceil(fates.length / 2);
  const liveAll = async (some: readonly DemoCase[]) => {
    await Promise.all(some.map((demo) => live(demo, client, simulator)));
    // Late and repeated callbacks are part of a fate.
    await simulator.quiet();
    await untilNotified(client);
  };
  const killed: Killed[] = [];
  const liveThrough = async (what: Killed['what'], some: readonly DemoCase[], kill: () => Promise<number>) => {
    await Promise.all(some.map((demo) => untilAccepted(demo, client)));
    const ended = Promise.all(some.map(({ correlationId }) => untilEnded(correlationId, client)));
    killed.push({ what, awayMs: await kill() });
    for (const { correlationId } of some) simulator.release(correlationId);
    await ended;
    await simulator.quiet();
    await untilNotified(client);
  };
  const endProgress = showProgress({
    total: cases.length,
    out: process.stdout,
    world: systemWorld,
    statuses: async () => (await Array.fromAsync(client.list({ limit: 200 }))).map(({ status }) => status),
  });
  try {
    await liveAll(fates.slice(0, half));
    if (kills !== null) {
      await liveThrough('receiver', receiverCases, kills.receiver);
      await liveThrough('database', databaseCases, kills.database);
      await liveAll(fates.slice(half));
    }
  } finally {
    await endProgress();
  }
  return { killed, results: await Promise.all(cases.map((demo) => resultOf(demo, client, simulator, inbox))) };
}

interface Playing {
  readonly simulator: Simulator;
  readonly inbox: Inbox;
  readonly kills: Kills | null;
  readonly fates: readonly DemoCase[];
}

async function resultOf(demo: DemoCase, client: Client, simulator: Simulator, inbox: Inbox): Promise<Result> {
  const { correlationId } = demo;
  const evidence = {
    execution: await client.get(correlationId),
    trail: await client.audit(correlationId),
    record: simulator.execution(correlationId),
    notified: inbox.notificationsOf(correlationId),
  };
  return { ...evidence, demo, differences: compare(demo, evidence) };
}

async function untilAccepted({ correlationId, body }: DemoCase, client: Client): Promise<void> {
  let { status } = await client.submit(body);
  while (status !== 'PENDING') {
    await systemWorld.sleep(50);
    ({ status } = await client.get(correlationId));
  }
}

async function untilEnded(correlationId: string, client: Client): Promise<Execution> {
  for (;;) {
    const execution = await client.get(correlationId, { waitSeconds: 30 });
    if (hasEnded(execution)) return execution;
  }
}

/** A rejected notification is sent again within ten seconds. */
async function untilNotified(client: Client): Promise<void> {
  const giveUpAt = systemWorld.now() + NOTIFY_PATIENCE_MS;
  const isPending = async () => !(await client.listNotifications({ status: 'PENDING', limit: 1 }).next()).done;
  while ((await isPending()) && systemWorld.now() < giveUpAt) await systemWorld.sleep(100);
}

async function live(demo: DemoCase, client: Client, simulator: Simulator): Promise<void> {
  const { correlationId } = demo;
  if (demo.cancel) {
    await untilAccepted(demo, client);
    await client.cancel(correlationId);
  } else await client.submit(demo.body);
  await untilEnded(correlationId, client);
  simulator.release(correlationId);
}
