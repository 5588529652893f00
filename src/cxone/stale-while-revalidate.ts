// Stale-while-revalidate cache for one value (RFC 5861): serves the last good value while a refresh runs, and keeps it if the refresh fails.

import type { World } from '../lib/world.ts';
import { createSingleFlight } from './single-flight.ts';

export interface StaleWhileRevalidateOptions<T> {
  readonly world: Pick<World, 'now'>;
  readonly load: () => Promise<T>;
  /** How long a value counts as fresh. */
  readonly freshMs: number;
  /** Called for the first failed refresh in a row. */
  readonly onStale: (error: unknown) => void;
}

/** Returns a function that throws what `load` throws, but only while there is no value. Callers never wait for a refresh. */
export function createStaleWhileRevalidate<T>({
  world,
  load,
  freshMs,
  onStale,
}: StaleWhileRevalidateOptions<T>): () => Promise<T> {
  let cached: { readonly value: T; readonly until: number } | null = null;
  let failing = false;
  const attempt = createSingleFlight(world, async () => {
    const value = await load();
    cached = { value, until: world.now() + freshMs };
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
    if (cached === null) return attempt();
    const { value, until } = cached;
    // promise: discovery-survives-outage
    if (world.now() >= until) renew();
    return value;
  };
}
