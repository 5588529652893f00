// A network between the receiver and the simulated CXone: delivers a request, or fails like a real network, with the errors of fetch.

import { channel } from 'node:diagnostics_channel';
import type { Clock } from './clock.ts';

/** The handling of a request by the network. "lost": it never arrives. */
export type Carriage =
  | 'whole'
  | 'connection refused'
  | 'name not found'
  | 'reset before sending'
  | 'reset, lost'
  | 'reset, ran'
  | 'hang, lost'
  | 'hang, ran';

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
  /** The connection breaks in the middle of the body. */
  readonly cut?: boolean;
}

export interface Trip {
  readonly carriage: Carriage;
  readonly latencyMs: number;
  readonly signal: AbortSignal | null | undefined;
  /** The processing and the response of CXone when the request arrives. */
  readonly receive: () => Reply;
  /** The response of the network or of CXone reached the caller, which shows the state of the request. */
  readonly onResponse: () => void;
}

/** Resolves and rejects as fetch does; a sent request arrives even if the caller dies. */
export async function carry(clock: Clock, trip: Trip): Promise<Response> {
  const answer = travel(clock, trip);
  answer.catch(() => {});
  const { signal } = trip;
  if (!signal) return answer;
  return Promise.race([answer, aborted(signal)]);
}

async function travel(clock: Clock, { carriage, latencyMs, signal, receive, onResponse }: Trip): Promise<Response> {
  // As undici does, so that the client sees how far a request got.
  const request = {};
  channel('undici:request:create').publish({ request });
  if (carriage === 'connection refused') throw failure(onResponse, 'ECONNREFUSED', 'connect');
  if (carriage === 'name not found') throw failure(onResponse, 'ENOTFOUND', 'getaddrinfo');
  if (carriage === 'reset before sending') throw failure(onResponse, 'ECONNRESET', 'read');
  channel('undici:client:sendHeaders').publish({ request });
  if (latencyMs > 0) await clock.sleep(latencyMs / 2);
  if (carriage === 'reset, lost') throw failure(() => {}, 'ECONNRESET', 'read');
  if (carriage === 'hang, lost') return never();
  const reply = receive();
  if (carriage === 'hang, ran') return never();
  if (latencyMs > 0) await clock.sleep(latencyMs / 2);
  if (carriage === 'reset, ran') throw failure(() => {}, 'ECONNRESET', 'read');
  clock.touch();
  if (!signal?.aborted) onResponse();
  return toResponse(reply);
}

function failure(onResponse: () => void, code: string, syscall: string): TypeError {
  onResponse();
  return new TypeError('fetch failed', { cause: Object.assign(new Error(`${syscall} ${code}`), { code, syscall }) });
}

function toResponse({ status, body, headers = {}, cut = false }: Reply): Response {
  if (!cut) return new Response(body, { status, headers });
  const half = new TextEncoder().encode(body.slice(0, body.length / 2));
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(half),
    pull: (controller) => controller.error(new TypeError('terminated')),
  });
  return new Response(broken, { status, headers });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

export function never(): Promise<never> {
  return new Promise(() => {});
}
