// How many connections and held requests there may be, as far as the file descriptors of the process suffice.

import { readdirSync, readFileSync } from 'node:fs';
import type { Log } from '../../lib/log.ts';
import type { WaitBounds } from '../../usecases/wait-for-outcome.ts';

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

/** Share of the free descriptors for connections of clients; the rest is for requests to CXone, notifications and files. */
const CLIENT_SHARE = 0.6;
const MIN_CONNECTIONS = 8;

export interface FileDescriptors {
  readonly limit: number;
  readonly open: number;
}

/** Returns the limit and the number of open descriptors; null where the system has no /proc, or no limit. */
export function readFileDescriptors(): FileDescriptors | null {
  try {
    const limit = limitIn(readFileSync('/proc/self/limits', 'utf8'));
    return limit === null ? null : { limit, open: readdirSync('/proc/self/fd').length };
  } catch (error) {
    // Without /proc, or without a free descriptor to read it.
    if (['ENOENT', 'EACCES', 'EMFILE'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Returns the soft limit in the text of /proc/self/limits; null for no limit. */
export function limitIn(limits: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** Returns how many connections of clients may be open: `wanted` if the descriptors suffice for them. */
export function affordableConnections(wanted: number, descriptors: FileDescriptors | null): number {
  if (descriptors === null) return wanted;
  const affordable = Math.floor((descriptors.limit - descriptors.open) * CLIENT_SHARE);
  return Math.min(wanted, Math.max(MIN_CONNECTIONS, affordable));
}
