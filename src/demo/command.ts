// `npm run demo`: runs the simulator and the receiver on loopback, submits every fate over HTTP and checks the outcomes.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../config/config.ts';
import { systemWorld } from '../lib/world.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { createSimulator } from '../simulator/app.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { type DemoCase, demoCases, TAKEN_AGAIN } from './cases.ts';
import { createDemoClient, type DemoClient } from './client.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { followIncidents, incidentPrinter } from './incidents.ts';
import { addresses, invitation } from './invitation.ts';
import { compare } from './judge.ts';
import { showProgress } from './progress.ts';
import { type Result, report } from './report.ts';

/** How long the demo waits for the last notifications. */
const NOTIFY_PATIENCE_MS = 20_000;

/** In the working directory, because the installed package may be read-only. */
const DATABASE = resolve('data/demo.db');

/** Returns true if every execution ended as its fate says. @param serve keeps both running until a signal. */
export async function runDemo({ serve, seed }: { readonly serve: boolean; readonly seed: string }): Promise<boolean> {
  const { stdout } = process;
  const secret = () => randomBytes(24).toString('base64url');
  const keys = { app: secret(), operator: secret() };
  await using simulator = createSimulator({ seed });
  const { url: cxoneUrl } = await simulator.listen();
  const inbox = await openInbox();
  const service = await startDemoReceiver(cxoneUrl, keys, secret() + secret(), inbox);
  try {
    stdout.write(`CXone simulator on ${cxoneUrl}, receiver on ${service.url}\n\n`);
    const startedAt = systemWorld.now();
    const app = createDemoClient(service.url, keys.app);
    const results = await play(app, simulator, inbox);
    const auditCount = results.reduce((sum, { trail }) => sum + trail.length, 0);
    const took = systemWorld.now() - startedAt;
    stdout.write(
      report({ results, auditCount, databasePath: relative('', DATABASE), took, turnedAway: inbox.turnedAway }),
    );
    const { incidents } = createDemoClient(service.url, keys.operator);
    const printIncidents = incidentPrinter({ incidents, out: stdout });
    await printIncidents();
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

function startDemoReceiver(
  cxoneUrl: string,
  keys: { app: string; operator: string },
  callbackSecret: string,
  inbox: Inbox,
): Promise<Receiver> {
  mkdirSync(dirname(DATABASE), { recursive: true });
  for (const suffix of ['', '-wal', '-shm']) rmSync(DATABASE + suffix, { force: true });
  const config = readConfig({
    CXONE_BASE_URL: cxoneUrl,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1',
    PORT: '0',
    CALLBACK_SECRET: callbackSecret,
    APP_KEYS: `demo:${keys.app}`,
    OPERATOR_KEYS: `operator:${keys.operator}`,
    DATABASE_PATH: DATABASE,
    MAX_CONCURRENT: '20',
    QUEUE_TIMEOUT_SECONDS: '25',
    NOTIFY_URLS: `demo:${inbox.url}`,
    // The notification receivers of examples/ listen there.
    NOTIFY_ALLOWED_HOSTS: ['demo:http://127.0.0.1:9000', 'demo:http://localhost:9000', `demo:${inbox.origin}`].join(
      ',',
    ),
    NOTIFY_SECRETS: `demo:${inbox.secret}`,
  });
  const log = pino({ level: 'silent' });
  const fatal = (error: unknown) => {
    throw error;
  };
  return startReceiver({ config, world: systemWorld, log, fatal, publicUrlFromListener: true });
}

async function play(client: DemoClient, simulator: Simulator, inbox: Inbox): Promise<Result[]> {
  const cases = demoCases();
  const endProgress = showProgress({
    total: cases.length,
    out: process.stdout,
    world: systemWorld,
    statuses: async () => (await client.list()).map(({ status }) => status),
  });
  try {
    await Promise.all(cases.map((demo) => live(demo, client, simulator)));
    // Late and repeated callbacks are part of a fate.
    await simulator.quiet();
    await untilNotified(client);
  } finally {
    await endProgress();
  }
  return Promise.all(
    cases.map(async (demo) => {
      const { correlationId } = demo;
      const execution = await client.get(correlationId);
      const evidence = {
        execution,
        trail: await client.trail(correlationId),
        record: simulator.execution(correlationId),
        notified: inbox.notificationsOf(correlationId),
      };
      return { ...evidence, demo, differences: compare(demo, evidence) };
    }),
  );
}

/** A rejected notification is sent again within ten seconds. */
async function untilNotified(client: DemoClient): Promise<void> {
  const giveUpAt = systemWorld.now() + NOTIFY_PATIENCE_MS;
  while ((await client.hasPendingNotifications()) && systemWorld.now() < giveUpAt) await systemWorld.sleep(100);
}

async function live(demo: DemoCase, client: DemoClient, simulator: Simulator): Promise<void> {
  const { correlationId } = demo;
  let { status } = await client.submit(demo.body);
  while (demo.cancel && status !== 'PENDING') {
    await systemWorld.sleep(50);
    ({ status } = await client.get(correlationId));
  }
  if (demo.cancel) await client.cancel(correlationId);
  await client.untilEnded(correlationId);
  simulator.release(correlationId);
}
