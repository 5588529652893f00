// Receivers in processes of their own on one PostgreSQL database, behind one address, with a simulator of CXone.

import { onTestFinished } from 'vitest';
import { parseJson } from '../../src/execution/json.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { type Forwarder, startForwarder } from '../support/forwarder.ts';
import { newDatabase } from '../support/postgres/databases.ts';
import { type Running, run } from '../support/process.ts';

export const APP_KEY = 'the-shop-key-0123456789';
const OPERATOR_KEY = 'the-operator-key-0123456789';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface SharingReceiver extends Running {
  readonly port: number;
  /** Resolves when it logs this for the nth time. */
  logs(message: string, times?: number): Promise<void>;
  get(path: string): Promise<Answer>;
  /** As an app. */
  request(path: string, init?: RequestInit): Promise<Answer>;
}

export interface SharedStage {
  readonly simulator: Simulator;
  /** The address at which apps and CXone reach the receivers. */
  readonly address: Forwarder;
  /** Starts a receiver, which listens then. */
  start(changes?: Record<string, string>): Promise<SharingReceiver>;
  /** Submits until it is acknowledged. */
  submit(correlationId: string, fate?: string): Promise<void>;
  /** The statuses of these executions. */
  statuses(correlationIds: readonly string[]): Promise<string[]>;
}

export const LEADS = '"msg":"this receiver leads"';
export const SERVES = '"msg":"this receiver serves and does not lead"';

export async function setStage(databaseUrl?: string): Promise<SharedStage> {
  const url = databaseUrl ?? (await newDatabase());
  const address = await startForwarder();
  const simulator = createSimulator({ latencyMs: 5, jitterMs: 10, runMs: 50, runJitterMs: 300, requestsPerSecond: 0 });
  onTestFinished(() => simulator.close());
  const { url: cxoneUrl } = await simulator.listen();
  const env = {
    CXONE_BASE_URL: cxoneUrl,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: `http://127.0.0.1:${address.port}`,
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-standbys-of-32-characters',
    APP_KEYS: `shop:${APP_KEY}`,
    OPERATOR_KEYS: `alice:${OPERATOR_KEY}`,
    DATABASE_URL: url,
    GRACE_SECONDS: '1',
    POLL_INTERVAL_SECONDS: '0.5',
  };
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${address.port}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(5_000),
    });

  return {
    simulator,
    address,
    start: (changes = {}) => start({ ...env, ...changes }),
    submit: async (correlationId, fate = 'callback') => {
      const body = JSON.stringify({
        correlationId,
        actionId: 'charge',
        inputs: { simulate: { fate } },
        timeoutSeconds: 5,
      });
      await until(async () => {
        const response = await request('/v1/executions', { method: 'POST', body }).catch(() => null);
        await response?.arrayBuffer().catch(() => {});
        return response?.ok === true;
      });
    },
    statuses: (correlationIds) =>
      Promise.all(
        correlationIds.map(async (id) => {
          const response = await request(`/v1/executions/${id}`);
          const { status } = parseJson(await response.text()) as { status: string };
          return status;
        }),
      ),
  };
}

async function start(env: Record<string, string>): Promise<SharingReceiver> {
  const running = run(['start'], env, '/');
  const { url } = JSON.parse(await running.line((line) => line.includes('"msg":"listening"')));
  return {
    ...running,
    port: Number(new URL(url).port),
    logs: async (message, times = 1) => {
      let seen = new Set<string>();
      await running.line((line) => {
        if (line.includes(message)) seen = seen.add(line);
        return seen.size >= times;
      });
    },
    get: (path) => ask(new URL(path, url), { headers: { authorization: `Bearer ${OPERATOR_KEY}` } }),
    request: (path, init = {}) =>
      ask(new URL(path, url), {
        ...init,
        headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json', ...init.headers },
      }),
  };
}

async function ask(url: URL, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Repeats until the condition holds. The time limit of the test bounds it. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => void setTimeout(resolve, 20));
}
