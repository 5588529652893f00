// How far a request got: whether any of it was ever written to a connection, which no error code tells for sure.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

// Published by fetch (undici), with the same request object in both.
const CREATED = 'undici:request:create';
const SENT = 'undici:client:sendHeaders';

/** One call of fetch. */
export interface SendProgress {
  /** fetch has made a request out of the call. */
  created: boolean;
  /** It began to write that request to a connection. */
  sent: boolean;
}

export interface SentTracker {
  /** Runs a call of fetch and notes in the journey how far it gets. */
  track<T>(journey: SendProgress, call: () => Promise<T>): Promise<T>;
  /**
   * Whether a failed call surely reached nobody. A reset and a time-out tell nothing by themselves, but before anything was
   * written they are as harmless as a refused connection.
   */
  wasNeverSent(journey: SendProgress, error: unknown): boolean;
  stop(): void;
}

export function createSentTracker(): SentTracker {
  const current = new AsyncLocalStorage<SendProgress>();
  const byRequest = new WeakMap<object, SendProgress>();
  // A fetch that published only half of it would make us send twice: not believed before it has told of a request it sent.
  let proven = false;

  const onCreated = (message: unknown) => {
    const journey = current.getStore();
    const request = requestIn(message);
    if (journey === undefined || request === null) return;
    journey.created = true;
    byRequest.set(request, journey);
  };
  const onSent = (message: unknown) => {
    const request = requestIn(message);
    const journey = request === null ? undefined : byRequest.get(request);
    if (journey === undefined) return;
    journey.sent = true;
    proven = true;
  };

  subscribe(CREATED, onCreated);
  subscribe(SENT, onSent);
  return {
    track: (journey, call) => current.run(journey, call),
    wasNeverSent: (journey, error) => {
      // promise: reset-after-sending-is-uncertain
      if (journey.sent) return false;
      return (proven && journey.created) || failedToConnect(error);
    },
    stop: () => {
      unsubscribe(CREATED, onCreated);
      unsubscribe(SENT, onSent);
    },
  };
}

/** Whether an error means by itself that there never was a connection: name not found, refused, unreachable, certificate. */
export function failedToConnect(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.cause instanceof Error) return failedToConnect(error.cause);
  // Several addresses were tried.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(failedToConnect);
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ERR_INVALID_URL' || /CERT|LEAF_SIGNATURE/.test(code);
}

function requestIn(message: unknown): object | null {
  const request = typeof message === 'object' && message !== null && 'request' in message ? message.request : null;
  return typeof request === 'object' ? request : null;
}
