// Serves a fetch handler over HTTP/1.1, with limits against slow or greedy clients.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { ListenOptions as Place, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type Log, reasonOf } from '../../lib/log.ts';
import type { Fetch } from '../fetch.ts';
import { COMMON_HEADERS } from '../response/json.ts';
import { type ProblemName, problem, problemText } from '../response/problem.ts';
import { close, letGoOfHalfOpen, lingerAfter } from './connection-close.ts';
import { type ConnectionCounts, createConnectionPool } from './connection-pool.ts';
import { createDirectRoute, whenClosed } from './direct-route.ts';
import { discardRest } from './discard-rest.ts';
import { awaitedOn, endAfterResponse, inTurn } from './in-turn.ts';
import type { TlsPair } from './tls.ts';

/** Times in milliseconds. */
export interface Limits {
  /** For the headers of a request. */
  readonly headersTimeout: number;
  /** For a whole request, without its response. */
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
  /** For an idle connection: longer than the 60 s after which load balancers close theirs. */
  readonly keepAliveTimeout: number;
  /** For a connection without traffic: longer than the longest `Prefer: wait`. */
  readonly silenceTimeout: number;
  /** For a response that has not begun: as long as commands wait for an action on all that match. */
  readonly responseTimeout: number;
  /** For a client that is still sending after the last response. */
  readonly lingerTimeout: number;
  /** For a response after the client has closed its half: longer than a commit. */
  readonly halfOpenTimeout: number;
  /** For the first request of an unused connection when the server stops. */
  readonly unusedTimeout: number;
  /** For the first request of a new connection, in which idle connections make room for others rather than this one. */
  readonly firstRequestTimeout: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

const LIMITS: Limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 70_000,
  silenceTimeout: 120_000,
  responseTimeout: 600_000,
  lingerTimeout: 5_000,
  halfOpenTimeout: 1_000,
  unusedTimeout: 1_000,
  firstRequestTimeout: 2_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
};

/** Share of the connections that one network may hold without a request. */
const SILENT_SHARE = 0.25;

const UNCOUNTED = { opened: () => {}, ended: () => {}, closed: () => {} };

/** The queue of an inherited socket while no process accepts; the system's own limit comes first. */
const BACKLOG = 4096;

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** File descriptor of an inherited socket to listen on instead. Its queued connections outlive this process. */
  readonly socket?: number;
  /** Serves TLS only, with this certificate. */
  readonly tls?: TlsPair;
  readonly log?: Log;
  readonly limits?: Partial<Limits>;
  /** True if the connections of all clients come from the address of a proxy. */
  readonly behindProxy?: boolean;
  readonly connections?: Pick<ConnectionCounts, 'opened' | 'ended' | 'closed'>;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Uses this certificate for new TLS connections. */
  renew(tls: TlsPair): void;
  /** Accepts nothing more, lets what is in flight finish for up to `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** @throws {Error} that names the address and the reason if listening fails. */
export async function listen(respond: Fetch, options: ListenOptions): Promise<Listening> {
  const { host, port, socket, tls, log, limits, behindProxy = false, connections = UNCOUNTED } = options;
  const { maxHeaderBytes, maxConnections, ...given } = { ...LIMITS, ...limits };
  const { silenceTimeout, responseTimeout, lingerTimeout, ...others } = given;
  const { halfOpenTimeout, unusedTimeout, firstRequestTimeout, ...timeouts } = others;
  const handle = getRequestListener(
    (request, { incoming, outgoing }) =>
      respond(request, incoming.socket?.remoteAddress ?? null, {
        destroy: () => void outgoing.destroy(),
        onClose: (listener) => whenClosed(outgoing, listener),
      }),
    // `discardRest` does it instead.
    { hostname: host, errorHandler: badTarget, autoCleanupIncoming: false },
  );
  const serveDirectly = respond.direct && createDirectRoute(respond.direct, log);
  const maxSilentPerNetwork = behindProxy ? maxConnections : Math.ceil(maxConnections * SILENT_SHARE);
  const poolOptions = {
    max: maxConnections,
    maxSilentPerNetwork,
    firstRequestMs: firstRequestTimeout,
    isTls: tls !== undefined,
  };
  const pool = createConnectionPool(poolOptions, connections);
  const serve: RequestListener = (incoming, outgoing) => {
    const { socket } = incoming;
    const isAdmitted = pool.begin(socket, RESERVED_TARGET.test(incoming.url ?? ''));
    // Each comes once. Listeners that remove themselves would cost more.
    outgoing.on('close', () => pool.end(socket));
    // Before Node, which would read the rest as fast as it comes.
    outgoing.prependListener('finish', () => discardRest(incoming));
    // While the server stops, a keep-alive connection must not send another request.
    if (!server.listening) outgoing.setHeader('connection', 'close');
    if (!isAdmitted) void respondWith(tooManyRequestsUnderWay(), outgoing);
    else if (!hasValidHost(incoming)) void respondWith(badTarget(), outgoing);
    else if (!serveDirectly?.(incoming, outgoing)) void handle(incoming, outgoing);
  };
  const served = inTurn(serve);
  const listener: RequestListener = (incoming, outgoing) => {
    lingerAfter(incoming, lingerTimeout);
    served(incoming, outgoing);
  };
  // Without a Host header, Node would respond without a problem.
  const rules = { ...timeouts, maxHeaderSize: maxHeaderBytes, requireHostHeader: false };
  const server = tls
    ? createTlsServer({ ...rules, ...secured(tls), handshakeTimeout: rules.headersTimeout }, listener)
    : createServer(rules, listener);
  server.on('checkContinue', (incoming, outgoing) => {
    continueWhenRead(incoming, outgoing);
    listener(incoming, outgoing);
  });
  // RFC 9110, section 10.1.1: another expectation may be ignored. Node would respond without a problem.
  server.on('checkExpectation', listener);
  // By default, Node closes the connection of a client that closes its half, before the client has its response.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => letGoOfHalfOpen(socket, halfOpenTimeout));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    pool.add(socket);
  });
  server.timeout = silenceTimeout;
  server.on('timeout', createSilence(silenceTimeout, responseTimeout));
  server.on('clientError', refuse);

  await listening(server, socket === undefined ? { host, port } : { fd: socket, backlog: BACKLOG });
  // For example when no file descriptor is left. It must not end the process.
  server.on('error', (error) => log?.error({ reason: reasonOf(error) }, 'the HTTP server cannot accept a connection'));
  const bound = boundTo(server);
  const shown = socket === undefined ? host : bound.address;
  return {
    url: `${tls ? 'https' : 'http'}://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}`,
    port: bound.port,
    // With all options: those left out would fall back to Node's defaults.
    renew: (renewed) => server instanceof TlsServer && server.setSecureContext(secured(renewed)),
    close: (graceMs) => close(server, sockets, { graceMs, unusedMs: unusedTimeout }),
  };
}

