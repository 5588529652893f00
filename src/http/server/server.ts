// Serves a fetch handler over HTTP/1.1, with limits that keep slow or greedy clients from holding it up.

import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { ListenOptions as Place, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Fetch } from '../fetch.ts';
import { COMMON_HEADERS } from '../response/json.ts';
import { type ProblemName, problem, problemText } from '../response/problem.ts';
import { close, letGoOfHalfOpen, lingerAfter } from './connection-close.ts';
import type { TlsPair } from './tls.ts';

/** Times in milliseconds. */
export interface Limits {
  /** Until the headers are here. */
  readonly headersTimeout: number;
  /** Until the whole request is here; how long the answer takes is not counted. */
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  /** How long an idle connection is kept: longer than the 60 s after which load balancers let go of theirs. */
  readonly keepAliveTimeout: number;
  /** A connection on which nothing moves for so long is dropped: longer than the longest `Prefer: wait`. */
  readonly silenceTimeout: number;
  /** How long a connection that ends with its answer is kept for a client that is still sending. */
  readonly lingerTimeout: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

const LIMITS: Limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 70_000,
  silenceTimeout: 120_000,
  lingerTimeout: 5_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
};

/** How many callers may wait in an inherited socket while nobody serves it; the system's own limit comes first. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** File descriptor of a socket to listen on instead. Other processes hold it too: what waits in it outlives this one. */
  readonly socket?: number;
  /** Speaks TLS with it, and nothing else. */
  readonly tls?: TlsPair;
  readonly log?: Log;
  readonly limits?: Partial<Limits>;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Shows this certificate to whoever connects from now on; for one that speaks TLS. */
  renew(tls: TlsPair): void;
  /** Accepts nothing more, lets what is in flight finish for up to `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** @throws {Error} saying which address cannot be listened on, and why. */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listening> {
  const { host, port, socket, tls, log, limits } = options;
  const { maxHeaderBytes, maxConnections, silenceTimeout, lingerTimeout, ...timeouts } = { ...LIMITS, ...limits };
  const handle = getRequestListener(
    (request, { incoming, outgoing }) =>
      fetch(request, incoming.socket?.remoteAddress ?? null, {
        destroy: () => void outgoing.destroy(),
        onClose: (listener) => void outgoing.once('close', listener),
      }),
    { hostname: host, errorHandler: badTarget },
  );
  const answer: RequestListener = (incoming, outgoing) => {
    lingerAfter(incoming, lingerTimeout);
    // While stopping, a kept connection must not bring yet another request.
    if (!server.listening) outgoing.setHeader('connection', 'close');
    if (hostsIn(incoming.rawHeaders) > 1) void turnAway(outgoing);
    else void handle(incoming, outgoing);
  };
  const rules = { ...timeouts, maxHeaderSize: maxHeaderBytes };
  const server = tls
    ? createTlsServer({ ...rules, ...secured(tls), handshakeTimeout: rules.headersTimeout }, answer)
    : createServer(rules, answer);
  // Node would cut off who closes their half at once, in the middle of the commit that they are to hear of.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on(tls ? 'secureConnection' : 'connection', letGoOfHalfOpen);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.maxConnections = maxConnections;
  server.timeout = silenceTimeout;
  server.on('clientError', refuse);

  await listening(server, socket === undefined ? { host, port } : { fd: socket, backlog: BACKLOG });
  // Such as no file handle left to accept with; it must not end the process.
  server.on('error', (error) => log?.error({ reason: reasonOf(error) }, 'the HTTP server cannot accept a connection'));
  const bound = boundTo(server);
  const shown = socket === undefined ? host : bound.address;
  return {
    url: `${tls ? 'https' : 'http'}://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`,
    port: bound.port,
    // All of it: what is left out would fall back to Node's defaults.
    renew: (renewed) => server instanceof TlsServer && server.setSecureContext(secured(renewed)),
    close: (graceMs) => close(server, sockets, graceMs),
  };
}

function secured(tls: TlsPair) {
  return { ...tls, minVersion: 'TLSv1.2' as const };
}

function listening(server: Server, place: Place & { readonly fd?: number }): Promise<void> {
  const { fd, host, port } = place;
  const where = fd === undefined ? `${host} port ${port}` : `the socket that is passed on (${fd})`;
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REASONS[error.code ?? ''] ?? error.code ?? error.message;
      reject(new Error(`cannot listen on ${where}: ${why}`, { cause: error }));
    });
    server.listen(place, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** @throws {Error} for an inherited socket that has no port. */
function boundTo(server: Server) {
  const bound = server.address();
  if (bound !== null && typeof bound === 'object') return bound;
  server.close();
  throw new Error('the socket that is passed on is no TCP socket: give its unit a port in ListenStream=');
}

const REASONS: { readonly [code: string]: string } = {
  EADDRINUSE: 'something else is listening there (EADDRINUSE)',
  EACCES: 'this user may not listen there (EACCES)',
  EADDRNOTAVAIL: 'this machine does not have that address (EADDRNOTAVAIL)',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
};

/** RFC 9112, section 3.2: a request with more than one Host is refused; Node would take the first, a proxy maybe the last. */
function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') hosts += 1;
  return hosts;
}

async function turnAway(outgoing: ServerResponse): Promise<void> {
  const refusal = badTarget();
  outgoing.writeHead(refusal.status, Object.fromEntries(refusal.headers));
  outgoing.end(await refusal.text());
}

/** A request line or Host header of which no URL can be made, or no single one: the connection ends with it. */
function badTarget(): Response {
  return problem('bad-request', 'The request target or the Host header is not valid.', {
    headers: { connection: 'close' },
  });
}

const REFUSALS: { readonly [code: string]: readonly [ProblemName, status: string, detail: string] } = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', '408 Request Timeout', 'Send the whole request faster.'],
  HPE_HEADER_OVERFLOW: ['headers-too-large', '431 Request Header Fields Too Large', 'Send fewer or shorter headers.'],
};
const NOT_HTTP = ['bad-request', '400 Bad Request', 'This is no HTTP request that can be read.'] as const;

function isShakingHands(socket: Duplex): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

/** Answers what never became a request. Every other answer is written in one piece, so this cannot fall into one. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Who did not get as far as TLS could not read an answer.
  if (error.code === 'ECONNRESET' || !socket.writable || isShakingHands(socket)) {
    socket.destroy();
    return;
  }
  const [name, status, detail] = REFUSALS[error.code ?? ''] ?? NOT_HTTP;
  const body = problemText(name, detail);
  const headers = Object.entries({
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...COMMON_HEADERS,
  });
  socket.end(`HTTP/1.1 ${status}\r\n${headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
}
