// `npm run docs:screenshots`: takes the pictures of docs/images from a receiver with an hour of invented traffic.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config/config.ts';
import { systemWorld } from '../../src/lib/world.ts';
import { startReceiver } from '../../src/receiver.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { fatal } from '../support/fatal.ts';
import { type Life, live } from '../support/lives.ts';
import { createManualWorld } from '../support/manual-world.ts';
import { quietLog } from '../support/quiet-log.ts';
import { launch } from './chromium.ts';

const MINUTE = 60_000;
const OPERATOR_KEY = 'the-operator-key-of-the-picture';
const ACTIONS = ['look-up-customer', 'charge-card', 'open-ticket', 'send-survey'] as const;

const RARE: readonly Life[] = ['timeout', 'late', 'not-found', 'cancelled', 'refused'];

/** The fate of one execution: mostly a callback; from minute 34 to 40 most callbacks get lost. */
function lifeIn(minute: number, random: () => number): Life {
  const chance = random();
  const lost = minute >= 34 && minute < 41 ? 0.6 : 0.06;
  // A poll needs 10 s and a timeout 40 s: what was submitted last has no time for them.
  if (minute >= 57 || chance >= 0.04 + lost) return 'callback';
  return chance < 0.04 ? pick(RARE, random) : 'poll';
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Writes an hour of executions that ends now. */
async function writeTraffic(path: string): Promise<void> {
  const { random } = createManualWorld(7);
  const store = createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal });
  const start = systemWorld.now() - 60 * MINUTE;
  for (let minute = 0; minute < 60; minute += 1) {
    const count = Math.round(8 + 5 * Math.sin(minute / 9) + 4 * random());
    for (let index = 0; index < count; index += 1) {
      const at = start + minute * MINUTE + Math.floor(random() * 55_000);
      const correlationId = `order-${4711 + minute * 20 + index}`;
      await live(store, lifeIn(minute, random), at, { correlationId, actionId: pick(ACTIONS, random), app: 'shop' });
    }
  }
  await store.close();
}

const folder = mkdtempSync(join(tmpdir(), 'screenshots-'));
const path = join(folder, 'receiver.db');
await writeTraffic(path);
const simulator = createSimulator({ seed: 'picture', runMs: 60 * MINUTE });
const { url: cxoneUrl } = await simulator.listen();
const config = readConfig({
  CXONE_BASE_URL: cxoneUrl,
  CXONE_CLIENT_ID: 'simulator',
  CXONE_CLIENT_SECRET: 'simulator-secret',
  PUBLIC_URL: 'http://127.0.0.1',
  PORT: '0',
  CALLBACK_SECRET: 'a-secret-for-pictures-of-32-characters',
  APP_KEYS: 'shop:the-app-key-of-the-picture',
  OPERATOR_KEYS: `alice:${OPERATOR_KEY}`,
  GRACE_SECONDS: '3600',
  DATABASE_PATH: path,
});
const receiver = await startReceiver({ config, world: systemWorld, log: quietLog(), fatal });
const browser = await launch();
try {
  const submit = { actionId: 'charge-card', inputs: { amount: 1200 } };
  for (let index = 0; index < 7; index += 1) {
    const headers = { authorization: 'Bearer the-app-key-of-the-picture', 'content-type': 'application/json' };
    await fetch(`${receiver.url}/v1/executions`, { method: 'POST', headers, body: JSON.stringify(submit) });
  }
  const context = await browser.newContext({
    baseURL: receiver.url,
    viewport: { width: 1180, height: 860 },
    colorScheme: 'light',
    httpCredentials: { username: 'alice', password: OPERATOR_KEY },
  });
  const page = await context.newPage();
  await page.goto('/');
  // The statistics of the last hour are read back from the audit trail after the start.
  await page.waitForTimeout(4000);
  await page.goto('/');
  const target = fileURLToPath(new URL('../../docs/images/overview.png', import.meta.url));
  await page.screenshot({ path: target });
  process.stdout.write(`${target}\n`);
} finally {
  await browser.close();
  await receiver.stop();
  await simulator[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
