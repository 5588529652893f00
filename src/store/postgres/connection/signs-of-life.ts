// Signs of life that a receiver gives to the database: the last one proves for a while that no other receiver leads.

import { type Log, reasonOf } from '../../../lib/log.ts';
import type { World } from '../../../lib/world.ts';

/** Well below the time after which a receiver without a sign of life is replaced. */
const BEAT_MS = 2_500;
/** How long the last sign of life proves that no other receiver leads: less than the time after which a leader is replaced. */
const PROVEN_MS = 8_000;

export function createSignsOfLife(world: Pick<World, 'sleep' | 'elapsed'>, log: Log, closing: AbortSignal) {
  let storedAt = Number.NEGATIVE_INFINITY;

  function prove(): boolean {
    // promise: sign-of-life-expires
    return world.elapsed() - storedAt < PROVEN_MS;
  }

  return {
    /** Notes that the database has stored one. @param given when it was given at the earliest, by `elapsed` */
    stored: (given: number): void => {
      storedAt = given;
    },
    /** Returns whether no other receiver can lead now, if this one did when it gave the last sign. */
    prove,
    /** Gives signs while `goesOn` returns true. Resolves to false then, and to true when the database has not responded for too long. */
    keepGiving: async (give: () => Promise<void>, goesOn: () => boolean): Promise<boolean> => {
      for (;;) {
        await world.sleep(BEAT_MS, closing);
        if (!goesOn() || closing.aborted) return false;
        const answered = new AbortController();
        const giving = give().catch((error: unknown) => {
          log.debug(() => ({ reason: reasonOf(error) }), 'a sign of life was not stored');
        });
        const patience = world.sleep(PROVEN_MS - BEAT_MS, AbortSignal.any([closing, answered.signal]));
        await Promise.race([giving.finally(() => answered.abort()), patience]);
        // A host that is gone closes no connection.
        if (goesOn() && !prove()) return true;
      }
    },
  };
}
