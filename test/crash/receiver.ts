// The real receiver in a process of its own, under strace for observation, kills or injected errors.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'a-secret-for-crashes-of-32-characters';

const KEY = 'the-shop-key-0123456789';

export interface Setting {
  readonly database: string;
  readonly port: number;
  readonly url: string;
  /** Base URL of CXone. */
  readonly upstream: string;
  /** The one origin where the app may be notified. */
  readonly notifyOrigin: string;
}

/** The request of an app. */
export interface AppRequest {
  readonly path: string;
  /** Idempotency-Key. */
  readonly key: string | null;
  readonly body: object;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Receiver {
  readonly child: ChildProcess;
  /** Whether it started to listen; false when it ended before. */
  readonly listening: Promise<boolean>;
  readonly ended: Promise<Ended>;
}

/** A port that is kept across restarts, as CXone's callbacks need it. */
export async function settingFor(
  database: string,
  upstream: string,
  notifyOrigin = 'http://127.0.0.1:9',
): Promise<Setting> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return { database, port, url: `http://127.0.0.1:${port}`, upstream, notifyOrigin };
}

export interface StartOptions {
  /** The arguments of strace. Without `-f`, only the main thread is traced, which commits. */
  readonly strace?: readonly string[];
  /** A changed copy of the product. */
  readonly root?: string;
  /** Its clock is this far ahead: claims from before a crash have expired. */
  readonly downForMs?: number;
}

export function startReceiver(
  setting: Setting,
  { strace = [], root = ROOT, downForMs = 0 }: StartOptions = {},
): Receiver {
  // -D: the tracer is not the parent of the receiver, so the child here is the receiver itself.
  const before = strace.length > 0 ? ['strace', '-D', ...strace] : [];
  const [program = '', ...args] = [
    ...before,
    process.execPath,
    ...ahead(downForMs),
    join(root, 'src/main.ts'),
    'start',
  ];
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
  // Its pipes close when the tracer has ended too, and its output is complete.
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

/** For Node: a clock that is this far ahead. */
function ahead(ms: number): string[] {
  const code = `const now = Date.now; Date.now = () => now() + ${ms}`;
  return ms === 0 ? [] : ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

function env({ database, port, url, upstream, notifyOrigin }: Setting): Record<string, string> {
  return {
    CXONE_BASE_URL: upstream,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: url,
    PORT: String(port),
    CALLBACK_SECRET: SECRET,
    APP_KEYS: `shop:${KEY}`,
    NOTIFY_ALLOWED_HOSTS: `shop:${notifyOrigin}`,
    DATABASE_PATH: database,
    GRACE_SECONDS: '1',
    POLL_INTERVAL_SECONDS: '0.5',
    MAX_CONCURRENT: '50',
    RATE_LIMIT_PER_SECOND: '1000',
  };
}

/** Not in the folder of the suite: a developer's .env must not be read. */
function existingFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) ? folder : existingFolder(folder);
}

/** The id that CXone calls; for an execution without a correlation id of the app, that is its reference. */
function callbackUrl(setting: Setting, reference: string): string {
  return createSignedUrls(setting.url, [SECRET]).mint(reference);
}

export function get(setting: Setting, path: string): Promise<Response> {
  return fetch(`${setting.url}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
}

export function post({ url }: Setting, { path, key, body }: AppRequest): Promise<Response> {
  const keyed = key === null ? {} : { 'idempotency-key': `"${key}"` };
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...keyed },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
}

export function submit(setting: Setting, body: object): Promise<Response> {
  return post(setting, { path: '/v1/executions', key: null, body });
}

export function cancel(setting: Setting, correlationId: string): Promise<Response> {
  return post(setting, { path: `/v1/executions/${correlationId}/cancel`, key: null, body: {} });
}

export function callBack(setting: Setting, reference: string): Promise<Response> {
  return fetch(callbackUrl(setting, reference), {
    method: 'POST',
    body: JSON.stringify({ status: 'COMPLETED', result: { reference } }),
    signal: AbortSignal.timeout(10_000),
  });
}
