// The clock of another machine, which is read from time to time and followed in between by the elapsed time of this one.

import type { World } from './world.ts';

export type RemoteClock = ReturnType<typeof createRemoteClock>;

export function createRemoteClock(world: Pick<World, 'now' | 'elapsed'>) {
  /** The other clock minus the elapsed time. */
  let offset: number | null = null;
  const now = () => (offset === null ? world.now() : Math.round(world.elapsed() + offset));

  return {
    /** Milliseconds since the Unix epoch by the other machine; by this one until it was first read. Steps of this one change nothing. */
    now,
    /** Call before the other clock is read. Returns a function that takes what was read, in milliseconds. */
    ask: (): ((read: number) => void) => {
      const asked = world.elapsed();
      return (read) => {
        // It was read at some moment in between: what is known to be true stays, and a slow answer moves nothing.
        const [least, most] = [read - world.elapsed(), read - asked];
        // promise: slow-answer-moves-no-clock
        offset = offset === null ? (least + most) / 2 : Math.min(Math.max(offset, least), most);
      };
    },
    /** Returns how far the clock of this machine is ahead of the other one, in milliseconds; 0 until it was first read. */
    aheadMs: (): number => (offset === null ? 0 : world.now() - now()),
  };
}
