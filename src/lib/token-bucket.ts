// A token bucket: a burst up to its capacity, then a steady rate.

export interface TokenBucket {
  /** Takes `count` tokens if at least one is left. The bucket may go into debt, which is refilled first. */
  take(count: number): boolean;
  putBack(count: number): void;
  /** Replaces the level by one that was read elsewhere now. */
  set(level: number): void;
  /** Returns the tokens, including fractions; negative while in debt. */
  level(): number;
  /** Returns the milliseconds until the bucket holds `level` tokens. */
  msUntil(level: number): number;
}

/** Tolerance for sums of fractions. */
const EPSILON = 1e-6;

/** Creates a full bucket. @param now a clock that is never set, for example `World.elapsed` */
export function createTokenBucket(capacity: number, gainPerMs: number, now: () => number): TokenBucket {
  let level = capacity;
  let at = now();

  function refresh(): void {
    const moment = now();
    level = Math.min(capacity, level + (moment - at) * gainPerMs);
    at = moment;
  }

  return {
    take: (count) => {
      refresh();
      if (level < 1 - EPSILON) return false;
      level -= count;
      return true;
    },
    putBack: (count) => {
      refresh();
      level = Math.min(capacity, level + count);
    },
    set: (read) => {
      level = read;
      at = now();
    },
    level: () => {
      refresh();
      return level;
    },
    msUntil: (wanted) => {
      refresh();
      return level >= wanted - EPSILON ? 0 : Math.ceil((wanted - EPSILON - level) / gainPerMs);
    },
  };
}
