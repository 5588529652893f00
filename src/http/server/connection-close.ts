// Closes connections: of a client that is still sending, of a client that has closed its half, and all when the server stops.

import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** The interval at which idle connections are closed while the server stops. */
const IDLE_CHECK_MS = 50;

/** The newest request of a connection: the last one, when the connection closes. */
const NEWEST = Symbol('newest request');

interface UsedSocket extends Socket {
  [NEWEST]?: IncomingMessage;
}

/**
 * Lingering close (RFC 9112, section 9.6): if the last response is sent before its request has arrived completely, only this half
 * is closed, and the rest is discarded until the client closes its half, for `limitMs` at most. Node would close both halves at
 * once, which resets the connection: a proxy that is still writing then responds 502 itself.
 */
export function lingerAfter(incoming: IncomingMessage, limitMs: number): void {
  const socket: UsedSocket = incoming.socket;
  const isFirst = socket[NEWEST] === undefined;
  // promise: later-response-despite-open-upload
  socket[NEWEST] = incoming;
  if (!isFirst) return;
  // Node calls it after the last response. An assignment per request instead would cost as much as the signature check.
  socket.destroySoon = () => {
    // promise: response-despite-open-upload
    if (socket[NEWEST]?.complete) {
      Socket.prototype.destroySoon.call(socket);
      return;
    }
    socket.end();
    // promise: endless-upload-is-cut
    cutAfter(socket, limitMs);
  };
}

/** A client that has closed its half gets the time of a commit, not of a wait or a stream. */
export function letGoOfHalfOpen(socket: Socket, limitMs: number): void {
  socket.once('end', () => cutAfter(socket, limitMs));
}

function cutAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}

/**
 * Accepts nothing more, lets what is in flight finish for up to `graceMs`, then cuts what is left. The first request of an unused
 * connection may be on the way, for `unusedMs` at most.
 */
export async function close(
  server: Server,
  sockets: ReadonlySet<Socket>,
  { graceMs, unusedMs }: { readonly graceMs: number; readonly unusedMs: number },
): Promise<void> {
  // Closes the connections that are idle now, but not those that become idle later.
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  // Browsers and load balancers open connections in advance. Node does not count them as idle.
  const unused = setTimeout(() => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, unusedMs);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(unused);
  clearTimeout(deadline);
}
