// The demo's app: uses the receiver's HTTP API only.

import { createFetch } from 'ofetch';
import { Agent, fetch } from 'undici';
import { type Json, type JsonObject, parseJson } from '../execution/json.ts';
import type { ShownIncident } from './incidents.ts';

/** Execution as the API returns it. */
export interface ApiExecution extends JsonObject {
  correlationId: string;
  status: string;
  resolvedBy: string | null;
  submittedAt: string;
  resolvedAt: string | null;
  latencyMs: number | null;
  totalLatencyMs: number | null;
  result: Json;
  error: Json;
  lateResult: Json;
}

export interface ApiEntry extends JsonObject {
  event: string;
}

export interface DemoClient {
  submit(body: object): Promise<ApiExecution>;
  /** Waits for the outcome with long polls. */
  untilEnded(correlationId: string): Promise<ApiExecution>;
  /** Returns the first page of executions, at most 200. */
  list(): Promise<ApiExecution[]>;
  get(correlationId: string): Promise<ApiExecution>;
  trail(correlationId: string): Promise<ApiEntry[]>;
  cancel(correlationId: string): Promise<void>;
  /** For an operator. */
  incidents(): Promise<readonly ShownIncident[]>;
  /** Returns whether a notification to the app is pending. */
  hasPendingNotifications(): Promise<boolean>;
}

const TERMINAL = ['COMPLETED', 'FAILED', 'REJECTED', 'NOT_FOUND', 'TIMEOUT', 'CANCELLED'];

/** While a receiver or the database is away, requests are repeated: each is safe to repeat. */
const PATIENCE = { retry: 240, retryDelay: 250, retryStatusCodes: [500, 502, 503, 504] } as const;

const PROBE_MS = 2_000;

/** Returns the body of a response with the status 200; null for any other one, and without a response. */
export async function textOf(url: string, key?: string): Promise<string | null> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetch(url, { headers, dispatcher: LOOPBACK, signal: AbortSignal.timeout(PROBE_MS) });
    const text = await response.text();
    return response.ok ? text : null;
  } catch {
    return null;
  }
}

/** Node's own fetch takes the proxies of NODE_USE_ENV_PROXY, which do not reach this machine's loopback. */
const LOOPBACK = new Agent();

/** `isPatient`: repeats requests that are not answered. */
export function createDemoClient(url: string, key: string, isPatient = false): DemoClient {
  const api = createFetch({ fetch: fetch as unknown as typeof globalThis.fetch }).create({
    baseURL: `${url}/v1`,
    dispatcher: LOOPBACK,
    headers: { authorization: `Bearer ${key}` },
    ...(isPatient ? { ...PATIENCE, retryStatusCodes: [...PATIENCE.retryStatusCodes] } : { retry: 0 }),
    // Keep the digits of large numbers.
    parseResponse: (text) => parseJson(text),
  });
  const get = (id: string, seconds = 0) =>
    api<ApiExecution>(`/executions/${id}`, { headers: seconds > 0 ? { prefer: `wait=${seconds}` } : {} });
  return {
    submit: (body) => api<ApiExecution>('/executions', { method: 'POST', body }),
    list: async () => (await api<{ items: ApiExecution[] }>('/executions', { query: { limit: 200 } })).items,
    untilEnded: async (id) => {
      for (;;) {
        const execution = await get(id, 30);
        if (TERMINAL.includes(execution.status)) return execution;
      }
    },
    get,
    trail: async (id) => (await api<{ items: ApiEntry[] }>(`/executions/${id}/audit`)).items,
    cancel: async (id) => void (await api(`/executions/${id}/cancel`, { method: 'POST' })),
    incidents: async () => (await api<{ items: readonly ShownIncident[] }>('/incidents')).items,
    hasPendingNotifications: async () => {
      const query = { status: 'PENDING', limit: 1 };
      return (await api<{ items: JsonObject[] }>('/notifications', { query })).items.length > 0;
    },
  };
}
