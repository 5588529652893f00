// What every call needs: where the receiver is, with which key, how patiently; and the client's only door to time and chance.

export interface ClientOptions {
  /** Where the receiver is, such as `https://receiver.example.com`. */
  readonly baseUrl: string;
  /** The app's key. */
  readonly key: string;
  /** Replaces the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** How often one call is tried within a minute of its first failure; 6 unless said. */
  readonly attempts?: number;
  /** How long one answer may take, beside the time it is asked to be held; 30,000 unless said. */
  readonly answerWithinMs?: number;
  /** Replaces JSON.parse, for results with numbers that a double cannot hold. */
  readonly parseJson?: (text: string) => unknown;
  /** Replaces clock, timers and chance. */
  readonly surroundings?: Surroundings;
}

export interface Surroundings {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** An id that nobody else has; `at` is the time it is made. */
  id(at: number): string;
  /** Resolves after `ms`, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
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
    attempts: 6,
    answerWithinMs: 30_000,
    parseJson: JSON.parse,
    surroundings: theRealOnes,
    ...options,
    baseUrl: baseUrl.replace(/\/+$/, ''),
  };
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
      // Longer than this setTimeout cannot wait: it would fire at once.
      const timer = setTimeout(wake, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
      signal?.addEventListener('abort', wake);
    }),
};

/** A UUIDv7 (RFC 9562): unlike random ones they lie side by side in the receiver's index, which keeps inserts cheap. */
function timeOrderedId(at: number): string {
  const time = Math.floor(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}
