// How many connections and held requests there may be, as far as the file descriptors of the process suffice.

import type { Log } from '../../lib/log.ts';
import type { WaitBounds } from '../../usecases/wait-for-outcome.ts';
import { affordableConnections, readFileDescriptors } from './file-descriptors.ts';

const FEW_DESCRIPTORS =
  'there are few file descriptors, so that fewer connections than MAX_CONNECTIONS may be open: raise the limit (ulimit -n, LimitNOFILE=)';

/**
 * Returns the limit of all listeners together. Few file descriptors mean fewer connections, not a refusal to start.
 * @param perListener MAX_CONNECTIONS
 */
export function connectionLimit(
  listeners: number,
  perListener: number,
  log: Log,
  descriptors = readFileDescriptors(),
): number {
  const wanted = perListener * listeners;
  const limit = affordableConnections(wanted, descriptors);
  if (limit < wanted) {
    log.warn({ fileDescriptors: descriptors?.limit, connections: limit, wanted }, FEW_DESCRIPTORS);
  }
  return limit;
}

/** Held requests leave at least half of a listener's connections to callbacks and other requests. */
export function heldRequests(maxConnections: number, listeners: number): WaitBounds {
  const perListener = Math.floor(maxConnections / listeners);
  return { perCaller: Math.ceil(perListener / 10), total: Math.floor(perListener / 2) };
}
