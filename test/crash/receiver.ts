// The real receiver in a process of its own, under strace when it is to be watched, killed or given errors.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createCallbackUrls } from '../../src/callback-url.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'a-secret-for-crashes-of-32-characters';

const KEY = 'the-shop-key-0123456789';

export interface Setting {
  readonly database: string;
  readonly port: number;
  readonly url: string;
  /** Base URL of CXone. */
  readonly upstream: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Receiver {
  readonly child: ChildProcess;
  /** Whether it came to listen; false when it ended before. */
  readonly listening: Promise<boolean>;
  readonly ended: Promise<Ended>;
}

/** A port that is kept over restarts, as CXone's callbacks need it. */
export async function settingFor(database: string, upstream: string): Promise<Setting> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return { database, port, url: `http://127.0.0.1:${port}`, upstream };
}

/** `strace`: its arguments; SQLite runs on the main thread, so only that is traced. `root`: a changed copy of the product. */
export function startReceiver(
  setting: Setting,
  { strace = [], root = ROOT }: { strace?: readonly string[]; root?: string } = {},
): Receiver {
  // -D: the tracer is no parent of the receiver, so the child here is the receiver itself.
  const before = strace.length > 0 ? ['strace', '-D', ...strace] : [];
  const [program = '', ...args] = [...before, process.execPath, join(root, 'src/main.ts'), 'start'];
  const child = spawn(program, args, {
    cwd: existingFolder(setting.database),
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/crash'),
      ...env(setting),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let up = (_: boolean) => {};
  const listening = new Promise<boolean>((resolve) => {
    up = resolve;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.includes('"msg":"listening"')) up(true);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // Its pipes close when the tracer is gone too, and what that wrote is complete.
  const ended = once(child, 'close').then(([code, signal]) => {
    up(false);
    return { code, signal, stdout, stderr } as Ended;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, listening, ended };
}

function env({ database, port, url, upstream }: Setting): Record<string, string> {
  return {
    CXONE_BASE_URL: upstream,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: url,
    PORT: String(port),
    CALLBACK_SECRET: SECRET,
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: database,
    GRACE_SECONDS: '1',
    POLL_INTERVAL_SECONDS: '0.5',
    MAX_CONCURRENT: '50',
    RATE_LIMIT_PER_SECOND: '1000',
  };
}

/** Not where the suite runs: a .env of a developer's must not be read. */
function existingFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) ? folder : existingFolder(folder);
}

/** What CXone would call; for an execution whose correlation id was left to the receiver, that is its reference. */
function callbackUrl(setting: Setting, reference: string): string {
  return createCallbackUrls(setting.url, [SECRET]).mint(reference);
}

export function get(setting: Setting, path: string): Promise<Response> {
  return fetch(`${setting.url}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
}

export function submit(setting: Setting, body: object): Promise<Response> {
  return fetch(`${setting.url}/v1/executions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
}

export function callBack(setting: Setting, reference: string): Promise<Response> {
  return fetch(callbackUrl(setting, reference), {
    method: 'POST',
    body: JSON.stringify({ status: 'COMPLETED', result: { reference } }),
    signal: AbortSignal.timeout(10_000),
  });
}
