// Cache for one value with a lifetime: keeps the last good value while requests for it fail (stale-if-error, RFC 5861, section 4).

import type { World } from '../../lib/world.ts';
import { createSingleFlight } from '../single-flight.ts';

/** Longest wait for a new value while an old one is there, in milliseconds. */
const MAX_WAIT_MS = 2_000;

/** After a reload that a failure caused, further failures cause none for this time, in milliseconds. */
const MIN_RELOAD_DISTANCE_MS = 1_000;

export interface Loaded<T> {
  readonly value: T;
  /** How long the value may be used without another request. */
  readonly lifetimeMs: number;
}

export interface StaleIfErrorOptions<T> {
  readonly world: Pick<World, 'elapsed' | 'sleep'>;
  readonly load: () => Promise<Loaded<T>>;
  /** Called for the first failed request in a row for which an old value is kept. */
  readonly onStale: (error: unknown) => void;
}

export interface StaleIfError<T> {
  /** Returns the value. @throws what `load` throws, while there is no value. */
  get(): Promise<T>;
  /**
   * Requests the value again because `failed`, the value in use, seems to be outdated. Returns the value that is now in use; a
   * `problem` other than null is the reason why no request confirmed it. @throws what `load` throws, while there is no value.
   */
  reload(failed: T): Promise<{ readonly value: T; readonly problem: unknown }>;
}

/** One function because the value, its lifetime and the state of its requests change together. */
export function createStaleIfError<T>({ world, load, onStale }: StaleIfErrorOptions<T>): StaleIfError<T> {
  let cached: (Loaded<T> & { readonly loadedAt: number }) | null = null;
  /** True since a request failed or took long: callers do not wait for the next one. */
  let unreliable = false;
  let reported = false;
  /** The time of the last successful reload. */
  let reloadedAt = Number.NEGATIVE_INFINITY;

  const { run: attempt } = createSingleFlight(world, async () => {
    const loaded = await load();
    cached = { ...loaded, loadedAt: world.elapsed() };
    unreliable = false;
    reported = false;
    return loaded.value;
  });

  function isWithin(ms: number, since: number): boolean {
    return world.elapsed() - since < ms;
  }

  /** Returns null if a new value arrived in time, else why not. The old value stays in use meanwhile. */
  async function refresh(): Promise<unknown> {
    const isOver = new AbortController();
    const refreshing = attempt().then(
      () => null,
      (error: unknown) => {
        if (!reported) onStale(error);
        reported = true;
        return error;
      },
    );
    const wait = world.sleep(MAX_WAIT_MS, isOver.signal).then(() => new Error('no response yet'));
    const problem = await Promise.race([refreshing, wait]);
    isOver.abort();
    unreliable = problem !== null;
    return problem;
  }

  return {
    get: async () => {
      if (cached === null) return attempt();
      if (isWithin(cached.lifetimeMs, cached.loadedAt)) return cached.value;
      const isAwaited = !unreliable;
      const refreshing = refresh();
      // promise: discovery-survives-outage
      if (isAwaited) await refreshing;
      return cached.value;
    },
    reload: async (failed) => {
      if (cached === null) return { value: await attempt(), problem: null };
      // promise: move-checks-are-spaced
      const isConfirmed = isWithin(MIN_RELOAD_DISTANCE_MS, reloadedAt);
      if (cached.value !== failed || isConfirmed) return { value: cached.value, problem: null };
      const problem = await refresh();
      if (problem === null) reloadedAt = world.elapsed();
      // The next request asks again before it uses the value.
      else cached = { ...cached, lifetimeMs: 0 };
      return { value: cached.value, problem };
    },
  };
}