/** Ends a connection without traffic, unless its client waits for a response. */
function createSilence(silenceMs: number, responseMs: number): (socket: Socket) => void {
  const silences = new WeakMap<ServerResponse, number>();
  return (socket) => {
    const awaited = awaitedOn(socket);
    const count = awaited === null ? 0 : (silences.get(awaited) ?? 0) + 1;
    // promise: long-action-is-not-cut-off
    if (awaited === null || count * silenceMs >= responseMs) return void socket.destroy();
    silences.set(awaited, count);
    // biome-ignore lint/plugin: the time-out of a socket, as `server.timeout` sets it
    socket.setTimeout(silenceMs);
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

/** @throws {Error} for an inherited socket without a port. */
function boundTo(server: Server) {
  const bound = server.address();
  if (bound !== null && typeof bound === 'object') return bound;
  server.close();
  throw new Error('the inherited socket is not a TCP socket: give its unit a port in ListenStream=');
}

const REASONS: { readonly [code: string]: string } = {
  EADDRINUSE: 'something else is listening there (EADDRINUSE)',
  EACCES: 'this user may not listen there (EACCES)',
  EADDRNOTAVAIL: 'this machine does not have that address (EADDRNOTAVAIL)',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
};

/**
 * RFC 9110, section 10.1.1: a client that expects 100-continue sends its body only once the handler reads it. Node would ask for
 * every body, also for one that its headers condemn.
 */
function continueWhenRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const read = incoming._read.bind(incoming);
  let asked = false;
  incoming._read = (size) => {
    // promise: refused-body-is-not-requested
    if (!asked && !outgoing.headersSent) outgoing.writeContinue();
    asked = true;
    read(size);
  };
}

const HOST = 'host';

/**
 * RFC 9112, section 3.2: a request with several Host headers is refused, because Node and a proxy may use different ones. Only HTTP/1.0
 * knows requests without one.
 */
function hasValidHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? '';
    if (field.length === HOST.length && field.toLowerCase() === HOST) hosts += 1;
  }
  return hosts === 1 || (hosts === 0 && httpVersion !== '1.1');
}

/** Callbacks, probes and metrics, also below BASE_PATH: some connections are reserved for them. */
const RESERVED_TARGET = /^[^?#]*\/(?:webhook\/|livez|readyz|metrics)/;

function tooManyRequestsUnderWay(): Response {
  return problem('too-many-bodies', 'Too many requests are under way. Nothing was done. Send it again later.', {
    headers: { connection: 'close', 'retry-after': '1' },
  });
}

async function respondWith(refusal: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(refusal.status, Object.fromEntries(refusal.headers));
  outgoing.end(await refusal.text());
}

/** For a request line or Host header that is not one valid URL. The connection is closed. */
function badTarget(): Response {
  return problem('bad-request', 'The request target or the Host header is not valid.', {
    headers: { connection: 'close' },
  });
}

const REFUSALS: { readonly [code: string]: readonly [ProblemName, status: string, detail: string] } = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', '408 Request Timeout', 'Send the whole request faster.'],
  HPE_HEADER_OVERFLOW: ['headers-too-large', '431 Request Header Fields Too Large', 'Send fewer or shorter headers.'],
};
const NOT_HTTP = ['bad-request', '400 Bad Request', 'This is not a valid HTTP request.'] as const;

function isShakingHands(socket: Duplex): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

/** Responds to bytes that are not a request, unless the request in front of them is still to get its response. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Without a TLS handshake the client could not read a response.
  if (error.code === 'ECONNRESET' || !socket.writable || isShakingHands(socket)) {
    socket.destroy();
    return;
  }
  // promise: whole-request-gets-its-response
  if (endAfterResponse(socket as Socket)) return;
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
