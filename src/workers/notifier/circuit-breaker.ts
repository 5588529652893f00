// Circuit breaker for one endpoint: after failures in a row, only a single probe is sent after each of ever longer pauses.

import { createPause, exponentialMs } from '../../lib/backoff.ts';
import type { World } from '../../lib/world.ts';

/** Failures in a row that open the circuit. */
const OPENS_AT = 5;
/** `maxMs` also bounds a Retry-After: an endpoint that recovered is noticed within 5 minutes. */
const PAUSE_LIMITS = { baseMs: 30_000, maxMs: 300_000 };

export type CircuitBreaker = ReturnType<typeof createCircuitBreaker>;

export function createCircuitBreaker(world: Pick<World, 'elapsed'>) {
  let failures = 0;
  let pauses = 0;
  let silentSince: number | null = null;
  const pause = createPause(world);
  const left = pause.remainingMs;
  const open = () => (failures >= OPENS_AT ? failures : 0);

  return {
    /** How many more deliveries may start while `underWay` are under way. */
    room: (underWay: number): number => {
      if (left() > 0) return 0;
      if (open() === 0) return Number.POSITIVE_INFINITY;
      return underWay === 0 ? 1 : 0;
    },
    /**
     * Counts one failure. Deliveries pause for at least `floorMs` (a Retry-After), up to the longest pause. `answered`: whether an
     * HTTP response was received.
     */
    failed: (floorMs: number, answered: boolean): void => {
      failures += 1;
      silentSince = answered ? null : (silentSince ?? world.elapsed());
      // Deliveries that were under way when the circuit opened do not lengthen its pause.
      const wasOpen = open() > 0 && left() > 0;
      const wait = open() > 0 && !wasOpen ? exponentialMs(PAUSE_LIMITS, pauses + 1) : 0;
      if (wait > 0) pauses += 1;
      const longest = Math.max(wait, floorMs, left());
      if (longest > left()) pause.start(Math.min(longest, PAUSE_LIMITS.maxMs));
    },
    /** The endpoint works: it accepted a notification, or rejected one for what it is. */
    succeeded: (): void => {
      failures = 0;
      pauses = 0;
      silentSince = null;
      pause.end();
    },
    /** Failures in a row while the circuit is open; 0 while it is closed. */
    open,
    /** Milliseconds since the first of the failures in a row without any response; 0 if the endpoint answered last. */
    silentMs: (): number => (silentSince === null ? 0 : Math.max(0, world.elapsed() - silentSince)),
    /** Milliseconds until the next delivery may start. */
    remainingMs: left,
    /** Continues an open circuit after this many failures in a row, with the rest of its pause in milliseconds. */
    continueFrom: (before: number, pauseMs: number): void => {
      failures = before;
      // The circuit opened with the fifth failure, and each later one lengthened its pause.
      pauses = Math.max(1, before - OPENS_AT + 1);
      pause.start(Math.min(Math.max(0, pauseMs), PAUSE_LIMITS.maxMs));
    },
    /** Lets the next delivery start now; an open circuit stays open until it succeeds. */
    endPause: pause.end,
  };
}
