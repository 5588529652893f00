// A token bucket: a burst up to its capacity, then a steady rate.

export type TokenBucket = ReturnType<typeof createTokenBucket>;

/** Tolerance for sums of fractions. */
const EPSILON = 1e-6;

/** Creates a full bucket. @param now a clock that is never set, for example `World.elapsed` */
export function createTokenBucket(capacity: number, gainPerMs: number, now: () => number) {
  let level = capacity;
  let at = now();

  function refresh(): void {
    const moment = now();
    level = Math.min(capacity, level + (moment - at) * gainPerMs);
    at = moment;
  }

  return {
    /** Takes `count` tokens if at least one is left. The bucket may go into debt, which is refilled first. */
    take: (count: number): boolean => {
      refresh();
      if (level < 1 - EPSILON) return false;
      level -= count;
      return true;
    },
    putBack: (count: number): void => {
      refresh();
      level = Math.min(capacity, level + count);
    },
    /** Replaces the level by one that was read elsewhere now. */
    set: (read: number): void => {
      level = read;
      at = now();
    },
    /** Returns the tokens, including fractions; negative while in debt. */
    level: (): number => {
      refresh();
      return level;
    },
    /** Returns the milliseconds until the bucket holds `level` tokens. */
    msUntil: (wanted: number): number => {
      refresh();
      return level >= wanted - EPSILON ? 0 : Math.ceil((wanted - EPSILON - level) / gainPerMs);
    },
  };
}

export interface SharedTokenBucket extends Pick<TokenBucket, 'level' | 'msUntil'> {
  /** As `TokenBucket.take`. @throws {Error} if the bucket cannot be reached; it may have been taken then. */
  take(count: number): Promise<boolean>;
}

export interface Taken {
  /** How many of the counts are admitted, the first ones. */
  readonly admitted: number;
  /** The level afterwards. */
  readonly level: number;
}

/** Maximum of counts that one request takes. */
const MAX_TOGETHER = 1_000;

interface Waiting {
  readonly count: number;
  readonly resolve: (isAdmitted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * @param takeFrom takes from the shared bucket; it is called once at a time
 * @param now a clock that is never set, for the level between two requests
 */
export function createSharedTokenBucket(
  takeFrom: (counts: readonly number[]) => Promise<Taken>,
  { capacity, gainPerMs }: { readonly capacity: number; readonly gainPerMs: number },
  now: () => number,
): SharedTokenBucket {
  const asRead = createTokenBucket(capacity, gainPerMs, now);
  const waiting: Waiting[] = [];
  let isRunning = false;

  async function takeAll(together: readonly Waiting[]): Promise<void> {
    try {
      const { admitted, level } = await takeFrom(together.map(({ count }) => count));
      asRead.set(level);
      for (const [i, { resolve }] of together.entries()) resolve(i < admitted);
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) await takeAll(waiting.splice(0, MAX_TOGETHER));
    isRunning = false;
  }

  return {
    take: (count) =>
      new Promise((resolve, reject) => {
        waiting.push({ count, resolve, reject });
        if (!isRunning) void run();
      }),
    level: asRead.level,
    msUntil: asRead.msUntil,
  };
}
