// Three receivers behind nginx on a PostgreSQL with a synchronous standby, while everything fails in turn: nothing is lost or doubled.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import { command } from '../cli/harness.ts';
import { NGINX } from '../deploy/proxies.ts';
import { certificateFor } from '../support/certificate.ts';
import { startForwarder } from '../support/forwarder.ts';
import { type Running, run, runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { createApp } from './client.ts';
import { BIN, startReplicated } from './replicated-postgres.ts';

const APP_KEY = 'the-shop-key-0123456789';
const OPERATOR_KEY = 'the-operator-key-0123456789';
const RECEIVERS = 3;
/** Acknowledged submissions between two failures. */
const BETWEEN = 25;
/** Requests that ask for executions at the same time. */
const AT_ONCE = 20;
const ENDED = /^(COMPLETED|FAILED|REJECTED|NOT_FOUND|TIMEOUT|CANCELLED)$/;

interface Receiver {
  readonly port: number;
  running: Running;
}

test.skipIf(BIN === null)('kills, stops, cuts, delays, a crash of the server and a promotion, under load', async () => {
  const postgres = await startReplicated();
  const [primary, standby] = [await startForwarder(postgres.ports[0]), await startForwarder(postgres.ports[1])];
  const simulator = createSimulator({ latencyMs: 5, jitterMs: 10, runMs: 50, runJitterMs: 300, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const ports = await Promise.all(Array.from({ length: RECEIVERS }, freePort));
  const url = await startNginx(ports);
  const databaseUrl = `postgres://${postgres.login}@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`;
  const env = {
    ...{ CXONE_BASE_URL: cxoneUrl, CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret' },
    ...{ PUBLIC_URL: url, TRUSTED_PROXIES: '1', CALLBACK_SECRET: 'a-secret-for-clusters-of-32-characters' },
    ...{ APP_KEYS: `shop:${APP_KEY}`, OPERATOR_KEYS: `alice:${OPERATOR_KEY}`, DATABASE_URL: databaseUrl },
    ...{ RATE_LIMIT_PER_SECOND: '500', MAX_CONCURRENT: '100', QUEUE_CAPACITY: '100000' },
    ...{ GRACE_SECONDS: '1', POLL_INTERVAL_SECONDS: '0.5', LOG_LEVEL: 'warn' },
  };
  const start = (port: number) => run(['start'], { ...env, PORT: String(port) }, '/');
  const receivers = ports.map((port): Receiver => ({ port, running: start(port) }));
  for (const receiver of receivers) await untilAnswered(receiver, '/readyz');

  const app = createApp(url, APP_KEY);
  const journal = app.submit();
  const figures = { kills: 0, stops: 0, cuts: 0, crashes: 0, promotions: 0 };
  const restart = async (receiver: Receiver) => {
    receiver.running.child.kill('SIGKILL');
    await receiver.running.finished;
    figures.kills += 1;
    await journal.more(BETWEEN);
    receiver.running = start(receiver.port);
    await untilAnswered(receiver, '/readyz');
    await journal.more(BETWEEN);
  };

  await journal.more(BETWEEN);
  await restart(await leaderOf(receivers));
  for (const receiver of receivers) await restart(receiver);

  const stopped = await leaderOf(receivers);
  stopped.running.child.kill('SIGSTOP');
  figures.stops += 1;
  await expect.poll(async () => (await leadersOf(receivers.filter((other) => other !== stopped))).length).toBe(1);
  await journal.more(BETWEEN);
  stopped.running.child.kill('SIGCONT');
  await journal.more(BETWEEN);

  primary.delay(3);
  for (let i = 0; i < 8; i += 1) {
    figures.cuts += primary.cut();
    await journal.more(BETWEEN);
  }
  primary.delay(0);

  await postgres.crash();
  figures.crashes += 1;
  await journal.more(BETWEEN);
  await postgres.promote();
  figures.promotions += 1;
  await journal.more(BETWEEN);
  await journal.end();

  const { acknowledged } = journal;
  const statusOf = async (id: string) => {
    const found = await app.get(`/v1/executions/${id}`).catch(() => null);
    return (found as { status: string } | null)?.status ?? 'UNKNOWN';
  };
  const unended = async () => {
    const found: string[] = [];
    for (let at = 0; at < acknowledged.length; at += AT_ONCE) {
      const ids = acknowledged.slice(at, at + AT_ONCE);
      const statuses = await Promise.all(ids.map(statusOf));
      found.push(...ids.filter((_, i) => !ENDED.test(statuses[i] ?? '')));
    }
    return found;
  };
  await expect.poll(unended, { timeout: 120_000, interval: 1_000 }).toEqual([]);
  const lost = await unended();
  const twice = acknowledged.filter((id) => (simulator.execution(id)?.posts.length ?? 0) > 1);
  const { code, out } = await command('audit verify', {
    DATABASE_URL: databaseUrl.replace(`127.0.0.1:${primary.port},`, ''),
  });
  expect([code, out]).toEqual([0, expect.stringContaining('rows: agree with the trail')]);
  const numbers = { acknowledged: acknowledged.length, lost: lost.length, 'sent twice': twice.length };
  const counts = Object.entries({ ...figures, ...numbers });
  process.stdout.write(
    `PostgreSQL ${postgres.version}: ${counts.map(([name, count]) => `${name} ${count}`).join(', ')}\n`,
  );
  expect([lost, twice]).toEqual([[], []]);
});

/** nginx with the example of deploy/, changed in its addresses, and without TLS. Returns its URL. */
async function startNginx(ports: readonly number[]): Promise<string> {
  const port = await freePort();
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const { cert, key } = await certificateFor(['receiver.example.com']);
  writeFileSync(join(folder, 'tls.crt'), cert);
  writeFileSync(join(folder, 'tls.key'), key);
  let example = readFileSync(new URL('../../deploy/nginx/several-receivers.conf', import.meta.url), 'utf8');
  const change = (from: string, to: string) => {
    if (!example.includes(from)) throw new Error(`the example has no ${from}`);
    example = example.replaceAll(from, to);
  };
  NGINX.configure(change, { port, folder });
  change(`listen 127.0.0.1:${port} ssl;`, `listen 127.0.0.1:${port};`);
  for (const [i, upstream] of ports.entries()) change(`10.0.0.1${i + 1}:8080`, `127.0.0.1:${upstream}`);
  const file = join(folder, 'config');
  writeFileSync(file, NGINX.wrap(example, folder));
  runCommand(...NGINX.command(file), {});
  await expect.poll(() => answers(port, '/')).not.toBe(null);
  return `http://127.0.0.1:${port}`;
}

/** Resolves when the receiver answers 200. @throws {Error} with its last words if it has ended. */
async function untilAnswered({ port, running }: Receiver, path: string): Promise<void> {
  const ended = running.finished.then(({ code, stdout, stderr }) => {
    throw new Error(`a receiver ended with ${code}: ${stdout.slice(-500)} ${stderr.slice(-500)}`);
  });
  ended.catch(() => {});
  await Promise.race([expect.poll(() => answers(port, path), { timeout: 90_000 }).toBe(true), ended]);
}

/** Whether the response is 200; null without a response. */
async function answers(port: number, path: string): Promise<boolean | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return null;
  }
}

async function leadersOf(receivers: readonly Receiver[]): Promise<Receiver[]> {
  const leaders: Receiver[] = [];
  for (const receiver of receivers) {
    const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
    const response = await fetch(`http://127.0.0.1:${receiver.port}/metrics`, { headers }).catch(() => null);
    if ((await response?.text())?.includes('cxone_receiver_active 1')) leaders.push(receiver);
  }
  return leaders;
}

async function leaderOf(receivers: readonly Receiver[]): Promise<Receiver> {
  await expect.poll(async () => (await leadersOf(receivers)).length).toBe(1);
  return (await leadersOf(receivers))[0] as Receiver;
}
