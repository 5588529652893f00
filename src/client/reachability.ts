// Finds out whether the receiver answers while calls wait and streams are open, and reports when that changes.

/** What the watch uses of a connection. */
interface Place {
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly surroundings: {
    now(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
}

/** Whether the receiver answers. */
export interface Reachability {
  readonly isReachable: boolean;
  /** When this was found, milliseconds since the Unix epoch. */
  readonly since: number;
  /** Why it is not reachable; null if it is. */
  readonly reason: string | null;
}

/** An unanswered request is noticed after the interval and the limit together, which is less than 5 s. */
const CHECK_EVERY_MS = 2_500;
const CHECK_WITHIN_MS = 2_000;

export interface ReachabilityWatch {
  /** A response of the receiver has arrived. */
  answered(): void;
  unanswered(reason: string): void;
  /** Checks at an interval whether the receiver answers at all, until the step has ended: a held response is not a failure. */
  during<T>(step: Promise<T>): Promise<T>;
}

/** Returns a watch that does nothing if no one listens, so that it costs no requests. */
export function createReachabilityWatch(
  { fetch: send, surroundings, baseUrl }: Place,
  report: ((reachability: Reachability) => void) | undefined,
): ReachabilityWatch {
  if (report === undefined) return { answered: () => {}, unanswered: () => {}, during: (step) => step };
  let isReachable = true;

  function change(reason: string | null): void {
    if (isReachable === (reason === null)) return;
    isReachable = reason === null;
    report?.({ isReachable, since: surroundings.now(), reason });
  }

  /** Any status is an answer, except those of a gateway without one. */
  async function check(until: AbortSignal): Promise<void> {
    const late = new AbortController();
    const timer = new AbortController();
    void surroundings.sleep(CHECK_WITHIN_MS, timer.signal).then(() => timer.signal.aborted || late.abort());
    try {
      const signal = AbortSignal.any([until, late.signal]);
      const response = await send(`${baseUrl}/livez`, { redirect: 'manual', signal });
      await response.text();
      if (!until.aborted) change(response.ok ? null : `GET /livez responded ${response.status}`);
    } catch {
      const why = late.signal.aborted ? `nothing arrived within ${CHECK_WITHIN_MS} ms` : 'the connection failed';
      if (!until.aborted) change(`GET /livez: ${why}`);
    } finally {
      timer.abort();
    }
  }

  async function checkUntil(end: AbortSignal): Promise<void> {
    for (;;) {
      await surroundings.sleep(CHECK_EVERY_MS, end);
      if (end.aborted) return;
      await check(end);
    }
  }

  return {
    answered: () => change(null),
    unanswered: change,
    during: (step) => {
      const end = new AbortController();
      void checkUntil(end.signal);
      return step.finally(() => end.abort());
    },
  };
}
