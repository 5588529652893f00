// Discards the rest of a body that its response did not wait for: a little at a time, because callbacks come first.

import type { IncomingMessage } from 'node:http';

/** The time for the rest of a body. */
const REST_MS = 500;

/** The interval between two reads. One returns 64 KiB or little more, so that all clients together send some 60 MB a second. */
const READ_INTERVAL_MS = 1;

/** Requests with a rest, in the order of their turns. */
const rests = new Set<IncomingMessage>();
let timer: NodeJS.Timeout | null = null;

/**
 * Discards what has not been read of a request. Without it, the client could not finish sending and read the response. A client
 * that does not send it in time loses its connection.
 */
export function discardRest(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  // A handler that began to read the body would be given the rest of it.
  incoming.removeAllListeners('data');
  if (incoming.complete) {
    incoming.resume();
    return;
  }
  const late = setTimeout(() => {
    // promise: unread-body-ends-its-connection
    incoming.socket.destroySoon();
  }, REST_MS);
  const over = () => {
    clearTimeout(late);
    rests.delete(incoming);
  };
  incoming.once('end', over).once('close', over).pause();
  // promise: rest-of-a-body-is-read-in-turns
  rests.add(incoming);
  timer ??= setInterval(discardNext, READ_INTERVAL_MS).unref();
}

function discardNext(): void {
  const [next] = rests;
  if (next === undefined) {
    if (timer !== null) clearInterval(timer);
    timer = null;
    return;
  }
  rests.delete(next);
  next.read();
  if (!next.destroyed) rests.add(next);
}
