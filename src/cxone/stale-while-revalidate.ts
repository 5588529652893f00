// An answer that is kept and now and then asked for again; the last good one stands as long as no other comes.

import type { World } from '../lib/world.ts';
import { createSingleFlight } from './single-flight.ts';

export interface StaleWhileRevalidateOptions<T> {
  readonly world: Pick<World, 'now'>;
  readonly ask: () => Promise<T>;
  /** How long an answer counts as fresh. */
  readonly freshMs: number;
  /** A renewal failed, the first in a row, and the last good answer stands. */
  readonly onStale: (error: unknown) => void;
}

/** What it returns throws what `ask` throws, but only while there is no answer at all; nobody waits for a renewal. */
export function createStaleWhileRevalidate<T>({
  world,
  ask,
  freshMs,
  onStale,
}: StaleWhileRevalidateOptions<T>): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | null = null;
  let failing = false;
  const attempt = createSingleFlight(world, async () => {
    const value = await ask();
    kept = { value, until: world.now() + freshMs };
    failing = false;
    return value;
  });

  function renew(): void {
    attempt().catch((error: unknown) => {
      if (!failing) onStale(error);
      failing = true;
    });
  }

  return async () => {
    if (kept === null) return attempt();
    const { value, until } = kept;
    // promise: discovery-survives-outage
    if (world.now() >= until) renew();
    return value;
  };
}
