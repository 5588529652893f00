// The client's only door to time and chance, so that tests can answer instead.

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

/** Longest delay that setTimeout can hold; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

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
      const timer = setTimeout(wake, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
      signal?.addEventListener('abort', wake);
    }),
};

/** A UUIDv7 (RFC 9562): unlike random ones they lie side by side in the receiver's index, which keeps inserts cheap. */
function timeOrderedId(at: number): string {
  const random = crypto.randomUUID();
  const time = Math.floor(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
