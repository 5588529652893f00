// A proxy, the real receiver behind it in a process of its own, and a CXone that calls back through the proxy.

import { join } from 'node:path';
import type { RequestInit } from 'undici';
import { expect } from 'vitest';
import { type Activated, runActivated } from '../support/activated.ts';
import { run } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Received, sendJson, startUpstream } from '../support/upstream.ts';
import { type Front, frontOf, type PROXIES } from './proxies.ts';

const APP_KEY = 'the-shop-key-0123456789';

interface Execute {
  readonly correlationId: string;
  /** Path and query of the callback URL. */
  readonly callback: string;
}

export interface Scene {
  readonly front: Front;
  /** The receiver's own address, past the proxy. */
  readonly direct: string;
  /** Null unless it runs on a socket that another process holds. */
  readonly activated: Activated | null;
  /** The requests to CXone. */
  readonly executes: Execute[];
  /** The responses to callbacks. */
  readonly callbacks: (number | string)[];
  /** Sends a request of the app, through the proxy. */
  call(method: string, path: string, options?: { body?: unknown; prefer?: string; from?: string }): Promise<Answer>;
  /** Waits until CXone has this execution. */
  executed(correlationId: string): Promise<Execute>;
}

interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, member by member
  readonly body: any;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly activated?: boolean;
  /** Whether the proxy serves the receiver below /cx. */
  readonly below?: boolean;
  /** Whether the proxy compresses responses. */
  readonly compresses?: boolean;
  /** Whether CXone calls back at once. */
  readonly callsBack?: boolean;
}

export async function setScene(kind: (typeof PROXIES)[number], options: Options = {}): Promise<Scene> {
  const front = await frontOf(kind, { strips: options.below ?? false, compresses: options.compresses ?? false });
  const executes: Execute[] = [];
  const callbacks: (number | string)[] = [];

  async function callBack({ callback, correlationId }: Execute): Promise<void> {
    try {
      const answer = await front.fetch(callback, json('POST', { status: 'COMPLETED', result: { correlationId } }));
      await answer.arrayBuffer();
      callbacks.push(answer.status);
    } catch (error) {
      callbacks.push(String(error));
    }
  }

  const cxone = await startUpstream((request, response) => {
    if (request.url.includes('token')) {
      sendJson(response, 200, { access_token: 'a-token', token_type: 'Bearer', expires_in: 3600 });
    } else if (request.method === 'POST') {
      const execute = executeOf(request);
      executes.push(execute);
      sendJson(response, 200, { executionId: `run-${execute.correlationId}`, status: 'RUNNING' });
      if (options.callsBack) void callBack(execute);
    } else sendJson(response, 200, { status: 'RUNNING' });
  });

  const env = {
    CXONE_BASE_URL: cxone.url,
    CXONE_CLIENT_ID: 'client',
    CXONE_CLIENT_SECRET: 'client-secret',
    PUBLIC_URL: options.below ? `${front.url}/cx` : front.url,
    ...(options.below && { BASE_PATH: '/cx' }),
    TRUSTED_PROXIES: '1',
    CALLBACK_SECRET: 'a-secret-behind-proxies-of-32-characters',
    APP_KEYS: `shop:${APP_KEY}`,
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
    GRACE_SECONDS: '3600',
    ...options.env,
  };
  const activated = options.activated ? await runActivated(env) : null;
  const direct = activated ? `http://127.0.0.1:${activated.ports[0]}` : await start(env);
  await front.passTo(Number(new URL(direct).port));

  return {
    front,
    direct,
    activated,
    executes,
    callbacks,
    call: async (method, path, { body, prefer, from } = {}) => {
      const init = json(method, body, prefer === undefined ? {} : { prefer });
      const answer = await front.fetch(path, init, from);
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
    },
    executed: async (correlationId) => {
      const find = () => executes.find((one) => one.correlationId === correlationId);
      await expect.poll(find, { timeout: 20_000 }).toBeDefined();
      return find() as Execute;
    },
  };
}

async function start(env: Record<string, string>): Promise<string> {
  const line = await run(['start'], { PORT: '0', ...env }).line((one) => one.includes('"msg":"listening"'));
  return JSON.parse(line).url;
}

function executeOf({ body, headers }: Received): Execute {
  const { pathname } = new URL(JSON.parse(body).context.callbackUrl);
  return { correlationId: String(headers['x-correlation-id']), callback: pathname };
}

export function json(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method,
    headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: sent }),
  };
}
