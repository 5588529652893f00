// The settings that all calls share, and the client's only access to clock, timers and randomness.

import { createReachabilityWatch, type Reachability, type ReachabilityWatch } from './reachability.ts';

export interface ClientOptions {
  /** The URL of the receiver, for example `https://receiver.example.com`. */
  readonly baseUrl: string;
  /** The app's key. */
  readonly key: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** The most attempts of one call. Default 6. A stream has a limit of its own. */
  readonly attempts?: number;
  /** The time after the first failure of a call in which it is repeated, in milliseconds. Default 60,000. */
  readonly retryForMs?: number;
  /** The time limit of one response in milliseconds, without the time that the receiver holds it. Default 30,000. */
  readonly answerWithinMs?: number;
  /** Replaces JSON.parse, for results with numbers that a double cannot hold. */
  readonly parseJson?: (text: string) => unknown;
  /**
   * Called within 5 s when the receiver does not answer a call or a stream, and again when it answers. Calls are repeated, and streams
   * resumed, as without it. While a call waits or a stream is open, the client then requests `GET /livez` every 2.5 s.
   */
  readonly onReachabilityChange?: (reachability: Reachability) => void;
  /** Replaces clock, timers and randomness. */
  readonly surroundings?: Surroundings;
}

export interface Surroundings {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Returns a unique id; `at` is the time of its creation. */
  id(at: number): string;
  /** Resolves after `ms`, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Connection extends Required<Omit<ClientOptions, 'onReachabilityChange'>> {
  readonly watch: ReachabilityWatch;
}

/**
 * Completes the options with their defaults.
 * @throws {TypeError} if they are invalid. The message does not contain the key.
 */
export function connectionOf(options: ClientOptions): Connection {
  const { baseUrl, key, onReachabilityChange, ...rest } = options;
  if (!/^https?:\/\/[^/?#]+[^?#]*$/i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new TypeError(
      'baseUrl must be an http or https URL without a query, for example https://receiver.example.com',
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key must be the key of an app: visible ASCII, without spaces');
  const connection = {
    // Browsers reject a fetch that is called with another `this`.
    fetch: (input: string | URL | Request, init?: RequestInit) => globalThis.fetch(input, init),
    attempts: 6,
    retryForMs: 60_000,
    answerWithinMs: 30_000,
    parseJson: JSON.parse,
    surroundings: theRealOnes,
    ...rest,
    key,
    baseUrl: baseUrl.replace(/\/+$/, ''),
  } satisfies Omit<Connection, 'watch'>;
  return { ...connection, watch: createReachabilityWatch(connection, onReachabilityChange) };
}

export const theRealOnes: Surroundings = {
  now: () => Date.now(),
  random: () => Math.random(),
  id: timeOrderedId,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      // With a longer delay, setTimeout fires at once.
      const timer = setTimeout(wake, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
      signal?.addEventListener('abort', wake);
    }),
};

/** A UUIDv7 (RFC 9562). Its order follows time, so inserts into the receiver's index stay cheap. */
function timeOrderedId(at: number): string {
  const time = Math.floor(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}
