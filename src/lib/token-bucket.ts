// A token bucket: what may be taken at once, and how it fills again.

export interface TokenBucket {
  /** Takes so many, if there is at least one: the last take may leave less than nothing, which must be gained first. */
  take(count: number): boolean;
  putBack(count: number): void;
  /** How many there are, fractions included; below 0 while more was taken than there was. */
  level(): number;
  /** Milliseconds until it holds so many. */
  msUntil(level: number): number;
}

/** Sums of fractions may come out a hair short of a whole. */
const HAIR = 1e-6;

/** It begins full. A clock that is set back gives nothing and takes nothing. */
export function createTokenBucket(capacity: number, gainPerMs: number, now: () => number): TokenBucket {
  let level = capacity;
  let at = now();

  function refresh(): void {
    const moment = now();
    if (moment > at) level = Math.min(capacity, level + (moment - at) * gainPerMs);
    at = moment;
  }

  return {
    take: (count) => {
      refresh();
      if (level < 1 - HAIR) return false;
      level -= count;
      return true;
    },
    putBack: (count) => {
      refresh();
      level = Math.min(capacity, level + count);
    },
    level: () => {
      refresh();
      return level;
    },
    msUntil: (wanted) => {
      refresh();
      return level >= wanted - HAIR ? 0 : Math.ceil((wanted - HAIR - level) / gainPerMs);
    },
  };
}
