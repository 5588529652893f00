// Three receivers behind nginx on a PostgreSQL with a synchronous standby, while everything fails in turn: nothing is lost or doubled.

import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { command } from '../cli/harness.ts';
import { shuffled } from '../crash/budget.ts';
import { startForwarder } from '../support/forwarder.ts';
import { announce, becomes, createRounds, happens, say } from './budget.ts';
import { type App, createApp } from './client.ts';
import { createReceiver, leaderOf, type Receiver, startNginx } from './receivers.ts';
import { BIN, startReplicated } from './replicated-postgres.ts';

const APP_KEY = 'the-shop-key-0123456789';
const OPERATOR_KEY = 'the-operator-key-0123456789';
const RECEIVERS = 3;
/** Acknowledged submissions between two failures. */
const BETWEEN = 25;
/** Times that all connections to the database are cut, one after the other, and the delay of each chunk meanwhile. */
const CUTS = 8;
const DELAY_MS = 3;
/** Requests that ask for executions at the same time. */
const AT_ONCE = 20;
const ENDED = /^(COMPLETED|FAILED|REJECTED|NOT_FOUND|TIMEOUT|CANCELLED)$/;

// One function because each failure shows what the ones before it have left.
test.skipIf(BIN === null)('kills, stops, cuts, delays, crashes of the server and a promotion, under load', async () => {
  const dice = announce();
  const postgres = await startReplicated();
  const [primary, standby] = [await startForwarder(postgres.ports[0]), await startForwarder(postgres.ports[1])];
  const simulator = createSimulator({ latencyMs: 5, jitterMs: 10, runMs: 50, runJitterMs: 300, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const ports = await Promise.all(Array.from({ length: RECEIVERS }, freePort));
  const url = await startNginx(ports);
  const databaseUrl = (at: readonly number[]) =>
    `postgres://${postgres.login}@${at.map((port) => `127.0.0.1:${port}`).join()}/postgres`;
  const env = {
    ...{ CXONE_BASE_URL: cxoneUrl, CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret' },
    ...{ PUBLIC_URL: url, TRUSTED_PROXIES: '1', CALLBACK_SECRET: 'a-secret-for-clusters-of-32-characters' },
    ...{ APP_KEYS: `shop:${APP_KEY}`, OPERATOR_KEYS: `alice:${OPERATOR_KEY}` },
    ...{ DATABASE_URL: databaseUrl([primary.port, standby.port]) },
    ...{ RATE_LIMIT_PER_SECOND: '500', MAX_CONCURRENT: '100', QUEUE_CAPACITY: '100000' },
    ...{ GRACE_SECONDS: '1', POLL_INTERVAL_SECONDS: '0.5', LOG_LEVEL: 'warn' },
  };
  const receivers = ports.map((port) => createReceiver(port, env, OPERATOR_KEY));
  for (const receiver of receivers) await receiver.start();

  const app = createApp(url, APP_KEY);
  const journal = app.submit(dice);
  const figures = { kills: 0, stops: 0, cuts: 0, crashes: 0, promotions: 0 };

  async function restart(receiver: Receiver): Promise<void> {
    await receiver.kill();
    figures.kills += 1;
    await journal.more(BETWEEN);
    await receiver.start();
  }

  /** The leader stops without an end of its connections, and continues when another one leads. */
  async function stopLeader(): Promise<void> {
    const stopped = await leaderOf(receivers, OPERATOR_KEY);
    stopped.pause();
    figures.stops += 1;
    const others = receivers.filter((other) => other !== stopped);
    await leaderOf(others, OPERATOR_KEY);
    await journal.more(BETWEEN);
    stopped.resume();
  }

  async function cut(): Promise<void> {
    primary.delay(DELAY_MS);
    for (let left = CUTS; left > 0; left -= 1) {
      figures.cuts += primary.cut();
      await journal.more(BETWEEN);
    }
    primary.delay(0);
  }

  async function crash(how: () => Promise<void>): Promise<void> {
    await happens('the database is back after a crash', how());
    figures.crashes += 1;
  }

  const failures: Readonly<Record<string, () => Promise<void>>> = {
    'the leader is killed': async () => restart(await leaderOf(receivers, OPERATOR_KEY)),
    ...Object.fromEntries(receivers.map((one, i) => [`receiver ${i + 1} is killed`, () => restart(one)])),
    'the leader is stopped': stopLeader,
    'connections are cut': cut,
    'the server is stopped at once': () => crash(() => postgres.crash('SIGQUIT')),
    'the server is killed': () => crash(() => postgres.crash('SIGKILL')),
    'a process of the server is killed': () => crash(postgres.killBackend),
  };
  const anotherRound = createRounds();
  for (let round = 1; anotherRound(); round += 1) {
    const inRound = { roll: (...names: (string | number)[]) => dice.roll(round, ...names) };
    for (const [name, fail] of shuffled(Object.entries(failures), inRound)) {
      say(name);
      await fail();
      await journal.more(BETWEEN);
    }
  }
  say('the standby is promoted');
  await happens('the promotion', postgres.promote());
  figures.promotions += 1;
  await journal.more(BETWEEN);
  await journal.end();

  const { acknowledged } = journal;
  const lost = await becomes(
    'every acknowledged submission has an outcome',
    () => unendedOf(app, acknowledged),
    ({ length }) => length === 0,
  );
  const twice = acknowledged.filter((id) => (simulator.execution(id)?.posts.length ?? 0) > 1);
  const { code, out } = await command('audit verify', { DATABASE_URL: databaseUrl([standby.port]) });
  expect([code, out]).toEqual([0, expect.stringContaining('rows: agree with the trail')]);
  const numbers = { acknowledged: acknowledged.length, lost: lost.length, 'sent twice': twice.length };
  const counts = Object.entries({ ...figures, ...numbers });
  say(`PostgreSQL ${postgres.version}: ${counts.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  expect([lost, twice]).toEqual([[], []]);
});

/** Returns those that have no outcome, each with its status. */
async function unendedOf(app: App, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const statuses = await Promise.all(some.map((id) => statusOf(app, id)));
    found.push(...some.flatMap((id, i) => (ENDED.test(statuses[i] ?? '') ? [] : [`${id} ${statuses[i]}`])));
  }
  return found;
}

async function statusOf(app: App, id: string): Promise<string> {
  try {
    return ((await app.get(`/v1/executions/${id}`)) as { status: string }).status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
