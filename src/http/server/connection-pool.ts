// Bounds the connections of a listener: when it is full, a new connection displaces one that is silent, or idle, for longest.

import type { Socket } from 'node:net';
import { clientNetwork, parseAddress } from '../../lib/ip-address.ts';
import type { Log } from '../../lib/log.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { World } from '../../lib/world.ts';

/**
 * Why a connection was closed: `displaced` without a request under way, in favour of a new one; `network`, as the oldest silent
 * one of a network with too many; `full`, as a new one, because every other has a request under way, or all but those that are
 * reserved for callbacks.
 */
export const CLOSING_REASONS = ['displaced', 'network', 'full'] as const;
export type ClosingReason = (typeof CLOSING_REASONS)[number];

export type ConnectionCounts = ReturnType<typeof createConnectionCounts>;

/** Counts for all listeners, and one line in the log for many closed connections. */
export function createConnectionCounts(log: Log, world: Pick<World, 'elapsed' | 'sleep'>) {
  const closures = new Map<ClosingReason, number>(CLOSING_REASONS.map((reason) => [reason, 0]));
  const warn = createSampledWarning(log, world, 'connections are closed, because there are too many');
  let open = 0;
  return {
    opened: (): void => {
      open += 1;
    },
    ended: (): void => {
      open -= 1;
    },
    closed: (reason: ClosingReason, network: string): void => {
      closures.set(reason, (closures.get(reason) ?? 0) + 1);
      warn(reason, { client: network });
    },
    /** Open connections of all listeners. */
    get open() {
      return open;
    },
    /** Connections closed since the start, by reason. */
    closures,
  };
}

export interface PoolOptions {
  readonly max: number;
  /** Connections of one network (an IPv4 address, an IPv6 /64) that have not sent a request yet. */
  readonly maxSilentPerNetwork: number;
  /** Milliseconds that a new connection has for its first request, before it is displaced rather than an idle one. */
  readonly firstRequestMs: number;
  /** The sockets of requests are TLS sockets on top of the added ones. */
  readonly isTls: boolean;
}

/** The connection of a socket. As a property it costs less than a WeakMap, whose members the garbage collector visits again. */
const ENTRY = Symbol('entry');

interface PooledSocket extends Socket {
  [ENTRY]?: Entry | undefined;
}

interface Entry {
  readonly socket: PooledSocket;
  readonly network: string;
  /** By the clock of `performance`. */
  readonly openedAt: number;
  isOpen: boolean;
  requests: number;
}

/** The share of connections that is reserved for callbacks and probes. */
const RESERVED_SHARE = 0.1;

/** One function because the sets of silent, idle and busy connections change together. */
export function createConnectionPool(
  { max, maxSilentPerNetwork, firstRequestMs, isTls }: PoolOptions,
  counts: Pick<ConnectionCounts, 'opened' | 'ended' | 'closed'>,
) {
  let size = 0;
  /** With TLS: the connections by address, since a request has another socket than its connection. */
  const belowTls = new Map<string, Entry>();
  // Sets keep the order of insertion: the first member has been in its state for longest.
  /** No request yet. */
  const silent = new Set<Entry>();
  const silentOf = new Map<string, Set<Entry>>();
  /** Between two requests. */
  const idle = new Set<Entry>();
  /** With a request under way for which no connection is reserved. */
  const others = new Set<Entry>();
  const maxOthers = max - Math.floor(max * RESERVED_SHARE);

  function quieten(entry: Entry): void {
    silent.add(entry);
    const peers = silentOf.get(entry.network) ?? new Set();
    silentOf.set(entry.network, peers.add(entry));
  }

  function wake(entry: Entry): void {
    idle.delete(entry);
    if (!silent.delete(entry)) return;
    const peers = silentOf.get(entry.network);
    peers?.delete(entry);
    if (peers?.size === 0) silentOf.delete(entry.network);
  }

  function close(entry: Entry, reason: ClosingReason): void {
    remove(entry);
    counts.closed(reason, entry.network);
    entry.socket.destroy();
  }

  function remove(entry: Entry): void {
    wake(entry);
    others.delete(entry);
    if (!entry.isOpen) return;
    entry.isOpen = false;
    size -= 1;
    if (isTls && belowTls.get(keyOf(entry.socket)) === entry) belowTls.delete(keyOf(entry.socket));
  }

  function open(entry: Entry): void {
    entry.isOpen = true;
    size += 1;
    if (isTls) belowTls.set(keyOf(entry.socket), entry);
    else entry.socket[ENTRY] = entry;
    quieten(entry);
  }

  /** Returns undefined for a connection that is closed, or that was never added. */
  function entryOf(socket: PooledSocket): Entry | undefined {
    if (isTls) socket[ENTRY] ??= belowTls.get(keyOf(socket));
    return socket[ENTRY]?.isOpen ? socket[ENTRY] : undefined;
  }

  /** Returns the connection that makes room for a new one; undefined if all have a request under way. */
  function leastUseful(): Entry | undefined {
    const [oldestSilent] = silent;
    const [oldestIdle] = idle;
    const isNew = oldestSilent !== undefined && performance.now() - oldestSilent.openedAt < firstRequestMs;
    // The requests of new connections are on the way: beside idle connections, callbacks would displace one another.
    // promise: new-connection-may-send-its-request
    return isNew ? (oldestIdle ?? oldestSilent) : (oldestSilent ?? oldestIdle);
  }

  return {
    add: (socket: Socket): void => {
      const entry: Entry = {
        socket,
        network: networkOf(socket),
        openedAt: performance.now(),
        isOpen: false,
        requests: 0,
      };
      counts.opened();
      // It comes once. A listener that removes itself would cost more.
      socket.on('close', () => {
        counts.ended();
        remove(entry);
      });
      if (size >= max) {
        const victim = leastUseful() ?? entry;
        close(victim, victim === entry ? 'full' : 'displaced');
        if (victim === entry) return;
      }
      open(entry);
      const peers = silentOf.get(entry.network);
      const [oldest] = peers ?? [];
      // promise: silent-connections-per-network
      if (oldest !== undefined && (peers?.size ?? 0) > maxSilentPerNetwork) close(oldest, 'network');
    },
    /**
     * A request has arrived on the connection. Returns false if it must be refused, because a tenth of the connections is reserved
     * for callbacks and probes.
     */
    begin: (socket: Socket, isReserved: boolean): boolean => {
      const entry = entryOf(socket);
      if (entry === undefined) return true;
      entry.requests += 1;
      wake(entry);
      if (isReserved) return true;
      others.add(entry);
      // promise: callbacks-have-reserved-connections
      if (others.size <= maxOthers) return true;
      counts.closed('full', entry.network);
      return false;
    },
    /** Its response is over. */
    end: (socket: Socket): void => {
      const entry = entryOf(socket);
      if (entry === undefined) return;
      entry.requests -= 1;
      if (entry.requests > 0) return;
      others.delete(entry);
      idle.add(entry);
    },
  };
}

/** A TLS socket and the TCP socket below it have the same addresses. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** The network that was named last: behind a proxy, all connections are of one address, which takes as long to read as a header. */
let last = { remoteAddress: '', network: 'unknown' };

function networkOf({ remoteAddress = '' }: Socket): string {
  if (last.remoteAddress !== remoteAddress) {
    const address = parseAddress(remoteAddress);
    last = { remoteAddress, network: address === null ? 'unknown' : clientNetwork(address) };
  }
  return last.network;
}
