// Tracks whether any byte of a request was written to a connection, which no error code proves.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { isProxyFailure } from '../lib/proxy/connect.ts';

// Published by undici, with the same request object in both.
const CREATED = 'undici:request:create';
const SENT = 'undici:client:sendHeaders';

/** The progress of one request. */
export interface SendProgress {
  /** undici has created the request. */
  created: boolean;
  /** undici has begun to write the request to a connection. */
  sent: boolean;
  /** The connection of a request that was sent over one that had served another request before. */
  connection: { readonly socket: Socket; readonly bytesBefore: number } | null;
  /** Called when undici begins to write it. */
  readonly written: () => void;
}

/** The reason of a request that was made when another receiver may be active on the database. */
export const NOT_ACTIVE = 'another receiver may be active';

/** @param maySend returns whether requests may be written to their connections now */
export function createSentTracker(maySend: () => boolean = () => true) {
  const current = new AsyncLocalStorage<SendProgress>();
  const byRequest = new WeakMap<object, SendProgress>();
  const used = new WeakSet<Socket>();
  // A client that publishes only the first event would cause double submissions: trusted once it has published the second.
  let proven = false;

  const onCreated = (message: unknown) => {
    const progress = current.getStore();
    const request = requestIn(message);
    if (progress === undefined || request === null || isTunnel(request)) return;
    progress.created = true;
    byRequest.set(request, progress);
  };
  const onSent = (message: unknown) => {
    const request = requestIn(message);
    if (request === null) return;
    if (isTunnel(request)) proven = true;
    const progress = byRequest.get(request);
    if (progress === undefined) return;
    proven = true;
    const socket = socketIn(message);
    // The process may have been stopped since the request was made. It is written right after this.
    // promise: writing-is-checked
    if (socket !== null && !maySend()) return void socket.destroy(new Error(NOT_ACTIVE));
    progress.sent = true;
    progress.written();
    if (socket === null) return;
    progress.connection = used.has(socket) ? { socket, bytesBefore: socket.bytesRead } : null;
    used.add(socket);
  };

  subscribe(CREATED, onCreated);
  subscribe(SENT, onSent);
  return {
    /** Makes a request and records its progress. */
    track: <T>(progress: SendProgress, call: () => Promise<T>): Promise<T> => current.run(progress, call),
    /**
     * Returns whether a failed call certainly reached no server. A reset or time-out proves nothing by itself, but before the
     * first byte was written it is as harmless as a refused connection.
     */
    wasNeverSent: (progress: SendProgress, error: unknown): boolean => {
      // promise: reset-after-sending-is-uncertain
      if (progress.sent) return false;
      return (proven && progress.created) || failedToConnect(error);
    },
    /** Returns whether a failed call used a connection that was kept alive and received nothing on it. */
    isStale: ({ connection }: SendProgress) =>
      connection !== null && connection.socket.bytesRead === connection.bytesBefore,
    stop: (): void => {
      unsubscribe(CREATED, onCreated);
      unsubscribe(SENT, onSent);
    },
  };
}

/** Returns whether an error proves that no connection existed: name not found, refused, unreachable, bad certificate. */
export function failedToConnect(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isProxyFailure(error)) return true;
  if (error.cause instanceof Error) return failedToConnect(error.cause);
  // All addresses of the name failed.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(failedToConnect);
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ERR_INVALID_URL' || /CERT|LEAF_SIGNATURE/.test(code);
}

/** A request to a proxy for a tunnel: CXone receives nothing before the proxy has agreed. */
function isTunnel(request: object): boolean {
  return 'method' in request && request.method === 'CONNECT';
}

function socketIn(message: unknown): Socket | null {
  const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : null;
  return socket instanceof Socket ? socket : null;
}

function requestIn(message: unknown): object | null {
  const request = typeof message === 'object' && message !== null && 'request' in message ? message.request : null;
  return typeof request === 'object' ? request : null;
}
