// Makes a database as a version of the receiver writes it: node test/upgrade/make.ts CHECKOUT FILE
//
// It uses only the stable interfaces of a version: its command line, its variables and its HTTP interface.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const KEYS = {
  ...{ shop: 'the-shop-key-0123456789', billing: 'the-billing-key-0123456789' },
  alice: 'the-operator-key-0123456789',
};
const [PORT, INBOX] = [18_471, 18_472];

const [checkout = '', target = ''] = process.argv.slice(2);
/** From migration 0004 on, executions are held and erased, and keep the cookies of a gateway. */
const canErase = existsSync(resolve(checkout, 'migrations/0004_erasure.sql'));

/** Ended in every way, with late, repeated, contradicting and unreadable callbacks. */
const ENDING = [
  { app: 'shop', simulate: 'callback' },
  { app: 'billing', simulate: 'callback' },
  { app: 'shop', simulate: 'callback-failed' },
  { app: 'shop', simulate: canErase ? 'sticky-gateway' : 'lost-callback', timeoutSeconds: 20 },
  { app: 'shop', simulate: 'garbled-callback', timeoutSeconds: 20 },
  { app: 'shop', simulate: 'conflicting-callback' },
  { app: 'shop', simulate: 'duplicate-callback' },
  { app: 'shop', simulate: 'big-integers' },
  { app: 'shop', simulate: 'never-ends', timeoutSeconds: 5 },
  { app: 'billing', simulate: 'late-callback', timeoutSeconds: 5 },
  { app: 'shop', simulate: 'poll-gone', timeoutSeconds: 20 },
  { app: 'shop', simulate: { submits: [{ answer: 422 }] } },
];
const CANCELLED = { app: 'shop', simulate: { outcome: 'never' }, graceSeconds: 86_400 };
/** PENDING; UNCONFIRMED; and QUEUED, at the end, because CXone then asks for a pause. */
const OPEN = [
  { app: 'shop', simulate: { outcome: 'never' }, graceSeconds: 86_400 },
  { app: 'shop', simulate: 'reset-lost', graceSeconds: 86_400 },
  { app: 'shop', simulate: { submits: [{ answer: 503, retryAfterSeconds: 3600 }] }, graceSeconds: 86_400 },
];

interface Wanted {
  readonly app: string;
  readonly simulate: unknown;
  readonly timeoutSeconds?: number;
  readonly graceSeconds?: number;
}

const main = resolve(checkout, 'src/main.ts');
const scratch = mkdtempSync(join(tmpdir(), 'upgrade-make-'));
const started: ChildProcess[] = [];

function start(args: readonly string[], env: Record<string, string> = {}) {
  const options = { cwd: scratch, env: { PATH: process.env['PATH'] ?? '', ...env } };
  const child = spawn(process.execPath, [main, ...args], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function call(app: string, path: string, body?: object): Promise<{ correlationId: string; status: string }> {
  const answer = await fetch(`http://127.0.0.1:${PORT}/v1/executions${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${KEYS[app as keyof typeof KEYS]}`,
      'content-type': 'application/json',
      prefer: 'wait=50',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${path} ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { correlationId: string; status: string };
}

function submission({ app, simulate, ...times }: Wanted, correlationId: string) {
  return { actionId: app === 'shop' ? 'charge-card' : 'look-up', correlationId, inputs: { simulate }, ...times };
}

async function until(wanted: Wanted, correlationId: string, status: string): Promise<void> {
  void call(wanted.app, '', submission(wanted, correlationId)).catch(() => {});
  for (let tries = 0; tries < 100; tries += 1) {
    await sleep(100);
    const answer = await fetch(`http://127.0.0.1:${PORT}/v1/executions/${correlationId}`, {
      headers: { authorization: `Bearer ${KEYS[wanted.app as keyof typeof KEYS]}` },
    });
    const found = answer.ok ? ((await answer.json()) as { status: string }) : null;
    if (found?.status === status) return;
  }
  throw new Error(`${correlationId} is not ${status}`);
}

// Notified at once, or dropped because the endpoint is gone.
const inbox = createServer((request, response) => {
  response.writeHead(request.url === '/gone' ? 410 : 204).end();
}).listen(INBOX, '127.0.0.1');

try {
  const simulator = start(['simulator', '--port', '0', '--run', '20', '--run-jitter', '0', '--seed', 'upgrade']);
  let url: string | undefined;
  for await (const line of simulator.lines) {
    url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) break;
  }
  simulator.child.stdout.resume();
  const receiver = start(['start'], {
    CXONE_BASE_URL: url ?? '',
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: `http://127.0.0.1:${PORT}`,
    PORT: String(PORT),
    CALLBACK_SECRET: 'a-secret-for-upgrades-of-32-characters',
    APP_KEYS: `shop:${KEYS.shop},billing:${KEYS.billing}`,
    OPERATOR_KEYS: `alice:${KEYS.alice}`,
    DATABASE_PATH: resolve(target),
    GRACE_SECONDS: '1',
    POLL_INTERVAL_SECONDS: '0.2',
    QUEUE_TIMEOUT_SECONDS: '86400',
    // Only versions with notifications know these.
    NOTIFY_URLS: `shop:http://127.0.0.1:${INBOX}/,billing:http://127.0.0.1:${INBOX}/gone`,
    NOTIFY_ALLOWED_HOSTS: `shop:http://127.0.0.1:${INBOX},billing:http://127.0.0.1:${INBOX}`,
    NOTIFY_SECRETS: `shop:whsec_${btoa('s'.repeat(32))},billing:whsec_${btoa('b'.repeat(32))}`,
  });
  for await (const line of receiver.lines) if (line.includes('"listening"')) break;
  receiver.child.stdout.resume();
  await Promise.all(ENDING.map((wanted, i) => call(wanted.app, '', submission(wanted, `ended-${i + 1}`))));
  await until(CANCELLED, 'cancelled', 'PENDING');
  await call('shop', '/cancelled/cancel', {});
  await sleep(6_000);
  if (canErase) {
    // The contradicting callbacks, and the big integers.
    await call('alice', '/ended-6/erase', { reason: 'request 4711' });
    await call('alice', '/ended-8/hold', { reason: 'dispute 12' });
  }
  const statuses = ['PENDING', 'UNCONFIRMED', 'QUEUED'];
  for (const [i, wanted] of OPEN.entries()) {
    const status = statuses[i] ?? '';
    await until(wanted, `open-${status.toLowerCase()}`, status);
    await sleep(500);
  }
  receiver.child.kill('SIGTERM');
  const [code] = await once(receiver.child, 'exit');
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  for (const child of started) child.kill('SIGKILL');
  inbox.close();
  inbox.closeAllConnections();
  rmSync(scratch, { recursive: true });
}
