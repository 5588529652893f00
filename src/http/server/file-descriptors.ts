// The file descriptors of this process, which bound its connections.

import { readdirSync, readFileSync } from 'node:fs';

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
