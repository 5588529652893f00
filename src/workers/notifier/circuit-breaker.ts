// Keeps away from an endpoint that fails: after failures in a row nothing goes there but one probe, after longer and longer pauses.

import { createPause, exponentialMs } from '../../lib/backoff.ts';
import type { World } from '../../lib/world.ts';

/** With so many failures in a row it opens. */
const OPENS_AT = 5;
/** `maxMs` also bounds a Retry-After: an endpoint that recovered is noticed within 5 minutes. */
const PAUSE_LIMITS = { baseMs: 30_000, maxMs: 300_000 };

export interface CircuitBreaker {
  /** How many more may be tried now, while so many are under way. */
  room(underWay: number): number;
  /** One more failure. Nothing goes for at least `floorMs` (a Retry-After), but no longer than the longest pause. */
  failed(floorMs: number): void;
  succeeded(): void;
  /** Failures in a row, if that many that it is open; 0 while it is closed. */
  open(): number;
  /** Milliseconds until something may be tried again. */
  remainingMs(): number;
}

export function createCircuitBreaker(world: Pick<World, 'now'>): CircuitBreaker {
  let failures = 0;
  /** Pauses in a row. */
  let pauses = 0;
  const pause = createPause(world);
  const left = pause.remainingMs;
  const open = () => (failures >= OPENS_AT ? failures : 0);

  return {
    room: (underWay) => {
      if (left() > 0) return 0;
      if (open() === 0) return Number.POSITIVE_INFINITY;
      return underWay === 0 ? 1 : 0;
    },
    failed: (floorMs) => {
      failures += 1;
      // Those that were under way when it opened tell nothing new.
      const told = open() > 0 && left() > 0;
      const wait = open() > 0 && !told ? exponentialMs(PAUSE_LIMITS, pauses + 1) : 0;
      if (wait > 0) pauses += 1;
      const longest = Math.max(wait, floorMs, left());
      if (longest > left()) pause.start(Math.min(longest, PAUSE_LIMITS.maxMs));
    },
    succeeded: () => {
      failures = 0;
      pauses = 0;
      pause.end();
    },
    open,
    remainingMs: left,
  };
}
