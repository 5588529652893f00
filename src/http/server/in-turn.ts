// Serves the requests of a connection one after the other, and none behind its last response.

import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that wait on a connection, from which nothing more is read then. */
const MAX_WAITING = 100;

/** The response to the newest request that was served, and the number of requests that wait behind it. */
const NEWEST = Symbol('newest response');
const WAITING = Symbol('waiting requests');

interface PipelinedSocket extends Socket {
  [NEWEST]?: ServerResponse;
  [WAITING]?: number;
}

/**
 * Returns a listener for clients that send requests before they have the responses to earlier ones. RFC 9112, section 9.6: behind a
 * response with which the connection closes, none is served. It would be performed, and its client would not learn of it.
 */
export function inTurn(serve: RequestListener): RequestListener {
  return (incoming, outgoing) => {
    const socket: PipelinedSocket = incoming.socket;
    // The last response was sent, and what still arrives is discarded.
    // promise: nothing-is-served-behind-the-last-response
    if (!socket.writable) {
      incoming.resume();
      return;
    }
    // Node gives a response its connection when those before it are sent, and none behind the last one.
    // promise: requests-are-served-in-turn
    if (outgoing.socket !== null) {
      socket[NEWEST] = outgoing;
      serve(incoming, outgoing);
      return;
    }
    const waiting = (socket[WAITING] ?? 0) + 1;
    socket[WAITING] = waiting;
    // Later, since Node resumes it at the end of each request.
    // promise: waiting-requests-are-bounded
    if (waiting >= MAX_WAITING) process.nextTick(() => socket.pause());
    outgoing.once('socket', () => {
      socket[NEWEST] = outgoing;
      const left = (socket[WAITING] ?? 1) - 1;
      socket[WAITING] = left;
      if (left < MAX_WAITING) socket.resume();
      process.nextTick(serve, incoming, outgoing);
    });
  };
}

/** Returns the response that a client waits for, of which nothing was sent although its request is whole: it is the server that is silent. */
export function awaitedOn({ [NEWEST]: newest }: PipelinedSocket): ServerResponse | null {
  return newest === undefined || newest.headersSent || !newest.req.complete ? null : newest;
}

/**
 * Ends a connection on which something other than a request arrived, once the request that is being served has its response: it may
 * have been performed. Returns false if none is being served, or one whose body is cut off.
 */
export function endAfterResponse(socket: PipelinedSocket): boolean {
  const newest = socket[NEWEST];
  if (newest === undefined || newest.writableFinished || !newest.req.complete) return false;
  socket.pause();
  if (newest.headersSent) newest.once('close', () => socket.destroySoon());
  else newest.setHeader('connection', 'close');
  return true;
}
