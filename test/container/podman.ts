// Containers of the built image, run as deploy/Containerfile documents, with a volume that outlives them.

import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { type Answer, sendJson, startUpstream, type Upstream } from '../support/upstream.ts';
import { run } from './command.ts';
import { DOCUMENTED, HERE } from './machine.ts';

const SECRET = 'a-secret-for-containers-of-32-characters';
const APP_KEY = 'the-shop-key-0123456789';
/** Of the requests of the app. */
export const HEADERS = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' };

/** For events of a container on a machine that is busy with other work. */
export const PATIENCE = { timeout: 240_000, interval: 100 };

const MIB = 1024 * 1024;
/** Of the log of a container whose test has failed. */
const MAX_LOG_LINES = 40;

export const MEMORY_LIMIT_BYTES = 512 * MIB;

export interface Setting {
  readonly upstream: Upstream;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** The name of the volume at /data; null: none. */
  readonly volume: string | null;
}

/** The state of a container, as podman reports it. */
export interface State {
  readonly Status: string;
  readonly ExitCode: number;
  readonly Pid: number;
}

export interface Container {
  readonly id: string;
  state(): Promise<State>;
  start(): Promise<void>;
  /** Runs a command in it and returns its output. */
  exec(...command: string[]): Promise<string>;
  /** Sends a signal; resolves to the exit code. */
  end(signal: 'TERM' | 'KILL'): Promise<number>;
  logs(): Promise<string>;
}

export function podman(...args: string[]): Promise<string> {
  const { podman: options, folder: cwd } = inject('image');
  return run('podman', [...options, ...args], { cwd });
}

/** A CXone and an address that all containers of a test have. */
export async function settingFor(answer: Answer = accepting): Promise<Setting> {
  const upstream = await startUpstream((request, response) => {
    if (request.url.includes('token')) sendJson(response, 200, { access_token: 'a-token', expires_in: 3600 });
    else answer(request, response);
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const volume = `data-${randomUUID()}`;
  await podman('volume', 'create', volume);
  const env = {
    // The containers share the network of this machine: only loopback.
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: url,
    CXONE_BASE_URL: upstream.url,
    CXONE_CLIENT_ID: 'client',
    CXONE_CLIENT_SECRET: 'client-secret',
    CALLBACK_SECRET: SECRET,
    APP_KEYS: `shop:${APP_KEY}`,
    GRACE_SECONDS: '3600',
    RATE_LIMIT_PER_SECOND: '1000',
    MAX_CONCURRENT: '50',
  };
  return { upstream, url, env, volume };
}

/** Accepts each execution; its callback comes from the test. */
function accepting(...[{ headers }, response]: Parameters<Answer>): void {
  sendJson(response, 200, { executionId: `run-${headers['x-correlation-id']}`, status: 'RUNNING' });
}

/** Runs the image with the documented options; resolves when it is ready. */
export async function start(setting: Setting, options: readonly string[] = []): Promise<Container> {
  const container = await create(setting, options);
  await container.start();
  await expect.poll(() => isReady(setting), PATIENCE).toBe(true);
  return container;
}

/** Makes a container without starting it. */
export async function create(setting: Setting, options: readonly string[] = []): Promise<Container> {
  const env = Object.entries(setting.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const memory = inject('abilities').memoryLimits ? ['--memory=512m', '--memory-swap=512m'] : [];
  const volume = setting.volume === null ? [] : ['--volume', `${setting.volume}:/data`];
  const all = [...DOCUMENTED, ...memory, '--stop-timeout=20', ...HERE, ...env, ...volume, ...options];
  const image = inject('image');
  const id = await podman('create', ...all, image.name);
  const monitor = mkdtempSync(join(image.folder, 'monitor-'));
  const container: Container = {
    id,
    state: async () => JSON.parse(await podman('inspect', '--format', '{{json .State}}', id)),
    start: async () => void (await run('podman', [...image.podman, 'start', id], { cwd: monitor })),
    exec: (...command) => podman('exec', id, ...command),
    end: async (signal) => {
      await podman('kill', '--signal', signal, id);
      return Number(await podman('wait', id));
    },
    // podman gives back the two outputs of the receiver apart.
    logs: () => run('sh', ['-c', 'exec "$@" 2>&1', 'sh', 'podman', ...image.podman, 'logs', id]),
  };
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') process.stdout.write(await describe(container, monitor));
    await podman('rm', '--force', '--volumes', '--time', '0', id);
  });
  return container;
}

/** Returns why a container has ended, and the end of its log. */
async function describe(container: Container, monitor: string): Promise<string> {
  const lines = await container.logs().then((text) => text.split('\n').slice(-MAX_LOG_LINES), String);
  const state = await container.state().catch(String);
  // podman's own OOMKilled is false: conmon, its monitor, notes the kill in its working directory, where podman does not look.
  const isKilledForMemory = existsSync(join(monitor, 'oom'));
  const end = typeof state === 'string' ? state : `${state.Status}, exit code ${state.ExitCode}`;
  return [`container ${container.id}: ${end}, killed for its memory: ${isKilledForMemory}`, lines, '']
    .flat()
    .join('\n');
}

export async function isReady({ url }: Setting): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  await answer?.arrayBuffer();
  return answer?.status === 200;
}

export function call({ url }: Setting, method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${url}${path}`, { method, headers: HEADERS, ...(body === undefined ? {} : { body }) });
}

/** Returns the status of the response; null for a connection that ended without one. */
export async function submit(setting: Setting, correlationId: string, more: object = {}): Promise<number | null> {
  const body = JSON.stringify({ actionId: 'charge', correlationId, ...more });
  const answer = await call(setting, 'POST', '/v1/executions', body).catch(() => null);
  // The status line is the acknowledgement; a kill may cut off the rest.
  await answer?.arrayBuffer().catch(() => null);
  return answer?.status ?? null;
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, member by member
export async function get(setting: Setting, correlationId: string): Promise<any> {
  return (await call(setting, 'GET', `/v1/executions/${correlationId}`)).json();
}

/** The id in a callback's URL is that of the app. */
export async function callBack(setting: Setting, correlationId: string, result: unknown): Promise<number | null> {
  const sent = setting.upstream.received.find(({ headers }) => headers['x-correlation-id'] === correlationId);
  const target = sent === undefined ? '' : JSON.parse(sent.body).context.callbackUrl;
  const body = JSON.stringify({ status: 'COMPLETED', result });
  const answer = await fetch(target, { method: 'POST', body }).catch(() => null);
  await answer?.arrayBuffer().catch(() => null);
  return answer?.status ?? null;
}
