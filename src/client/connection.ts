// What every call needs to know, taken from the options and checked once.

import { type Surroundings, theRealOnes } from './surroundings.ts';

export interface ClientOptions {
  /** Where the receiver is, such as `https://receiver.example.com`. */
  readonly baseUrl: string;
  /** The app's key. */
  readonly key: string;
  /** Replaces the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Replaces `JSON.parse`, for results with numbers that a double cannot hold. */
  readonly parseJson?: (text: string) => unknown;
  /** How often one call is tried; 6 unless said. */
  readonly attempts?: number;
  /** How long after its first failure a call is tried again; 60,000 unless said. */
  readonly retryForMs?: number;
  /** How long one answer may take, beside the time it is asked to be held; 30,000 unless said. */
  readonly answerWithinMs?: number;
  /** Replaces clock, timers and chance. */
  readonly surroundings?: Surroundings;
}

export type Connection = Required<ClientOptions>;

/** @throws {TypeError} that does not repeat the key. */
export function connectionOf(options: ClientOptions): Connection {
  const { baseUrl, key } = options;
  if (!/^https?:\/\/[^/?#]+[^?#]*$/i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new TypeError('baseUrl must be an http or https URL without query, such as https://receiver.example.com');
  }
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key must be the key of an app: visible ASCII, without spaces');
  return {
    // Browsers want their fetch called as the window's own.
    fetch: (input, init) => globalThis.fetch(input, init),
    parseJson: (text) => JSON.parse(text),
    attempts: 6,
    retryForMs: 60_000,
    answerWithinMs: 30_000,
    surroundings: theRealOnes,
    ...options,
    baseUrl: baseUrl.replace(/\/+$/, ''),
  };
}
