// How connections end: with a client that is still sending, one that has closed its half, and all of them when the server stops.

import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** How long an answer may take whose client has closed its half: more than a commit does. */
const HALF_OPEN_MS = 1_000;

/** How long a connection on which nothing ever came may hold up the server when it stops: its request may be on the way. */
const UNUSED_MS = 1_000;

/** How often connections that have fallen idle are closed while the server stops. */
const IDLE_CHECK_MS = 50;

/**
 * A lingering close (RFC 9112, section 9.6): when the last answer of a connection is out before its request is all in, only this
 * half is closed, and what still comes is thrown away until the client closes the other one, for `limitMs` at most. Node would close
 * both at once and the system would reset the connection: a proxy that is still writing then says 502 in place of the answer.
 */
export function lingerAfter(incoming: IncomingMessage, limitMs: number): void {
  const { socket } = incoming;
  // What Node calls after the last answer.
  socket.destroySoon = () => {
    // promise: response-despite-open-upload
    if (incoming.complete) {
      Socket.prototype.destroySoon.call(socket);
      return;
    }
    socket.end();
    // promise: endless-upload-is-cut
    cutAfter(socket, limitMs);
  };
}

/** Whoever has closed their half is given time for a commit, not for a wait or a stream. */
export function letGoOfHalfOpen(socket: Socket): void {
  socket.once('end', () => cutAfter(socket, HALF_OPEN_MS));
}

function cutAfter(socket: Socket, ms: number): void {
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.once('close', () => clearTimeout(timer));
}

/** Accepts nothing more, lets what is in flight finish for up to `graceMs`, then cuts what is left. */
export async function close(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  // Also closes the connections that are idle now, but none that falls idle later.
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  // Such as browsers and balancers open ahead of need. Node does not count them as idle.
  const unused = setTimeout(() => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, UNUSED_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(unused);
  clearTimeout(deadline);
}
