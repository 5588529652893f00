// Keeps the queue from running against a closed door: after failures in a row nothing is sent for a moment.

import type { World } from './world.ts';

const FIRST_MS = 250;
/** Short enough that the end of an outage is noticed soon. */
const LONGEST_MS = 5_000;

export interface Backoff {
  /** One more failure; those that were under way together count once. Nothing goes for at least `floorMs` (milliseconds). */
  failed(floorMs: number): void;
  succeeded(): void;
  /** Milliseconds until something may be sent again. */
  remainingMs(): number;
}

/** @param tolerated failures in a row that may be chance; with the next one it holds, and longer with each round. */
export function createBackoff(world: Pick<World, 'now' | 'random'>, tolerated: number): Backoff {
  let failures = 0;
  let since = 0;
  let until = 0;
  // A clock that was set back must not hold anything.
  const left = () => (world.now() < since ? 0 : Math.max(0, until - world.now()));

  return {
    failed: (floorMs) => {
      if (left() > 0) return;
      failures += 1;
      const beyond = failures - tolerated;
      const backOff =
        beyond <= 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (beyond - 1)) * (0.5 + 0.5 * world.random());
      since = world.now();
      until = since + Math.ceil(Math.max(floorMs, backOff));
    },
    succeeded: () => {
      failures = 0;
    },
    remainingMs: left,
  };
}
