// Builds responses, and resets or hangs a connection instead of a response.

import { once } from 'node:events';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context, Env, Hono } from 'hono';
import type { Json } from '../execution/json.ts';
import type { CaseRecord, Exchange, SimulatedResponse } from './ledger.ts';

export interface SimulatorEnv {
  Bindings: Partial<HttpBindings>;
  /** `errorMember` holds the message of an error response. `cut`: the response is sent without its last chunk. */
  Variables: { exchange: Exchange; record: CaseRecord | undefined; errorMember: string; cut?: boolean };
}

export type HeaderFields = Readonly<Record<string, string>>;

const WITHOUT_BODY: readonly number[] = [204, 205, 304];

export function json(status: number, value: Json | object, headers: HeaderFields = {}): Response {
  return text(status, JSON.stringify(value), { ...headers, 'content-type': 'application/json' });
}

export function text(status: number, body: string, headers: HeaderFields): Response {
  return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers });
}

export function withHeaders(response: Response, headers: HeaderFields): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

/** Responds in the form of CXone. A reset and a hang need Node's server under the app. */
export async function respond(
  c: Context<SimulatorEnv>,
  response: SimulatedResponse,
  message: string,
  headers?: HeaderFields,
) {
  // Recorded first, because a hang may last.
  c.get('exchange').answer = response;
  if (typeof response === 'number') return json(response, { [c.get('errorMember')]: message }, headers);
  const { outgoing } = c.env;
  if (outgoing === undefined) throw new Error(`a ${response} needs a socket: use listen()`);
  if (response === 'reset') outgoing.socket?.resetAndDestroy();
  else if (!outgoing.destroyed) await once(outgoing, 'close');
  return RESPONSE_ALREADY_SENT;
}

/** Sends a response without its last chunk, and ends the connection. It needs Node's server under the app. */
export async function cutOff(c: Context<SimulatorEnv>, response: Response): Promise<Response> {
  const { outgoing } = c.env;
  if (outgoing === undefined) throw new Error('a cut response needs a socket: use listen()');
  if (outgoing.headersSent || outgoing.destroyed) return response;
  const { status, headers } = response;
  const body = await response.text();
  outgoing.writeHead(status, { ...Object.fromEntries(headers), 'transfer-encoding': 'chunked' });
  outgoing.write(body === '' ? ' ' : body, () => outgoing.socket?.destroySoon());
  await once(outgoing, 'close');
  return RESPONSE_ALREADY_SENT;
}

/** Returns Retry-After in whole seconds or as an HTTP-date (RFC 9110, section 10.2.3), rounded up. */
export function retryAfter(seconds: number, style: 'seconds' | 'date', now: number): HeaderFields {
  const whole = Math.ceil(seconds);
  const date = () => new Date(Math.ceil((now + whole * 1000) / 1000) * 1000).toUTCString();
  return { 'retry-after': style === 'seconds' ? String(whole) : date() };
}

interface Refusal {
  readonly retryAfterSeconds?: number | undefined;
  readonly headers?: HeaderFields | undefined;
}

/** Returns the headers that an outage or a step of a script asks for. */
export function refusalHeaders({ retryAfterSeconds, headers }: Refusal, asDate: boolean, now: number) {
  const style = asDate ? 'date' : 'seconds';
  return { ...headers, ...(retryAfterSeconds === undefined ? {} : retryAfter(retryAfterSeconds, style, now)) };
}

/** Adds GET /readyz, which responds 200 while the simulator listens. No recorded tenant and no dialect has this path. */
export function addReadiness<E extends Env>(app: Hono<E>): void {
  app.get('/readyz', () => json(200, { status: 'ready' }));
}
