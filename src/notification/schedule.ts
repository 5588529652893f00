// When a notification is tried again, and when trying ends. Pure: chance comes in as a number in [0, 1).

/** Long enough to be over a night's outage, short enough for the app to notice that it is missing something. */
const KEEP_TRYING_MS = 24 * 60 * 60 * 1000;

/** The first retry comes within so long: an endpoint that restarts is back by the second or third. */
const RETRY_BASE_MS = 10_000;

/** The longest wait between two tries, so that an endpoint that comes back hears of everything within so long. */
const RETRY_CAP_MS = 2 * 60 * 60 * 1000;

/** When trying ends, for one that came up, was replayed or got its turn `now`. */
export function giveUpAt(now: number): number {
  return now + KEEP_TRYING_MS;
}

/**
 * Full-jitter exponential backoff: uniform in [0, min(2 h, 10 s · 2^(attempts − 1))) above `floorMs` (a Retry-After).
 * Without a floor that makes about 30 tries in a day. @param attempts how many have failed, this one included.
 */
export function retryAt(now: number, attempts: number, floorMs: number, chance: number): number {
  const ceiling = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.max(0, attempts - 1));
  return Math.ceil(now + floorMs + ceiling * chance);
}
