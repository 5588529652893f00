// The demo's app: uses the receiver's HTTP API only, through the client for apps.

import { Agent, fetch as fetchThrough } from 'undici';
import { type Client, createClient } from '../client/client.ts';
import { parseJson } from '../execution/json.ts';

/** While a receiver or the database is away, calls are repeated. The client repeats only what is safe to repeat. */
const PATIENT_ATTEMPTS = 240;

const PROBE_MS = 2_000;

/** Node's own fetch takes the proxies of NODE_USE_ENV_PROXY, which do not reach this machine's loopback. */
const LOOPBACK = new Agent();

/** Returns the body of a response with the status 200; null for any other one, and without a response. */
export async function textOf(url: string, key?: string): Promise<string | null> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  try {
    const response = await fetchThrough(url, { headers, dispatcher: LOOPBACK, signal: AbortSignal.timeout(PROBE_MS) });
    const text = await response.text();
    return response.ok ? text : null;
  } catch {
    return null;
  }
}

/** `isPatient`: repeats requests that are not answered, for a minute. */
export function createDemoClient(baseUrl: string, key: string, isPatient = false): Client {
  const direct = (url: string, init: object) => fetchThrough(url, { ...init, dispatcher: LOOPBACK });
  return createClient({
    baseUrl,
    key,
    attempts: isPatient ? PATIENT_ATTEMPTS : 1,
    fetch: direct as unknown as typeof globalThis.fetch,
    // Keeps the digits of large numbers.
    parseJson,
  });
}
